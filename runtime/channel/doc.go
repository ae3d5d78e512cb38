// Package channel moves records between subtasks, and barriers with them.
//
//	operator ── Emit ──▶ Output ─ partitioner ─▶ Subpartition: builder ▶ queue ──Buffer──▶ Gate ── Next ──▶ operator
//	                                                  ▲                                    │  ▲
//	                                                  └────────────── Credit ──────────────┘  └ Alignment blocks
//
// A subpartition sends a data buffer only against credit, so what is under way on a channel is bounded by
// what the consumer has room for; when it has none, buffers queue here, Writable turns false, and the task
// stops reading its own input. That is back-pressure: nothing blocks, nothing grows.
//
// Barriers queue behind the records they follow and need no credit. Alignment decides, from the barriers that
// arrive, when a snapshot is due and which channels must wait for it.
//
// The package does no I/O: what is to be sent is handed to a mailbox.Env.
package channel
