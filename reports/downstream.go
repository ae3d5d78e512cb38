package reports

import (
	"cmp"
	"slices"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
)

// A run of two applications is one run: its sentence, its faults and its recoveries are those of both. How the downstream
// one went in detail is in a report of its own.

// everyFault returns the faults of a run by time, with those that struck nobody but the downstream application.
func everyFault(d *Document, s *story) []fault {
	if d.Downstream == nil {
		return s.faults
	}
	all := slices.Clone(s.faults)
	for _, f := range outline(d.Downstream).faults {
		if !slices.ContainsFunc(s.faults, func(g fault) bool { return g.Started.Fault == f.Started.Fault && g.At == f.At }) {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b fault) int { return cmp.Compare(a.At, b.At) })
	return all
}

// everyRecovery returns the recoveries of a run, those of the downstream application under its name.
func everyRecovery(d *Document) []measure.Recovery {
	if d.Downstream == nil {
		return d.Recoveries
	}
	all := slices.Clone(d.Recoveries)
	for _, r := range d.Downstream.Recoveries {
		r.Fault = d.Downstream.Application + "/" + r.Fault
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b measure.Recovery) int { return cmp.Compare(a.At, b.At) })
	return all
}

// outline is the story of a run without its records.
func outline(d *Document) *story { return read(checker.Run{Events: d.Run.Events, End: d.Run.End}) }
