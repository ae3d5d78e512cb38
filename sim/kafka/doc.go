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
//	        │                                    │ __consumer_offsets
//	        │ group coordinator ◀── apply ───────┘                │
//	        │    ├── OffsetCommit, TxnOffsetCommit ──▶ that log    │
//	        │    └── JoinGroup ─▶ rebalance ─▶ SyncGroup ─▶ that log
//	        └─────────────────────────────────────────────────────┘
//	                             │ after the run
//	                             ▼
//	                  Cluster.Dump: every record and its fate
//
// The Cluster holds what is replicated, and so survives a broker: logs with the producer state derived from
// them, __consumer_offsets among them, topics, transaction records, leaders. A Broker holds what only its memory knows:
// pending transitions, verification guards, waiting fetches, markers under way, the groups that it has read from their
// log. A new Broker of the same number starts without.
//
// Brokers speak Kafka's own protocol, a file per request, so the same model can be put behind a TCP port. Which requests
// there are, in which versions, is in dispatch.go.
//
// Not modelled: which replicas are in sync (replication is a delay between the append and the high watermark, and a
// new leader has all that the old one had appended, so min.insync.replicas is a value and no more), compaction, the
// expiry of a partition's producers and of a group's offsets, fetch sessions and diverging epochs in fetches, the newer
// group protocols (KIP-848 and on), changing a configuration, prepared transactions (KIP-939).
package kafka
