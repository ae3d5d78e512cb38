package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker/measure"
)

const waterfallsMax = 12

// waterfall is where the time of one recovery went.
type waterfall struct {
	Fault string
	At    string
	Total string
	Note  string
	Bars  []bar
	Model string // what law 1 predicts for the catch-up
	Lost  string // what was not reached
}

// bar is one step. Left and Width are percent of the whole.
type bar struct {
	Name, Took, Share string
	Left, Width       float64
	Class             string
	Bound, BoundValue string
}

func waterfalls(d *Document, s *story) ([]waterfall, string) {
	var notes []string
	shown := slices.DeleteFunc(slices.Clone(d.Recoveries), func(r measure.Recovery) bool { return r.Total == 0 })
	if calm := len(d.Recoveries) - len(shown); calm > 0 {
		notes = append(notes, fmt.Sprintf("After %s nothing had to recover.", plural(calm, "fault", "faults")))
	}
	if len(shown) > waterfallsMax {
		notes = append(notes, fmt.Sprintf("The first %d of %s recoveries are drawn.", waterfallsMax, count(len(shown))))
		shown = shown[:waterfallsMax]
	}
	var all []waterfall
	for _, r := range shown {
		w := waterfall{Fault: r.Fault, At: moment(r.At), Total: seconds(r.Total)}
		steps := r.Steps
		if len(steps) == 0 {
			steps = phases(r)
		}
		w.Bars = bars(steps, r, s.end, d.Config)
		w.Note = phasesInWords(r)
		if r.Reprocessed > 0 {
			w.Note += fmt.Sprintf("; %s records read again from checkpoint %d", count(r.Reprocessed), r.Checkpoint)
		}
		if m, ok := modelOf(d, s, r); ok {
			w.Model = fmt.Sprintf("The model predicts %s of catch-up: input of %s piled up or was read again, at %s of %s records/s capacity (%s %% busy).",
				seconds(m.CatchUp), seconds(m.Backlog), count(int(m.Load)), count(int(m.Capacity)), trim(100*m.Load/m.Capacity, 0))
		}
		if r.Total < 0 {
			w.Lost = "The job had not caught up when the run ended."
		}
		all = append(all, w)
	}
	return all, strings.Join(notes, " ")
}

// phasesInWords lists the phases up to the first that was not reached.
func phasesInWords(r measure.Recovery) string {
	var parts []string
	for _, p := range []struct {
		name string
		took time.Duration
	}{{"detect", r.Detect}, {"restart", r.Restart}, {"restore", r.Restore}, {"catch up", r.CatchUp}} {
		parts = append(parts, p.name+" "+seconds(p.took))
		if p.took < 0 {
			break
		}
	}
	return strings.Join(parts, ", ")
}

// phases are the four coarse steps, for a recovery that has no finer ones.
func phases(r measure.Recovery) []measure.Step {
	var all []measure.Step
	at := r.At
	for _, p := range []struct {
		name string
		took time.Duration
	}{{"detect", r.Detect}, {"restart", r.Restart}, {"restore", r.Restore}, {"catch up", r.CatchUp}} {
		if p.took < 0 {
			break
		}
		all = append(all, measure.Step{Name: p.name, From: at, To: at + p.took})
		at += p.took
	}
	return all
}

func bars(steps []measure.Step, r measure.Recovery, end time.Duration, config []Setting) []bar {
	whole := r.Total
	for _, st := range steps {
		whole = max(whole, st.To-r.At)
	}
	if whole <= 0 {
		whole = max(end-r.At, 1)
	}
	var all []bar
	shared := whole
	if r.Total > 0 {
		shared = r.Total
	}
	for i, st := range steps {
		if st.To < st.From {
			continue
		}
		took := st.To - st.From
		b := bar{Name: st.Name, Took: seconds(took), Bound: st.Bound, Class: stepClass(st.Name),
			Left: percent(st.From-r.At, whole), Width: max(percent(took, whole), 0.3)}
		switch {
		case r.Total >= 0 && st.To > r.At+r.Total: // what comes after the recovery has no share in it
		case r.Total < 0 && i == len(steps)-1:
			b.Took = "over " + b.Took
		default:
			b.Share = trim(percent(took, shared), 0) + " %"
		}
		for _, c := range config {
			if c.Key == st.Bound {
				b.BoundValue = c.Value
			}
		}
		all = append(all, b)
	}
	return all
}

func percent(part, whole time.Duration) float64 { return 100 * float64(part) / float64(whole) }

// stepClass gives the steps of one phase one colour.
func stepClass(name string) string {
	switch name {
	case "detect":
		return "w-detect"
	case "restore", "first record":
		return "w-restore"
	case "catch up", "first checkpoint":
		return "w-catchup"
	}
	return "w-restart"
}
