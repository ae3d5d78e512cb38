// Package upstream is an application before the job: it reads, works, and writes what the job reads, in Kafka
// transactions of its own.
//
//	Feed ── record n, n+1, ... ──▶ Instance ("producer-0") ── KafkaProduce ──▶ the source's topic ──▶ the job
//	                                 │    ▲                                        │
//	                                 │    └── FetchOffset: go on from n ◀──────────┤ __consumer_offsets
//	                                 └─── SendOffsetToTxn ─▶ KafkaEndTxn ──────────┘
//
// It is written as the Kafka documentation has it. Its position is part of the transaction that has its output, so a
// restarted instance goes on after the last record that is committed. When it starts it takes its transactional id, and
// whoever had that is fenced. It aborts a share of its transactions on purpose, as for errors of its own, and writes
// those records again in the next one, with the producer id and epoch that the brokers left it: before
// transaction.version 2 that is the same epoch, and all the anomalies that come of it. An end of which it does not know
// the outcome it asks for once more; a transaction whose records could not be delivered it aborts, and ends itself.
//
// What the record with a number is, and when it is due, depends on the number alone. What an instance was told of its
// transactions it notes, so that a checker can hold the topic to it.
//
// It knows no world: package cluster gives it a process, and another instance while it still lives.
package upstream
