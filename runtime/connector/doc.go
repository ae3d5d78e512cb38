// Package connector has the sources and sinks, each in the two halves in which Flink has them.
//
//	JobMaster:  Enumerator ──AssignSplits──▶ task: Reader ──records──▶ chain
//
//	task: chain ──▶ Sink = writer ── pre-commit (flush) ──▶ barrier ──▶ committer ── on completion ──▶ EndTxn
//
// A Sink is a state machine inside its task: it asks Kafka or the object store by mail, and the task waits
// for it where Flink's would block: before its first record, before a barrier, after a snapshot.
//
// Two connectors are for measuring and need no service: datagen makes up its records, blackhole drops them.
//
// The package knows Kafka only as the words of a client (package wire), and no checkpoint but by its id.
package connector
