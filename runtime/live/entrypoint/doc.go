// Package entrypoint is the life of a JobManager or TaskManager that stands on its own: what cmd/jobmanager and
// cmd/taskmanager run.
//
//	config.yaml, FLINK_PROPERTIES, -D ──▶ Flink's keys ──┐
//	--ha, --storage, --kafka ──▶ services.Open ──────────┼─▶ live.Node "host:port" ⇄ TCP ⇄ other processes
//	--job ──▶ plan.Job ──────────────────────────────────┘     │ notes      ▲ status.Client asks
//	                                                           ▼            │
//	                                                          log        fronts: /metrics; a JobManager's REST API
//
// A process is called by the host and port that others reach it by: whoever has its address knows where it is, and
// nothing else is needed to find it.
//
// The fronts are plain HTTP, whatever the mail between processes is: where others may reach them, put a proxy before
// them.
//
// SIGTERM, which is the end of the context, is a stop in good order: leadership is handed over, jobs fail over at
// once. Everything else is a death, and safe at any instruction.
package entrypoint
