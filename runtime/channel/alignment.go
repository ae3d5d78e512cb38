package channel

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
)

// Alignment decides from barriers when a task's snapshot is due (flink.md section 5: "aligned" and
// "at-least-once").
//
//	idle ──first barrier of a higher id──▶ aligning ──barrier on every open channel──▶ idle, snapshot
//	                                          │
//	                                          └──higher id, cancel marker─────────▶ idle, aborted
//
// Exactly-once blocks a channel from its barrier on, so that no record after the barrier is in the
// snapshot. At-least-once does not: what is read too early is read again after a failure.
type Alignment struct {
	gate    *Gate
	block   bool
	current id.Checkpoint // the highest id seen
	active  bool          // barriers of current are still missing
	arrived []bool
	since   time.Time
	counts  []count // at-least-once: the ids under way, lowest first
}

// count is one checkpoint of an at-least-once alignment.
type count struct {
	checkpoint id.Checkpoint
	arrived    []bool
	since      time.Time
}

// countedMax bounds how many checkpoints are counted at once.
const countedMax = 50

// Decision is what follows from a barrier or marker, in order: Abort (0: none) ends an alignment with a
// decline; Began means that a new alignment has begun; Snapshot (0: none) is due now.
type Decision struct {
	Abort    id.Checkpoint
	Began    id.Checkpoint
	Snapshot id.Checkpoint
	Aligned  time.Duration // of Snapshot: since its first barrier
}

// NewAlignment returns the alignment of a gate. After a restore, lower or equal ids are old.
func NewAlignment(gate *Gate, exactlyOnce bool, restored id.Checkpoint) *Alignment {
	return &Alignment{gate: gate, block: exactlyOnce, current: restored, arrived: make([]bool, gate.Channels())}
}

// Barrier handles a barrier on a channel.
func (a *Alignment) Barrier(channel int, checkpoint id.Checkpoint, now time.Time) Decision {
	if !a.block {
		return a.counted(channel, checkpoint, now)
	}
	var d Decision
	if checkpoint < a.current || checkpoint == a.current && !a.active {
		return d // of a checkpoint that is over: the records go on
	}
	if checkpoint > a.current {
		if a.active {
			d.Abort = a.current
			a.reset()
		}
		a.current, a.active, a.since = checkpoint, true, now
		d.Began = checkpoint
	}
	a.arrived[channel] = true
	a.gate.Block(channel)
	a.complete(&d, now)
	return d
}

// complete ends the alignment if every channel has delivered its barrier or is closed.
func (a *Alignment) complete(d *Decision, now time.Time) {
	for i, arrived := range a.arrived {
		if !arrived && !a.gate.channels[i].closed {
			return
		}
	}
	d.Snapshot, d.Aligned = a.current, now.Sub(a.since)
	a.reset()
}

func (a *Alignment) reset() {
	a.active = false
	clear(a.arrived)
	a.gate.UnblockAll()
}

// Cancelled handles a cancellation marker. It says
// whether the task must decline and forward a marker: the first time it hears so of an id not yet taken.
func (a *Alignment) Cancelled(checkpoint id.Checkpoint) (first bool) {
	for i, c := range a.counts {
		if c.checkpoint == checkpoint {
			a.counts = append(a.counts[:i], a.counts[i+1:]...)
			break
		}
	}
	if checkpoint < a.current || checkpoint == a.current && !a.active {
		return false
	}
	if a.active {
		a.reset()
	}
	a.current = checkpoint
	return true
}

// Closed handles the end of a channel, which counts as its barrier.
func (a *Alignment) Closed(channel int, now time.Time) Decision {
	var d Decision
	if a.block {
		if a.active {
			a.complete(&d, now)
		}
		return d
	}
	for i := range a.counts {
		if d = a.settle(i, now); d.Snapshot != 0 {
			return d
		}
	}
	return d
}

func (a *Alignment) counted(channel int, checkpoint id.Checkpoint, now time.Time) Decision {
	var d Decision
	if checkpoint <= a.current {
		found := false
		for _, c := range a.counts {
			found = found || c.checkpoint == checkpoint
		}
		if !found {
			return d
		}
	}
	i := 0
	for i < len(a.counts) && a.counts[i].checkpoint < checkpoint {
		i++
	}
	if i == len(a.counts) {
		a.counts = append(a.counts, count{checkpoint, make([]bool, len(a.arrived)), now})
		a.current = max(a.current, checkpoint)
		d.Began = checkpoint
		if len(a.counts) > countedMax {
			a.counts = a.counts[1:]
			i--
		}
	}
	a.counts[i].arrived[channel] = true
	s := a.settle(i, now)
	s.Began = d.Began
	return s
}

// settle takes the snapshot of a counted checkpoint if it is complete. Older ones can never be complete
// after that in a way that matters, and are forgotten.
func (a *Alignment) settle(i int, now time.Time) Decision {
	c := a.counts[i]
	for channel, arrived := range c.arrived {
		if !arrived && !a.gate.channels[channel].closed {
			return Decision{}
		}
	}
	a.counts = a.counts[i+1:]
	return Decision{Snapshot: c.checkpoint, Aligned: now.Sub(c.since)}
}
