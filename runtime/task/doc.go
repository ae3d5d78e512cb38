// Package task runs one subtask: a chain of operators behind a mailbox.
//
//	                      ┌────────────────────────── Task ───────────────────────────┐
//	Kafka, files ──▶ Reader ─┐                                       ┌─▶ Output ──▶ next tasks
//	                         ├─▶ operators of the chain (keyed state) ─┤
//	other tasks ──▶ Gate ────┘        ▲ barriers: Alignment           └─▶ Sink ──▶ Kafka, files
//	                                  │
//	                      snapshot: pre-commit ▸ barrier ▸ freeze ▸ upload (a child) ▸ ack
//
// Records, timers, barriers and notifications are all handled in the one mailbox, so a snapshot lies between
// two records. Where Flink's task thread would block (a flush before a barrier, a transaction to open), the
// task stops taking input and goes on with its mail.
//
// It knows its JobMaster as an address and a token, and its neighbours as channels.
package task
