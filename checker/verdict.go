package checker

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// Verdict is what a check found.
type Verdict string

// The verdicts. NotDecided is never a pass: the check looked and cannot say, or had nothing to look at.
const (
	Holds      Verdict = "holds"
	Broken     Verdict = "broken"
	NotDecided Verdict = "not decided"
)

// Result is one check's verdict.
type Result struct {
	Check string // for example "exactlyOnce"
	// Application is the downstream one whose run was checked, or the chain up to it; "" for the first.
	Application string
	Verdict     Verdict
	Detail      string        // one sentence: what was looked at, or what is wrong
	Anomaly     string        // for Broken: "lost", "duplicated", "unexpected", "out-of-order", "wrong-value" ...
	At          time.Duration // for Broken: the true time of the event that shows it
	Looked      int           // how many things were checked; 0 with Holds is a lie
	// Evidence is the shortest part of the history that shows a Broken verdict.
	Evidence []history.Entry
	// Records names the records concerned, at most the first 10, as "partition@offset".
	Records []string
}

// Name tells the results of two applications apart.
func (r Result) Name() string {
	if r.Application == "" {
		return r.Check
	}
	return r.Application + "/" + r.Check
}

// moment is a time of the run in a sentence.
func moment(at time.Duration) time.Duration { return at.Round(time.Millisecond) }
