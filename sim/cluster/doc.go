// Package cluster sets up a whole Flink cluster in the simulated world, with everything that it needs.
//
//	jobmanager-0 … n        ─┐
//	taskmanager-0 … m        ├─▶ ha (sim/lease) · objectstore (sim/blobs) · kafka-0 … k (sim/kafka)
//	  each with its          │                                                   ▲  ▲
//	  Kafka client "kafka"  ─┘                        generator ── input, at a rate  │
//	                                                      └─ or as the feed of ─▶ producer-0 (sim/upstream): in transactions
//
// Each process is on a machine of its own. Processes that die are started again by a supervisor, as a
// Kubernetes Deployment does, or by nobody.
//
// It knows the processes, not the scenario: package chaos says what to deploy and what to break.
package cluster
