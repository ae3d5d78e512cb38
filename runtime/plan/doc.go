// Package plan has what a job is.
//
//	Pipeline (what a user describes) ──Compile──▶ Job: vertices (chains of operators) and edges
//	                                               │
//	                     JobMaster deploys subtasks of it; Task builds the operators of its chain
//
// Operators that are joined by a forward edge at the same parallelism are chained into one vertex, as in
// Flink. Key groups are here too: who owns a key is a property of the plan.
package plan
