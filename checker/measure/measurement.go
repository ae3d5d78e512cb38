package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
)

// Measured is everything that this package says of a run.
type Measured struct {
	Recoveries  []Recovery
	Checkpoints Checkpoints
	Series      []Series
	Metrics     Metrics
	Holdings    []Holding // of last stable offsets: the output's, and those of an input that is written in transactions
	Uncommitted Uncommitted
}

// Of measures a run. Step is how finely the series are sampled.
func Of(run *checker.Run, step time.Duration) Measured {
	m := measured(run)
	return Measured{m.recoveries, m.checkpoints(), m.series(step), m.metrics(), m.holdings(), m.uncommitted()}
}

// measurement is what the quantities are computed from.
type measurement struct {
	run        *checker.Run
	passage    *checker.Passage
	lag        lag
	started    time.Duration // when the job was RUNNING for the first time
	over       time.Duration // when it had FINISHED, or the end of the run
	recoveries []Recovery
	faulty     []span // from each fault to the end of its recovery, merged
	completed  []done
	held       []Holding // once asked for: see holdings
}

// span is a stretch of time.
type span struct{ from, to time.Duration }

// done is one completed checkpoint.
type done struct {
	at, took time.Duration
	bytes    int64
}

func measured(run *checker.Run) *measurement {
	m := &measurement{run: run, over: run.End}
	var err error
	if m.passage, err = checker.Follow(run); err != nil {
		// The records cannot be followed: what is measured by them is not known, the rest is.
		m.passage = &checker.Passage{Born: slices.Repeat([]time.Duration{never}, len(run.Output)), Again: make([]bool, len(run.Output))}
	}
	m.lag = lagOf(m.passage)

	triggered := map[uint64]time.Duration{}
	running := false
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.JobStatus:
			if ev.Status == "RUNNING" && !running {
				running, m.started = true, e.At
			}
			if ev.Status == "FINISHED" {
				m.over = e.At
			}
		case history.CheckpointTriggered:
			triggered[uint64(ev.Checkpoint)] = e.At
		case history.CheckpointCompleted:
			took := time.Duration(ev.DurationMs) * time.Millisecond // by a clock that may be off
			if at, ok := triggered[uint64(ev.Checkpoint)]; ok {
				took = e.At - at
			}
			m.completed = append(m.completed, done{e.At, took, ev.Bytes})
		}
	}
	m.recover()
	m.faulty = faulty(run, m.recoveries)
	return m
}

// faulty merges the times in which a fault was at work or being recovered from.
func faulty(run *checker.Run, recoveries []Recovery) []span {
	var all []span
	faults := faultsOf(run)
	for i, r := range recoveries {
		s := span{r.At, r.At + r.Total}
		if r.Total == never {
			s.to = run.End
		}
		all = append(all, span{s.from, max(s.to, faults[i].ended)})
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var merged []span
	for _, s := range all {
		if n := len(merged); n > 0 && s.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}
