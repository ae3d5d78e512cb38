package chaos

import (
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// fenced follows which attempts have been replaced: one of a subtask that has a newer deployment is a zombie,
// whatever it still believes.
type fenced struct{ newest map[id.Subtask]id.Attempt }

func newFenced() *fenced { return &fenced{newest: map[id.Subtask]id.Attempt{}} }

func (f *fenced) follow(e history.Entry) {
	if s, ok := e.Event.(history.ExecutionState); ok && s.State == "DEPLOYING" {
		f.newest[s.Attempt.Of()] = s.Attempt
	}
}

// is says whether an event is by an attempt that has been replaced.
func (f *fenced) is(event history.Event) bool {
	var a id.Attempt
	switch e := event.(type) {
	case history.SinkWrite:
		a = e.Attempt
	case history.SinkPrecommitted:
		a = e.Attempt
	case history.SinkCommitted:
		a = e.Attempt
	case history.SnapshotTaken:
		a = e.Attempt
	default:
		return false
	}
	newest, known := f.newest[a.Of()]
	return known && newest != a
}
