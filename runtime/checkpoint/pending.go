package checkpoint

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// phase is how far a checkpoint is.
type phase string

// The phases of a checkpoint. Only aborted and complete are ends.
const (
	snapshottingSources phase = "snapshotting sources" // their coordinators, not their tasks
	triggered           phase = "triggered"            // barriers are on their way
	acknowledged        phase = "acknowledged"         // every task of the plan has acked; another one is being stored
	storingFiles        phase = "storing files"        // the metadata, then the handle
	storingPointer      phase = "storing pointer"      // it may exist already: there is no way back
	complete            phase = "complete"             // a restore will find it
	aborted             phase = "aborted"
)

var moves = map[phase][]phase{
	snapshottingSources: {triggered, aborted},
	triggered:           {acknowledged, aborted},
	acknowledged:        {storingFiles, aborted},
	storingFiles:        {storingPointer, aborted},
	storingPointer:      {complete, aborted},
}

// pending is a checkpoint under way.
type pending struct {
	id      id.Checkpoint
	phase   phase
	began   time.Time
	expiry  mailbox.Timer
	plan    Plan
	missing map[id.Attempt]bool
	acked   []id.Attempt
	sources []snapshot.Coordinator

	latestAck time.Time // for the statistics
}

func (p *pending) move(to phase) {
	for _, legal := range moves[p.phase] {
		if legal == to {
			p.phase = to
			return
		}
	}
	panic(fmt.Sprintf("checkpoint %d: no move from %s to %s", p.id, p.phase, to))
}

// slot is where an attempt's state goes.
func (p *pending) slot(a id.Attempt) *snapshot.Task {
	for i := range p.plan.Vertices {
		if v := &p.plan.Vertices[i]; v.Vertex == a.Vertex {
			return &v.Subtasks[a.Subtask]
		}
	}
	return nil
}

func attempts(targets []Target) []id.Attempt {
	all := make([]id.Attempt, len(targets))
	for i, t := range targets {
		all[i] = t.Attempt
	}
	return all
}
