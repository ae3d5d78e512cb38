// Package property searches for failures that nobody has thought of: rapid draws plans, the world runs them,
// every checker judges, and what fails is shrunk to the smallest plan that still does.
//
//	Draw (deployment, pipeline, faults) ──▶ a scenario file ──▶ chaos.Execute ──▶ every check of package checker
//	        ▲                                                                        │ broken, or not at rest
//	        └────────────── rapid shrinks the plan ◀─────────────────────────────────┘
//	                                  │
//	                                  ▼
//	              testdata/regressions/*.yaml, which Replay runs ever after
//
// DrawKafka draws plans for Kafka's faults alone, on brokers of any settings, with an application before the job in some.
// Met counts what they have met: a swarm that never meets a step or an anomaly does not test it.
//
// The plan is drawn, not the simulation: a plan and a seed give one run, whatever else changes in the draws.
package property
