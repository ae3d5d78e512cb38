package history

import "time"

// Event is something that happened. The concrete types are in this package; a Kind is what scenario files
// name in "when:" and "mustHappen:", such as "checkpoint.triggered".
type Event interface{ Kind() string }

// Entry is one event with its place in the history.
type Entry struct {
	N       int           // 1, 2, 3 ... in the order in which the world saw them
	At      time.Duration // true time since the start of the run
	Process string        // where it happened, for example "jobmanager-0"
	Actor   string        // whose it is, a mailbox address
	Event   Event
}

// History is what happened, in order.
type History []Entry
