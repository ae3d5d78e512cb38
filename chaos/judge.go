package chaos

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// The exit codes of a run (see the README): what they mean is part of the product.
const (
	ExitPass         = 0
	ExitFail         = 1 // an invariant is broken: the data is wrong
	ExitInconclusive = 2
	ExitSLO          = 3 // the data is right, a service level was missed
	ExitStopped      = 4
	ExitInterrupted  = 130
)

// Judgement is the one verdict on a run.
type Judgement struct {
	Word   string // PASS, FAIL, INCONCLUSIVE, SLO MISSED, STOPPED, INTERRUPTED
	Exit   int
	Reason string // in one sentence
	Caught bool   // a known-bad run was caught, as it had to be
}

// Passed says whether the run came to what the scenario says it must come to.
func (j Judgement) Passed() bool { return j.Exit == ExitPass }

// Level is one service level, with what was measured.
type Level struct {
	Name   string
	During string
	Value  float64 // NaN: nothing to measure
	Limit  scenario.Limit
	Holds  bool
}

// Evidence is one expectation of mustHappen, and the event that meets it.
type Evidence struct {
	Expectation scenario.Expectation
	Entry       *history.Entry // nil: it did not happen
}

// judge fills in the verdicts of an outcome.
func (r *runner) judge(o *Outcome, interrupted error) {
	names := r.scenario.Invariants
	if len(names) == 0 {
		names = []string{"exactlyOnce", "noCrash", "jobAlive"}
	}
	if !slices.Contains(names, "noCrash") {
		names = append(slices.Clone(names), "noCrash") // a failed assertion is never fine
	}
	o.Results = checker.Judge(o.Run, names)
	if down := o.Downstream; down != nil {
		// What was promised to the application before the job is the first one's input.
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "upstreamExactlyOnce" })
		down.Results = append(checker.Judge(down.Run, names), endToEnd(o.Run, down.Run))
		down.Audit = checker.Audit(down.Run)
		down.Measured = measure.Of(down.Run, measureStep(o.Virtual))
	}
	o.Audit = checker.Audit(o.Run)
	o.Measured = measure.Of(o.Run, measureStep(o.Virtual))
	o.Levels = levels(r.scenario.SLO, o.Measured.Metrics)
	o.Evidence = r.evidence(r.events)
	o.Judgement = r.verdict(o)
	if interrupted != nil {
		o.Judgement = Judgement{Word: "INTERRUPTED", Exit: ExitInterrupted, Reason: "the run was interrupted; what is shown is what had happened until then"}
	}
	if o.Downstream != nil {
		o.Downstream.Judgement = o.Judgement // one run, one verdict
	}
}

// endToEnd holds two applications to exactly-once as if they were one.
func endToEnd(first, second *checker.Run) checker.Result {
	result := checker.Result{Verdict: checker.NotDecided}
	if chain, err := checker.Chain(first, second); err != nil {
		result.Detail = err.Error()
	} else {
		result = checker.Judge(chain, []string{"exactlyOnce"})[0]
	}
	result.Check = EndToEnd
	return result
}

// EndToEnd is the check of two applications in a row.
const EndToEnd = "exactlyOnceEndToEnd"

// All are the results of all checks, of both applications.
func (o *Outcome) All() []checker.Result {
	if o.Downstream == nil {
		return o.Results
	}
	all := slices.Clone(o.Results)
	for _, c := range o.Downstream.Results {
		c.Application = o.Cell.Scenario.Downstream.Name
		all = append(all, c)
	}
	return all
}

// measureStep samples series finely enough to see a fault, and not more often than a plot can show.
func measureStep(virtual time.Duration) time.Duration {
	return max(time.Second, (virtual / 2000).Round(time.Second))
}

// verdict finds the one word. A proven breach outranks everything; then what stopped the run, what kept it
// from being a test at all, and last the service levels.
func (r *runner) verdict(o *Outcome) Judgement {
	results := o.All()
	broken := slices.IndexFunc(results, func(c checker.Result) bool { return c.Verdict == checker.Broken })
	if expected := o.Cell.Expected(); expected.Expect == "violates" {
		return r.known(o, expected)
	}
	if broken >= 0 {
		return Judgement{Word: "FAIL", Exit: ExitFail, Reason: fmt.Sprintf("%s: %s", results[broken].Name(), results[broken].Detail)}
	}
	if r.stopped != "" {
		return Judgement{Word: "STOPPED", Exit: ExitStopped, Reason: r.stopped}
	}
	if why := r.inconclusive(o); why != "" {
		return Judgement{Word: "INCONCLUSIVE", Exit: ExitInconclusive, Reason: why}
	}
	for _, l := range o.Levels {
		if !l.Holds {
			return Judgement{Word: "SLO MISSED", Exit: ExitSLO, Reason: fmt.Sprintf("%s is %s, wanted %s", l.Name, valueText(l.Name, l.Value), limitText(l.Limit))}
		}
	}
	return Judgement{Word: "PASS", Exit: ExitPass}
}

// inconclusive says why a run without a breach still proves nothing, or "".
func (r *runner) inconclusive(o *Outcome) string {
	if r.notReady != "" {
		return r.notReady
	}
	for _, f := range r.injector.Failures() {
		return fmt.Sprintf("fault %s could not be injected: %s", f.Fault, f.Reason)
	}
	if missed := r.injector.Missed(); len(missed) > 0 {
		return fmt.Sprintf("fault %s never started: its trigger did not come", strings.Join(missed, ", "))
	}
	if vain := r.injector.Vain(); len(vain) > 0 {
		return fmt.Sprintf("fault %s struck nothing: while it lasted, no message and no request met it; aim it at what is in use, or let it last longer", strings.Join(vain, ", "))
	}
	if overBefore(o.Run) {
		return "everything had come out before the first fault struck, so it proves nothing: offer the records more slowly, or strike earlier"
	}
	for _, e := range o.Evidence {
		if e.Entry == nil {
			return fmt.Sprintf("mustHappen: %s did not happen", ExpectationText(e.Expectation))
		}
	}
	if !o.Run.Drained {
		return "not everything had come out at the end of the drain, so nothing can be called lost: " + r.pending
	}
	for _, c := range o.All() {
		if c.Verdict == checker.NotDecided {
			return fmt.Sprintf("%s is not decided: %s", c.Name(), c.Detail)
		}
	}
	return ""
}

// overBefore says whether a run had faults, and nothing was written after the first of them.
func overBefore(run *checker.Run) bool {
	struck := slices.IndexFunc(run.Events, func(e history.Entry) bool { _, is := e.Event.(history.FaultStarted); return is })
	return struck >= 0 && len(run.Output) > 0 && !slices.ContainsFunc(run.Output, func(out checker.Output) bool {
		return max(out.Appended, out.Visible) >= run.Events[struck].At
	})
}

// known judges a run that is known to be bad: it must be caught, by the invariant and for the anomaly that
// the scenario names.
func (r *runner) known(o *Outcome, expected scenario.Verdict) Judgement {
	want := expected.Invariant
	if expected.Anomaly != "" {
		want += " (" + expected.Anomaly + ")"
	}
	for _, c := range o.All() {
		if c.Verdict == checker.Broken && (expected.Invariant == "" || c.Check == expected.Invariant) &&
			(expected.Anomaly == "" || c.Anomaly == expected.Anomaly) {
			return Judgement{Word: "PASS", Exit: ExitPass, Caught: true, Reason: fmt.Sprintf("known to be bad, and caught: %s: %s", c.Name(), c.Detail)}
		}
	}
	if why := r.inconclusive(o); why != "" && r.notReady != "" {
		return Judgement{Word: "INCONCLUSIVE", Exit: ExitInconclusive, Reason: why}
	}
	return Judgement{Word: "FAIL", Exit: ExitFail, Reason: fmt.Sprintf("known to be bad, and not caught: %s should be broken", want)}
}

func levels(slo map[string]scenario.Limit, metrics measure.Metrics) []Level {
	var all []Level
	for _, name := range sortedNames(slo) {
		limit := slo[name]
		during := limit.During
		if during == "run" {
			during = ""
		}
		value, ok := metrics.Of(name, measure.During(during))
		if !ok {
			value = math.NaN()
		}
		all = append(all, Level{Name: name, During: during, Value: value, Limit: limit, Holds: ok && within(value, limit)})
	}
	return all
}

func within(value float64, limit scenario.Limit) bool {
	return (limit.Max == nil || value <= limit.Max.Value) && (limit.Min == nil || value >= limit.Min.Value)
}

func limitText(l scenario.Limit) string {
	var parts []string
	if l.Min != nil {
		parts = append(parts, "at least "+l.Min.String())
	}
	if l.Max != nil {
		parts = append(parts, "at most "+l.Max.String())
	}
	return strings.Join(parts, " and ")
}

func valueText(name string, value float64) string {
	switch {
	case math.IsNaN(value):
		return "not measured"
	case math.IsInf(value, 1):
		return "not reached"
	case strings.HasPrefix(name, "recovery.") || strings.HasPrefix(name, "output.latency") || strings.HasPrefix(name, "checkpoint") && name != "checkpointOverhead":
		return time.Duration(value * float64(time.Second)).Round(time.Millisecond).String()
	}
	return fmt.Sprintf("%g", value)
}

// evidence looks for what must happen.
func (r *runner) evidence(events history.History) []Evidence {
	var all []Evidence
	jobs := r.jobs()
	for _, want := range r.scenario.MustHappen {
		e := Evidence{Expectation: want}
		when := fault.When{Event: want.Event, Operator: want.Operator, Subtask: want.Subtask, Checkpoint: want.Checkpoint, Fault: want.Fault}
		started := want.After == ""
		fenced := newFenced()
		for i := range events {
			entry := events[i]
			if f, ok := entry.Event.(history.FaultStarted); ok && f.Fault == want.After {
				started = true
			}
			fenced.follow(entry)
			application, _ := cluster.ApplicationOf(entry.Process)
			if started && application == want.Application && when.Matches(entry.Event, jobs[application]) && (want.By == "" || want.By == entry.Process ||
				want.By == "fenced-attempt" && fenced.is(entry.Event)) {
				e.Entry = &entry
				break
			}
		}
		all = append(all, e)
	}
	return all
}

// ExpectationText is an expectation in words.
func ExpectationText(e scenario.Expectation) string {
	text := e.Event
	if e.Operator != "" {
		text += " of " + e.Operator
	}
	if e.Checkpoint != 0 {
		text += fmt.Sprintf(" of checkpoint %d", e.Checkpoint)
	}
	if e.Application != "" {
		text += " of " + e.Application
	}
	if e.By != "" {
		text += " by " + e.By
	}
	if e.After != "" {
		text += " after " + e.After
	}
	return text
}
