// Package process runs JobManagers and TaskManagers as real processes of the operating system, under the same
// scenarios and faults as simulated ones.
//
//	   chaos (this process)                                     members: one operating system process each
//	┌──────────────────────────────────────────────┐
//	│ Conductor: a sim.World, its time is real time │  mail    ┌──────────────────────────────┐
//	│   stand-in taskmanager-0 ◀── live.Node ◀──────┼──TCP────▶│ live.Node: jobmanager.New or  │
//	│      ▲ links, with their faults               │          │ taskmanager.New, unchanged    │
//	│      ▼                                        │  notes   │                               │
//	│   kafka, objectstore, ha (the models)         │◀─TCP────▶│ waits for the answer to each  │
//	│   supervisor, history, fault injector         │          │ note before it goes on        │
//	└──────────────────────────────────────────────┘          └──────────────────────────────┘
//	        │ what happens to a stand-in happens to its member: SIGKILL, SIGSTOP, SIGCONT, a new process
//	        └────────────────────────────────────────────────────────▶
//
// The world is the network between the members, their services and their supervisor; only its clock is real. So a
// fault means the same here and in simulation, a trigger at a protocol step is as exact (the member waits at its
// note until the fault has struck), and the same checkers judge the same history.
package process
