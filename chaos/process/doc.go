// Package process runs JobManagers and TaskManagers as real processes of the operating system, under the same
// scenarios and faults as simulated ones.
//
//	   chaos (this process)                                     members: one operating system process each
//	┌──────────────────────────────────────────────┐
//	│ Conductor: a sim.World, its time is real time │  mail    ┌──────────────────────────────┐
//	│   stand-in taskmanager-0 ◀── live.Node ◀──────┼──TCP────▶│ live.Node: jobmanager.New or  │
//	│      ▲ links, with their faults               │          │ taskmanager.New, unchanged    │
//	│      ▼                                        │  notes   │                               │
//	│   stand-ins ha, objectstore, or their models  │◀─TCP────▶│ waits for the answer to each  │
//	│   supervisor, history, fault injector         │          │ note before it goes on        │
//	└──┬────────────┬───────────────────────────────┘          └──────────────┬───────────────┘
//	   │ service:   │ what happens to a stand-in happens to its               │ kafka, by its
//	   │ refused,   │ member: SIGKILL, SIGSTOP, a new process ───────────────▶│ own client
//	   │ late, lost └─ undo list on disk before it is done                    ▼
//	   ▼                                       proxy: links, with their faults ─┬▶ broker.Server: the model, served
//	etcd, ZooKeeper, a folder, S3: real ones                                    └▶ a real Kafka
//
// Kafka is the model, served on TCP: its brokers are of the world, which starts and kills them, hears of each of their
// steps, and looks into their logs; so every fault of a scenario works on it. A real Kafka is looked at from outside
// (realKafka, tail: topics, input, reading along), and can be cut off, no more.
//
// The world is the network between the members, their services and their supervisor; only its clock is real. So a
// fault means the same here and in simulation, a trigger at a protocol step is as exact (the member waits at its
// note until the fault has struck), and the same checkers judge the same history.
//
// Parts say what serves: real services, which the harness starts or the user names, or the models of the simulation in
// real time. There is one clock, the harness's: members' notes are timed as they arrive, and they wait for that. Only a
// served broker has one of its own, so that it can be wrong.
//
// A run's folder holds its list of undos, and is locked while the run goes on. Revert mends after a harness that died.
package process
