// Package kafka is a deterministic model of a Kafka cluster with transactions, and of the client in front of it.
//
//	runtime ── wire.Kafka* ──▶ Client ("<process>/kafka")
//	                             │ kmsg requests, retries, sequences, at most 5 in flight
//	                             ▼
//	        ┌──────────────── Broker ("kafka-N") ────────────────┐
//	        │ produce ─▶ partition log ─▶ high watermark ─▶ fetch │ ◀── AppendInput (the world's generator)
//	        │    │ first of a transaction                         │
//	        │    ▼ AddPartitionsToTxn                             │
//	        │ coordinator: prepare ─▶ append ─▶ complete          │
//	        │    └── WriteTxnMarkers ──▶ partition leaders ──▶ LSO moves
//	        └─────────────────────────────────────────────────────┘
//	                             │ after the run
//	                             ▼
//	                  Cluster.Dump: every record and its fate
//
// The Cluster holds what is replicated, and so survives a broker: logs with the producer state derived from
// them, transaction records, leaders. A Broker holds what only its memory knows: pending transitions,
// verification guards, waiting fetches, markers under way. A new Broker of the same number starts without.
//
// Brokers speak Kafka's own protocol, a file per request, so the same model can be put behind a TCP port.
//
// Not modelled: which replicas are in sync (replication is a delay between the append and the high watermark, and a
// new leader has all that the old one had appended), members of groups, offsets within transactions, the expiry of
// a partition's producers, leader epochs in fetches, compression, prepared transactions (KIP-939).
package kafka
