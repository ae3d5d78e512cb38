// Package metrics tells Prometheus how a process is: Flink's metric names and labels, in Prometheus's text format.
//
//	scraper ── GET /metrics ──▶ Handler ── questions ──▶ Cluster (package status) ─▶ JobMasters, tasks
//	                               │                                                    │
//	                               └─ exposition: jobmanager, taskmanager, process ◀────┘ reports
//
// Nothing is counted here: what a scrape tells is what the actors say when they are asked. A JobManager tells of the
// cluster and its jobs only while it leads, as in Flink, so that a sum over all JobManagers is true.
//
// As Flink's reporter does, everything is told as a gauge, counters too; in the values of labels, what is not a letter,
// a digit, ":" or "_" becomes "_"; and -1 is "there was none". What is not known is left out. Of Status_JVM there is
// what means the same in a process that has no JVM.
package metrics
