// Package status asks a cluster how it is, from goroutines that are no actors: those of HTTP servers.
//
//	goroutine ── TaskManagers, Jobs, Job, Cancel, Tasks, IO ──▶ live.Post ──▶ Client, an actor of the process
//	   ▲ waits as long as its context lets it                                    │        ▲
//	   │                                                                         ▼        │ who leads
//	   └──────────────── answer ◀── mail ◀── ResourceManager, Dispatcher, tasks ◀┘      "ha"
//
// The Client knows from the coordination service where the leader's components are, as a TaskManager does. So a
// standby answers too, by asking the leader; while nobody leads, the error is ErrNoLeader, and at once.
//
// Every question has one answer or none. One that has none, since the leader has died or changed meanwhile, ends
// with ErrUnanswered as soon as that is known, and else with its context; nothing is asked twice.
package status
