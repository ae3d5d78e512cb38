package reports

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// checkpoint is the life of one checkpoint.
type checkpoint struct {
	ID        id.Checkpoint
	Triggered time.Duration
	Ended     time.Duration
	Result    string // completed, aborted, or unfinished: its coordinator died or the run ended
	Reason    string
	Bytes     int64
	Duration  time.Duration
	Acks      int
	Restored  int // how often a restore started from it
	Reach     []reach
}

// reach is how long a checkpoint was at work in one process.
type reach struct {
	Process  string
	From, To time.Duration
}

// The results of a checkpoint.
const (
	completed  = "completed"
	aborted    = "aborted"
	unfinished = "unfinished"
)

type checkpointReader struct {
	all []*openCheckpoint
	by  map[id.Checkpoint]*openCheckpoint
}

type openCheckpoint struct {
	checkpoint
	coordinator string
	reach       map[string]*reach
}

func newCheckpointReader() *checkpointReader {
	return &checkpointReader{by: map[id.Checkpoint]*openCheckpoint{}}
}

func (r *checkpointReader) see(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.CheckpointTriggered:
		c := &openCheckpoint{checkpoint: checkpoint{ID: ev.Checkpoint, Triggered: e.At, Ended: -1},
			coordinator: e.Process, reach: map[string]*reach{}}
		r.by[ev.Checkpoint] = c
		r.all = append(r.all, c)
		r.touch(ev.Checkpoint, e)
	case history.CheckpointAcked:
		if c := r.by[ev.Checkpoint]; c != nil {
			c.Acks++
		}
		r.touch(ev.Checkpoint, e)
	case history.CheckpointStored:
		r.touch(ev.Checkpoint, e)
	case history.CheckpointCompleted:
		r.touch(ev.Checkpoint, e)
		if c := r.end(ev.Checkpoint, e.At, completed); c != nil {
			c.Bytes, c.Duration = ev.Bytes, time.Duration(ev.DurationMs)*time.Millisecond
		}
	case history.CheckpointAborted:
		if c := r.end(ev.Checkpoint, e.At, aborted); c != nil {
			c.Reason = ev.Reason
		}
	case history.AlignmentStarted:
		r.touch(ev.Checkpoint, e)
	case history.BarrierAligned:
		r.touch(ev.Checkpoint, e)
	case history.SnapshotTaken:
		r.touch(ev.Checkpoint, e)
	case history.SnapshotStored:
		r.touch(ev.Checkpoint, e)
	case history.RestoreStarted:
		if c := r.by[ev.Checkpoint]; c != nil {
			c.Restored++
		}
	case history.ProcessStopped:
		for _, c := range r.all {
			if c.Ended < 0 && c.coordinator == ev.Name {
				r.end(c.ID, e.At, unfinished)
				c.Reason = fmt.Sprintf("its coordinator %s stopped: %s", ev.Name, ev.Cause)
			}
		}
	}
}

// touch widens the time in which the checkpoint was at work in the process of an event.
func (r *checkpointReader) touch(n id.Checkpoint, e history.Entry) {
	c := r.by[n]
	if c == nil || c.Ended >= 0 {
		return
	}
	p := c.reach[e.Process]
	if p == nil {
		p = &reach{Process: e.Process, From: e.At}
		c.reach[e.Process] = p
	}
	p.To = e.At
}

func (r *checkpointReader) end(n id.Checkpoint, at time.Duration, result string) *openCheckpoint {
	c := r.by[n]
	if c == nil || c.Ended >= 0 {
		return nil
	}
	c.Ended, c.Result, c.Duration = at, result, at-c.Triggered
	return c
}

func (r *checkpointReader) finish(end time.Duration) []checkpoint {
	all := make([]checkpoint, 0, len(r.all))
	for _, c := range r.all {
		if c.Ended < 0 {
			r.end(c.ID, end, unfinished)
			c.Reason = "the run ended"
		}
		for _, p := range slices.SortedFunc(maps.Keys(c.reach), byRole) {
			c.checkpoint.Reach = append(c.checkpoint.Reach, *c.reach[p])
		}
		all = append(all, c.checkpoint)
	}
	return all
}

// inFlight returns the checkpoints that were under way at a time.
func (s *story) inFlight(at time.Duration) []id.Checkpoint {
	var all []id.Checkpoint
	for _, c := range s.checkpoints {
		if c.Triggered <= at && at <= c.Ended {
			all = append(all, c.ID)
		}
	}
	return all
}

// lastCompleted returns the newest checkpoint that was complete at a time, or nil.
func (s *story) lastCompleted(at time.Duration) *checkpoint {
	var last *checkpoint
	for i := range s.checkpoints {
		if c := &s.checkpoints[i]; c.Result == completed && c.Ended <= at {
			last = c
		}
	}
	return last
}
