// Package sim is the simulated world: it drives actors one message at a time in virtual time, and breaks
// what is around them.
//
//	                queue (a heap by time)
//	                   │ next event: time jumps to it
//	                   ▼
//	link ── delay, order, cuts ──▶ process ── paused? dead? core free? ──▶ actor.Receive
//	  ▲                                                                       │ nil
//	  └───────────── Send ◀── effects, one by one, once the work is paid ◀────┘
//	                                  │ Note
//	                                  ▼
//	                      history ──▶ observers (faults aimed at this step)
//
// The same seed gives the same run, everywhere: the only order is (time, sequence), the only chance is keyed
// by (seed, site, actor, ordinal), and nothing here or in the actors asks the machine anything. A running
// hash of every event says so.
//
// Costs are charged in virtual time: a message that did work (Env.Work) occupies its actor and one core of
// its process, and its effects leave when the work is done.
//
// The package does not know what the actors do. The services around the runtime are actors too, in
// sim/kafka, sim/blobs and sim/lease.
package sim
