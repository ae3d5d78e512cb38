package measure

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/checker"
)

// Uncommitted is what a read_uncommitted reader of the output saw.
type Uncommitted struct {
	Records   int // all of them
	Dirty     int // of transactions that were aborted
	Undecided int // of transactions that were open at the end
	Twice     int // that it had seen before, since they were read and written again
	// The rest was committed, and seen so much earlier than by a read_committed reader.
	AheadP50, AheadP99, AheadMax time.Duration
}

func (m *measurement) uncommitted() Uncommitted {
	u := Uncommitted{Records: len(m.run.Output)}
	ahead := quantiles{}
	for i := range m.run.Output {
		switch out := &m.run.Output[i]; {
		case out.Fate == checker.Aborted:
			u.Dirty++
		case out.Fate == checker.Open:
			u.Undecided++
		case out.Visible >= out.Appended:
			ahead.add(out.Visible - out.Appended)
		}
		if m.passage.Again[i] {
			u.Twice++
		}
	}
	u.AheadP50, u.AheadP99, u.AheadMax = ahead.at(50), ahead.at(99), ahead.at(100)
	return u
}

// holdings says who held the last stable offsets of the output, and of an input that is written in transactions.
func (m *measurement) holdings() []Holding {
	if m.held == nil {
		topic := ""
		for _, op := range m.run.Pipeline.Operators {
			if op.Kind.Sink() {
				topic = op.Topic
			}
		}
		m.held = Holdings(topic, m.run.Output, m.run.Events, m.run.End)
		if in := m.run.Upstream; in != nil {
			m.held = append(m.held, Holdings(in.Topic, in.Rows, m.run.Events, m.run.End)...)
		}
	}
	return m.held
}

// isolation fills in what the isolation of readers costs and spares them. Without transactions it is nothing.
func (m *measurement) isolation(out Metrics) {
	if !slices.ContainsFunc(m.run.Output, func(o checker.Output) bool { return o.Transaction != "" }) {
		return
	}
	u := m.uncommitted()
	out["uncommitted.dirty"], out["uncommitted.twice"] = float64(u.Dirty), float64(u.Twice)
	out["uncommitted.ahead.p50"], out["uncommitted.ahead.p99"], out["uncommitted.ahead.max"] =
		u.AheadP50.Seconds(), u.AheadP99.Seconds(), u.AheadMax.Seconds()
	longest := time.Duration(0)
	for _, h := range m.holdings() {
		longest = max(longest, h.Took())
	}
	out["lastStableOffset.held"] = longest.Seconds()
}
