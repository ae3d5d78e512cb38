// Package recordbatch lays records out as Kafka stores them, in record batches of format 2, and reads them.
//
//	record.Record ──Add──▶ Builder ──Seal──▶ the bytes of a produce request
//	                                           │
//	              key, value, origin ◀── Reader ◀── ParseHeader, Intact, WellFormed
//
//	key         the key, which says in which partition the record is (PartitionOf)
//	value       8 bytes
//	time        the timestamp
//	origin and  the header "origin", on output only
//	count
//
// The model of a cluster and the gateway to a real one write with it, so what one has written the other's readers
// understand. What is read may come from anybody: no bytes make it panic, or take more than they are.
package recordbatch
