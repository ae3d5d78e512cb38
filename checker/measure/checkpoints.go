package measure

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
)

// CheckpointStats sums up the checkpoints. Durations are true times from trigger to completion.
func CheckpointStats(run *checker.Run) Checkpoints { return measured(run).checkpoints() }

func (m *measurement) checkpoints() Checkpoints {
	c := Checkpoints{Completed: len(m.completed)}
	took := quantiles{}
	for _, d := range m.completed {
		took.add(d.took)
		c.BytesMax = max(c.BytesMax, d.bytes)
	}
	c.DurationP50, c.DurationP99 = took.at(50), took.at(99)
	aborted := map[history.CheckpointAborted]bool{} // a failover may abort what was aborted before
	for _, e := range m.run.Events {
		if ev, ok := e.Event.(history.CheckpointAborted); ok {
			aborted[history.CheckpointAborted{Job: ev.Job, Checkpoint: ev.Checkpoint}] = true
		}
	}
	c.Failed = len(aborted)
	return c
}

// age returns the longest time within a span that had passed since the last completed checkpoint, or since
// the job first ran.
func (m *measurement) age(within span) time.Duration {
	last, longest := m.started, time.Duration(0)
	for _, d := range m.completed {
		if d.at > within.from {
			longest = max(longest, min(d.at, within.to)-last)
		}
		if d.at >= within.to {
			return max(longest, 0)
		}
		last = d.at
	}
	return max(longest, min(within.to, m.over)-last, 0)
}

// overhead estimates what checkpoints cost: by how much slower the job reads while one is under way, times
// the part of the time for which that is so. Only calm time counts. A job that has capacity to spare shows
// no cost.
func (m *measurement) overhead() float64 {
	calmEnd := m.over
	if len(m.faulty) > 0 {
		calmEnd = m.faulty[0].from
	}
	var during time.Duration
	read := 0
	for _, d := range m.completed {
		if d.at-d.took >= m.started && d.at <= calmEnd {
			during += d.took
			read += upTo(m.lag.consumed, d.at) - upTo(m.lag.consumed, d.at-d.took)
		}
	}
	outside := calmEnd - m.started - during
	readOutside := upTo(m.lag.consumed, calmEnd) - upTo(m.lag.consumed, m.started) - read
	if during <= 0 || outside <= 0 || readOutside <= 0 {
		return 0
	}
	slower := 1 - (float64(read)/during.Seconds())/(float64(readOutside)/outside.Seconds())
	return max(0, slower) * during.Seconds() / (calmEnd - m.started).Seconds()
}

// quantiles collects durations: to three digits, from a microsecond to a day. The zero value is empty.
type quantiles struct{ h *hdrhistogram.Histogram }

func (q *quantiles) add(d time.Duration) {
	if q.h == nil {
		q.h = hdrhistogram.New(1, 24*3600*1_000_000, 3)
	}
	// The bounds are those of the histogram, so the value is never out of range.
	_ = q.h.RecordValue(min(max(d.Microseconds(), 0), 24*3600*1_000_000))
}

// at returns a quantile in percent; of nothing it is 0.
func (q *quantiles) at(percent float64) time.Duration {
	if q.h == nil {
		return 0
	}
	return time.Duration(q.h.ValueAtQuantile(percent)) * time.Microsecond
}

func (q *quantiles) empty() bool { return q.h == nil }
