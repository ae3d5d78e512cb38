// Package live drives actors in real time: the production side of package mailbox.
//
//	                Node: one process
//	┌────────────────────────────────────────────────┐
//	│ inbox ─▶ goroutine: Receive, then its effects   │        another Node
//	│   ▲        Send ──────┬─── same process ────┐   │
//	│   │        After      │                     │   │
//	│   │        Spawn      └─▶ link: one TCP ────┼───┼──frames──▶ reader ─▶ inbox
//	│   │        Note ─▶ sink      connection     │   │
//	│   └─────────────────────────────────────────┘   │
//	└────────────────────────────────────────────────┘
//
// Every actor has a goroutine and handles one message at a time, as in simulation; what it did leaves after
// Receive has returned, in order. A note is handed to its sink before anything that follows it leaves, so whoever
// holds the sink up holds the protocol up at that step.
//
// Mail between two processes goes over one connection for each direction, in order. Mail that certainly did not
// arrive comes back as Undeliverable; a connection that breaks is told to all who knew the other side. A reader
// stops reading while the mailbox that it delivers to is full, so a slow actor slows its senders down and never
// fills memory; within a process, credit and the request-answer form of all protocols bound what waits.
//
// Goroutines, clocks, sockets and chance live here, and nowhere else in runtime.
package live
