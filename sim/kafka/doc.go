// Package kafka is a deterministic model of a Kafka cluster with transactions. The client in front of it is package client;
// what both have in common is package protocol.
//
//	                  client.Client
//	                     │ protocol.Request: kmsg requests
//	                     ▼
//	┌──────────────── Broker ("kafka-N") ────────────────┐
//	│ produce ─▶ partition log ─▶ high watermark ─▶ fetch │ ◀── AppendInput (the world's generator)
//	│    │ first of a transaction                         │
//	│    ▼ AddPartitionsToTxn                             │
//	│ coordinator: prepare ─▶ append ─▶ complete          │
//	│    └── WriteTxnMarkers ──▶ partition leaders ──▶ LSO moves
//	│                                    │ __consumer_offsets
//	│ group coordinator ◀── apply ───────┘                │
//	│    ├── OffsetCommit, TxnOffsetCommit ──▶ that log    │
//	│    └── JoinGroup ─▶ rebalance ─▶ SyncGroup ─▶ that log
//	└─────────────────────────────────────────────────────┘
//	                     │ after the run
//	                     ▼
//	          Cluster.Dump: every record and its fate
//
// The Cluster holds what is replicated, and so survives a broker: logs with the producer state derived from
// them, __consumer_offsets among them, topics, transaction records, leaders. A Broker holds what only its memory knows:
// pending transitions, verification guards, waiting fetches, markers under way, the groups that it has read from their
// log. A new Broker of the same number starts without.
//
// Brokers speak Kafka's own protocol, a file per request, so the same model can be put behind a TCP port. Which requests
// there are, in which versions, is in dispatch.go.
//
// A partition has one log, and a mark for each replica that has less of it than those that keep up:
//
//	      follower that is dead or slow      followers that keep up      leader
//	log ───────────────┴───────────────────────────────┴───────────────────┴──▶
//	high watermark: where all of the ISR are, and only while min.insync.replicas are (as Kafka 4.0 has it)
//
// Followers that keep up have an append when its delay is over. A dead one leaves the ISR when its session has run out, a
// slow one when it has lacked something for replica.lag.time.max.ms. What a new leader lacks is cut off the log, and all
// that followed from it is made anew from the rest. What was appended with acks=all before replicas became too few waits
// for them, and is REQUEST_TIMED_OUT in the end: since the high watermark stands still meanwhile, there is hardly a way to
// NOT_ENOUGH_REPLICAS_AFTER_APPEND any more.
//
// Whoever is near to a follower may read it, since Fetch 11: up to the high watermark and the LSO that it has heard of.
//
// A broker has a clock, a disk and clients of its own. Its clock stamps what it appends, starts transactions and judges
// their timeouts; a wrong one is the world's to set. Its disk may be full (disk.go), and its clients may have a quota
// (quota.go). The bugs of real brokers are in reproduce.go, and what of KIP-939 there is in prepared.go: real brokers have
// half of it, and the other half is this model's reading.
//
// Not modelled: several log directories of a broker, users and their rights, eligible leader replicas (KIP-966; with
// eligible.leader.replicas.version 0, as in 4.0, a partition waits for the last replica in sync), how long it takes to catch
// up, that a follower hears of the high watermark one fetch later, a broker's rack (no leader sends a reader to a replica that
// is nearer), that a new group is described once it is in the log, that followers of a dead leader may have some of what it
// did not acknowledge (of a partition they have nothing of it, of the transaction log chance decides), compaction, the
// expiry of a partition's producers and of a group's offsets, fetch sessions and diverging epochs in fetches, the newer
// group protocols (KIP-848 and on), changing a configuration.
package kafka
