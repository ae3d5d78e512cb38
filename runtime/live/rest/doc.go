// Package rest is the JobManager's REST API: Flink's paths, field names and units.
//
//	GET /overview, /config, /taskmanagers, /jobs ... PATCH /jobs/<id>     the same under /v1
//	GET /                                                                 a page for people
//	      │
//	      ▼
//	Handler: at most so many at once, each with a deadline ── questions ──▶ Cluster (package status) ─▶ the leader
//	      │                                                                                               │
//	      └─ JSON, a file per endpoint: overview, taskmanagers, job, checkpoints, exceptions ◀─ reports ──┘
//
// Everything comes from the reports of package wire. What Flink tells and this runtime does not have is told as Flink
// tells what it does not know: -1, or a "complete" that is false; or the field is not there. Ids are the runtime's own:
// a job's, a vertex's name, a TaskManager's address.
//
// Errors have Flink's form, {"errors": ["..."]}: 404 for what is not there, 409 for a job that has ended, 503 while
// nobody leads, 504 when the leader does not answer in time.
//
// There is no password, as in Flink: whoever reaches the listener can cancel jobs. A page of another origin cannot,
// since browsers ask before they send a PATCH, and are not told that they may.
package rest
