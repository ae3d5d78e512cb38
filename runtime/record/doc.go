// Package record has the records of a stream and the buffers that carry them.
//
//	Record ──Append──▶ Batch (encoded bytes, n records) ──▶ network buffer, Kafka batch, file
//	                     │
//	                     └──All──▶ Record views into the bytes, no allocation
//
// Every record carries its origin (source partition and offset) from the source to the sink: that identity
// is what lets a checker tell a lost record from a duplicated one.
package record
