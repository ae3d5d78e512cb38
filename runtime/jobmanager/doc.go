// Package jobmanager is the JobManager process.
//
//	                    Elector ◀──▶ "ha"
//	                       │ grant(token) / revoke
//	jobmanager-0 ──spawns──┼──▶ dispatcher-1 ──spawns──▶ jobmaster-<job>-1
//	 (root actor)          │      plans, results            │ ▲  execution graph, slot pool, restarts,
//	                       └──▶ resourcemanager-1 ◀─ slots ─┘ │  checkpoint coordinator, source coordinators
//	                                │ ▲                       │
//	                                ▼ │                       ▼
//	                             TaskManagers ◀── deploy, cancel, trigger, notify; offers, states, acks
//
// Every grant makes new actors with a new fencing token; their number is that of the grant. What is left of a
// former grant is told to stop, and cannot do harm meanwhile: its token is refused, and its writes to the HA
// store are guarded (package election).
//
// A JobMaster drives the job by its own picture of it, the execution graph. TaskManagers tell what happened;
// what nobody tells, heartbeats find out.
package jobmanager
