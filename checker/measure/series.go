package measure

import (
	"math"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
)

// stepsMax bounds a series: what is longer is sampled more coarsely.
const stepsMax = 100_000

// SeriesOf samples the run's quantities at equal steps. Sample i is about the time from i to i+1 steps; what
// is a state (lag, restarts, open transactions) is that at its end.
func SeriesOf(run *checker.Run, step time.Duration) []Series { return measured(run).series(step) }

func (m *measurement) series(step time.Duration) []Series {
	if step <= 0 {
		step = time.Second
	}
	step = max(step, m.run.End/stepsMax)
	n := int((m.run.End + step - 1) / step)
	s := sampler{step: step, n: n}

	offered, consumed, committed := s.rate("offered"), s.rate("consumed"), s.rate("committed")
	for _, log := range m.run.Input {
		for i := range log.Records {
			s.count(offered, log.Records[i].Appended, 1)
		}
	}
	latencies := make([][]time.Duration, n) // a histogram for each step would be larger than what is in it
	for i := range m.run.Output {
		out := &m.run.Output[i]
		records := float64(max(out.Count, 1))
		s.count(consumed, out.Appended, records)
		if out.Fate != checker.Committed {
			continue
		}
		s.count(committed, out.Visible, records)
		if at, ok := s.at(out.Visible); ok && m.passage.Born[i] != never {
			latencies[at] = append(latencies[at], out.Visible-m.passage.Born[i])
		}
	}
	p50, p99 := s.empty("latency.p50", "seconds"), s.empty("latency.p99", "seconds")
	lag := s.empty("lag", "records")
	for i := range n {
		if all := latencies[i]; len(all) > 0 {
			slices.Sort(all)
			p50.Value[i], p99.Value[i] = all[(len(all)-1)*50/100].Seconds(), all[(len(all)-1)*99/100].Seconds()
		}
		lag.Value[i] = float64(m.lag.at(min(time.Duration(i+1)*step, m.run.End)))
	}
	duration := s.empty("checkpoint.duration", "seconds")
	for _, d := range m.completed {
		if at, ok := s.at(d.at); ok && !(duration.Value[at] > d.took.Seconds()) {
			duration.Value[at] = d.took.Seconds()
		}
	}
	return []Series{offered, consumed, committed, p50, p99, lag, duration, s.level("restarts", m.restarts()), s.level("openTransactions", m.openTransactions())}
}

// change is a step of a quantity that is a state.
type change struct {
	at time.Duration
	by int
}

// restarts are the restores after the first start of the job: its own restarts and those by a new leader.
func (m *measurement) restarts() []change {
	var all []change
	first := true
	for _, e := range m.run.Events {
		if _, ok := e.Event.(history.RestoreStarted); ok {
			if !first {
				all = append(all, change{e.At, 1})
			}
			first = false
		}
	}
	return all
}

// openTransactions are those that their coordinator has not decided.
func (m *measurement) openTransactions() []change {
	open := map[string]bool{}
	var all []change
	for _, e := range m.run.Events {
		ev, ok := e.Event.(history.Transaction)
		if !ok {
			continue
		}
		is := ev.State == "Ongoing" || ev.State == "PrepareCommit" || ev.State == "PrepareAbort"
		if ev.State == "Fenced" {
			is = open[ev.ID] // it goes on to PrepareAbort
		}
		if is != open[ev.ID] {
			by := -1
			if is {
				by = 1
			}
			open[ev.ID] = is
			all = append(all, change{e.At, by})
		}
	}
	return all
}

// sampler makes series of one length.
type sampler struct {
	step time.Duration
	n    int
}

func (s sampler) at(t time.Duration) (int, bool) {
	i := int(t / s.step)
	if t == time.Duration(s.n)*s.step {
		i-- // the very end belongs to the last sample
	}
	return i, t >= 0 && i >= 0 && i < s.n
}

func (s sampler) rate(name string) Series {
	return Series{name, "records/s", s.step, make([]float64, s.n)}
}

func (s sampler) count(series Series, at time.Duration, records float64) {
	if i, ok := s.at(at); ok {
		series.Value[i] += records / s.step.Seconds()
	}
}

func (s sampler) empty(name, unit string) Series {
	series := Series{name, unit, s.step, make([]float64, s.n)}
	for i := range series.Value {
		series.Value[i] = math.NaN()
	}
	return series
}

func (s sampler) level(name string, changes []change) Series {
	series := Series{name, "", s.step, make([]float64, s.n)}
	level, next := 0, 0
	for i := range series.Value {
		for next < len(changes) && (changes[next].at < time.Duration(i+1)*s.step || i == s.n-1) {
			level += changes[next].by
			next++
		}
		series.Value[i] = float64(level)
	}
	return series
}
