package measure

import (
	"math"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/checker"
)

// During is a part of a run that a metric may be asked for.
type During string

// The parts of a run: before the first fault; while a fault was at work or being recovered from; after it.
const (
	Whole  During = ""
	Before During = "before"
	Fault  During = "fault"
	After  During = "after"
)

// Metrics has the numbers that service levels are set for, by name: seconds, records, or plain numbers. A
// metric of a part of the run has the part behind an @: "output.latency.p99@after". What was to be reached
// and was not, such as a recovery, is +Inf, so that no limit holds. What there is nothing to say of is
// missing.
type Metrics map[string]float64

// Of returns a metric, and whether there is one.
func (m Metrics) Of(name string, during During) (float64, bool) {
	if during != Whole {
		name += "@" + string(during)
	}
	v, ok := m[name]
	return v, ok
}

// Names are the metrics that a scenario may set a limit for.
var Names = []string{
	"recovery.total", "recovery.detection", "recovery.restart", "recovery.restore", "recovery.catchUp",
	"output.latency.p50", "output.latency.p99", "output.latency.max",
	"reprocessedRecords", "duplicates", "lost", "numRestarts", "downtime", "silence",
	"checkpointAge", "checkpointOverhead", "completedCheckpoints", "failedCheckpoints",
	"checkpoint.duration.p50", "checkpoint.duration.p99", "throughput",
	"uncommitted.dirty", "uncommitted.twice", "uncommitted.ahead.p50", "uncommitted.ahead.p99", "uncommitted.ahead.max", "lastStableOffset.held",
}

// MetricsOf computes the metrics of a run. A recovery metric is that of the worst recovery.
func MetricsOf(run *checker.Run) Metrics { return measured(run).metrics() }

func (m *measurement) metrics() Metrics {
	out := Metrics{}
	worst := func(name string, phase func(Recovery) time.Duration) {
		if len(m.recoveries) == 0 {
			return
		}
		var v float64
		for _, r := range m.recoveries {
			if d := phase(r); d == never {
				v = math.Inf(1)
			} else {
				v = max(v, d.Seconds())
			}
		}
		out[name] = v
	}
	worst("recovery.total", func(r Recovery) time.Duration { return r.Total })
	worst("recovery.detection", func(r Recovery) time.Duration { return r.Detect })
	worst("recovery.restart", func(r Recovery) time.Duration { return r.Restart })
	worst("recovery.restore", func(r Recovery) time.Duration { return r.Restore })
	worst("recovery.catchUp", func(r Recovery) time.Duration { return r.CatchUp })
	out["downtime"] = m.downtime().Seconds()
	out["numRestarts"] = float64(len(m.restarts()))

	m.latencies(out)
	again := 0
	for _, is := range m.passage.Again {
		if is {
			again++
		}
	}
	out["reprocessedRecords"] = float64(again)
	if audit := checker.Audit(m.run); audit.Undecided == "" {
		out["duplicates"], out["lost"] = float64(audit.Duplicated), float64(audit.Lost)
	}

	c := m.checkpoints()
	out["completedCheckpoints"], out["failedCheckpoints"] = float64(c.Completed), float64(c.Failed)
	if c.Completed > 0 {
		out["checkpoint.duration.p50"], out["checkpoint.duration.p99"] = c.DurationP50.Seconds(), c.DurationP99.Seconds()
		out["checkpointOverhead"] = m.overhead()
	}
	out["checkpointAge"] = m.age(span{m.started, m.over}).Seconds()
	for _, s := range m.faulty {
		out["checkpointAge@fault"] = max(out["checkpointAge@fault"], m.age(s).Seconds())
	}
	if n := len(m.faulty); n > 0 {
		out["checkpointAge@before"] = m.age(span{m.started, m.faulty[0].from}).Seconds()
		out["checkpointAge@after"] = m.age(span{m.faulty[n-1].to, m.over}).Seconds()
	}
	m.commits(out)
	m.isolation(out)
	return out
}

// latencies fills in the time from a source record's arrival to the moment when readers can see its output.
// A record that a fault held up counts for the fault, whichever side of it the record was sent or seen on.
func (m *measurement) latencies(out Metrics) {
	parts := map[During]*quantiles{Whole: {}, Before: {}, Fault: {}, After: {}}
	for i := range m.run.Output {
		o := &m.run.Output[i]
		born := m.passage.Born[i]
		if o.Fate != checker.Committed || born == never {
			continue
		}
		parts[Whole].add(o.Visible - born)
		if len(m.faulty) > 0 {
			parts[m.part(born, o.Visible)].add(o.Visible - born)
		}
	}
	for _, during := range []During{Whole, Before, Fault, After} {
		q := parts[during]
		if q.empty() {
			continue
		}
		suffix := ""
		if during != Whole {
			suffix = "@" + string(during)
		}
		out["output.latency.p50"+suffix] = q.at(50).Seconds()
		out["output.latency.p99"+suffix] = q.at(99).Seconds()
		out["output.latency.max"+suffix] = q.at(100).Seconds()
	}
}

// part says which part of the run a record belongs to.
func (m *measurement) part(born, visible time.Duration) During {
	for _, s := range m.faulty {
		if visible >= s.from && born < s.to {
			return Fault
		}
	}
	if visible < m.faulty[0].from {
		return Before
	}
	return After
}

// downtime is how long the job did not run, from each fault that made it restart until all its tasks ran.
func (m *measurement) downtime() time.Duration {
	var sum, counted time.Duration
	for _, r := range m.recoveries {
		to := r.At + r.Detect + r.Restart + r.Restore
		switch {
		case r.Restart == never || r.Restore == never:
			to = m.run.End
		case r.Detect+r.Restart+r.Restore == 0:
			continue
		}
		if from := max(r.At, counted); to > from {
			sum, counted = sum+to-from, to
		}
	}
	return sum
}

// commits fills in what readers saw: the longest time without anything new, and the rate.
func (m *measurement) commits(out Metrics) {
	var seen []time.Duration
	records := 0.0
	for i := range m.run.Output {
		if o := &m.run.Output[i]; o.Fate == checker.Committed {
			seen = append(seen, o.Visible)
			records += float64(max(o.Count, 1))
		}
	}
	if len(seen) == 0 {
		return
	}
	slices.Sort(seen)
	longest := time.Duration(0)
	for i := 1; i < len(seen); i++ {
		longest = max(longest, seen[i]-seen[i-1])
	}
	if !m.run.Drained { // what was to come had not come by the end
		longest = max(longest, m.run.End-seen[len(seen)-1])
	}
	out["silence"] = longest.Seconds()
	if took := seen[len(seen)-1] - m.started; took > 0 {
		out["throughput"] = records / took.Seconds()
	}
}
