// Package history is the one ordered log of what happened: typed events, noted by actors and by the world.
//
//	actors ── Env.Note(Event) ──▶ world stamps it: Entry{N, At, Process, Actor, Event} ──▶ History
//	                                     │                                                   │
//	                                     └──▶ triggers of faults                             └──▶ checkers, reports
//
// It says nothing about records: what was produced and committed is read from the input and output logs
// (package checker), since a witness should not be asked by the accused.
//
// To add an event, add a struct and its Kind in the file of its subject, and list it in registry.go, so
// that it can be read back from events.jsonl.
package history
