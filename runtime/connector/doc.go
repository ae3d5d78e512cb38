// Package connector has the sources and sinks, each in the two halves in which Flink has them.
//
//	JobMaster:  Enumerator ──AssignSplits──▶ task: Reader ──records──▶ chain
//
//	task: chain ──▶ Sink = writer ── pre-commit (flush) ──▶ barrier ──▶ committer ── on completion ──▶ EndTxn
//	                         ▲                                              │
//	                         └─ ids: naming ◀── this one is finished with ──┘
//
//	restore: what is owed is committed ──▶ what lingers is aborted (probing, listing) ──▶ the first id is opened
//
// Where a source stands is in its checkpoints alone. A consumer group, if it has one, hears of it when they are complete;
// an offset that is gone fails the task; and a read_committed reader that stands before a transaction for long notes whose
// it is.
//
// A Sink is a state machine inside its task: it asks Kafka or the object store by mail, and the task waits
// for it where Flink's would block: before its first record, before a barrier, after a snapshot.
//
// Two connectors are for measuring and need no service: datagen makes up its records, blackhole drops them.
//
// The package knows Kafka only as the words of a client (package wire), and no checkpoint but by its id.
package connector
