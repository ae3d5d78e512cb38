package reports

// SweepSummary is what a sweep's run.json holds.
type SweepSummary struct {
	Schema      string        `json:"schema"`
	Scenario    string        `json:"scenario"`
	Backend     string        `json:"backend"`
	Passed      bool          `json:"passed"`
	Verdict     string        `json:"verdict"`
	ExitCode    int           `json:"exitCode"`
	Reason      string        `json:"reason,omitempty"`
	WallSeconds float64       `json:"wallSeconds"`
	Axes        []Axis        `json:"axes"`
	Cells       []CellSummary `json:"cells"`
	Runs        []SweepRun    `json:"runs"`
}

// CellSummary is one cell: how many of its runs passed, and the quantiles of what was measured.
type CellSummary struct {
	Values  []string             `json:"values"`
	Expect  string               `json:"expect,omitempty"`
	Verdict string               `json:"verdict"`
	Passed  bool                 `json:"passed"`
	Runs    int                  `json:"runs"`
	Good    int                  `json:"runsPassed"`
	Metrics map[string]Quantiles `json:"metrics"`
}

// Quantiles are over the runs of a cell.
type Quantiles struct {
	P5  Number `json:"p5"`
	P50 Number `json:"p50"`
	P95 Number `json:"p95"`
	Max Number `json:"max"`
}

// SweepRun is one run and the cell that it belongs to.
type SweepRun struct {
	Cell []string `json:"cell"`
	Summary
}

// SweepSummaryOf returns what run.json says of a sweep.
func SweepSummaryOf(s *Sweep) SweepSummary {
	sum := SweepSummary{Schema: SweepSchema, Scenario: s.Scenario.Name, Backend: s.Scenario.Backend, Passed: s.Passed,
		Verdict: s.Verdict, ExitCode: s.ExitCode, Reason: s.Reason, WallSeconds: micro(s.WallSeconds),
		Axes: append([]Axis{}, s.Axes...), Cells: []CellSummary{}, Runs: []SweepRun{}}
	for _, c := range s.Cells {
		values := append([]string{}, c.Values...)
		cell := CellSummary{Values: values, Expect: c.Expect, Verdict: c.Verdict, Passed: c.Passed, Runs: len(c.Runs),
			Good: passing(c), Metrics: map[string]Quantiles{}}
		for _, m := range measured(s) {
			if q := quantilesOf(c, m); q.P50.Known() {
				cell.Metrics[m] = q
			}
		}
		sum.Cells = append(sum.Cells, cell)
		for _, r := range c.Runs {
			sum.Runs = append(sum.Runs, SweepRun{values, r})
		}
	}
	return sum
}

func passing(c Cell) int {
	n := 0
	for _, r := range c.Runs {
		if r.Passed {
			n++
		}
	}
	return n
}
