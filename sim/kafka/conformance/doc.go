// Package conformance is what a Kafka cluster with transactions does, as cases that can be told to any cluster.
//
//	Cases ── Run ──▶ Lab: names of its own, writers, readers
//	                   │ kmsg requests
//	                   ▼
//	                 Target ── the model in virtual time ─┐
//	                        ── the model on TCP ──────────┤
//	                        ── kfake ─────────────────────┼─▶ Verdict ── Marks ──▶ Table
//	                        ── Apache Kafka ──────────────┘   what is otherwise    what was known
//
// A Case is a story: what is asked of brokers, and what they must say. It is told through one connection or many, to
// brokers that the cluster itself names, with requests whose versions, sequences and pairs are the story's own. What a
// target must have beyond brokers (several of them, times that can be waited for, leaders that can be moved) is the
// case's Need, and elsewhere it is skipped.
//
// A Mark is a deviation that is known, with its reason. One that is not marked fails; one that has gone is told.
//
// Where the cases and a real Kafka differ the cases are wrong: REAL.md says on which versions they were tried. The ids
// are those of the sheet that they began with, A to J and P; what is beyond it goes on from there. What cannot be seen
// from outside, such as a fault planted between two steps of a broker, is in the tests of package kafka: they are told in a
// Lab, too, whose target is an Insider.
//
// The package is pure: it knows neither sockets nor the model. The targets are in its tests.
package conformance
