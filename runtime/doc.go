// Package runtime draws the whole of the Flink-like runtime; it holds no code.
//
//	             leader election, job registry, checkpoint pointers      checkpoint files
//	                    address "ha"  ◀──────────────┐              ┌──▶ address "objectstore"
//	                                                 │              │
//	 submit ──▶ Dispatcher ──spawns──▶ JobMaster ────┴──────────────┤
//	                                   │   ▲  execution graph,      │
//	            ResourceManager ◀──────┤   │  checkpoint            │
//	               │ slots             │   │  coordinator           │
//	═══════════════╪═══════════════════╪═══╪═════════════ jobmanager process ═════
//	               ▼            submit ▼   │ ack, state             │
//	            TaskManager ──spawns──▶ Task ─── snapshot ──────────┘
//	                                    │  ▲
//	                     buffers, barriers │ credit
//	                                    ▼  │
//	                                    Task ──▶ address "kafka" (transactions)
//
// Every box is an actor (package mailbox): one mailbox, no goroutine, no lock, no clock but the one it is
// handed. What it does to the world leaves after it has finished with a message. Two drivers run the same
// actors: sim.World in virtual time, and later runtime/live in real time.
//
//	mailbox     Actor, Env, Addr, Msg: the seam to the world
//	id          the identities that cross it: jobs, attempts, allocations, checkpoints, fencing tokens
//	record      records and the buffers that carry them
//	plan        what a job is: operators, chains, edges, key groups
//	config      Flink's configuration keys
//	snapshot    what a task hands over at a checkpoint, and the file that commits it
//	wire        every message between actors, and the codec
//	history     what happened: typed events, noted by the actors
//	state       keyed state behind one contract
//	channel     buffers, credit, barriers and their alignment
//	operator    the operators of a chain
//	connector   sources and sinks
//	task        one subtask: a chain behind a mailbox
//	taskmanager slots, and the tasks in them
//	checkpoint  the checkpoint coordinator and the store of completed checkpoints
//	election    leader election
//	jobmanager  Dispatcher, ResourceManager, JobMaster
package runtime
