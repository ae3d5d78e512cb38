package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/cmd/internal/sweep"
	"github.com/flinch-dev/flinch/reports"
)

// sweep puts the rows of all jobs together.
func (b *batch) sweep(rows []row, wall time.Duration, interrupted bool) *reports.Sweep {
	e := b.entry
	s := &reports.Sweep{Axes: axes(e.Cells), WallSeconds: wall.Seconds(), Environment: environment(),
		Scenario: reports.Scenario{Name: e.Name, Description: e.Scenario.Description, Backend: string(b.backend),
			Labels: e.Scenario.Metadata.Labels, ReproCommand: reproSweep(e, on(b.backend, b.parts), b.seeds, b.vars)}}
	if yaml, err := e.Scenario.YAML(); err == nil {
		s.Scenario.ResolvedYAML = string(yaml)
	}
	if e.Scenario.Compare != nil {
		s.Compare = e.Scenario.Compare.Y
	}
	worst, ran := verdict{word: "PASS"}, 0
	for i, c := range e.Cells {
		cell, mine := cellOf(c, rows[i*len(b.seeds):(i+1)*len(b.seeds)])
		s.Cells = append(s.Cells, cell)
		worst.take(mine)
		ran += len(cell.Runs)
	}
	if interrupted {
		worst = verdict{chaos.ExitInterrupted, "INTERRUPTED", fmt.Sprintf("the sweep was interrupted after %d of its %d runs", ran, len(rows))}
	}
	s.ExitCode, s.Verdict, s.Reason, s.Passed = worst.code, worst.word, worst.reason, worst.code == 0
	return s
}

// verdict is the worst of several.
type verdict struct {
	code   int
	word   string
	reason string
}

func (v *verdict) take(other verdict) {
	if other.code != v.code && sweep.Worst(v.code, other.code) == other.code {
		*v = other
	}
}

func cellOf(c scenario.Cell, rows []row) (reports.Cell, verdict) {
	cell := reports.Cell{Values: values(c)}
	if v := c.Expected(); v.Expect == "violates" {
		cell.Expect = strings.TrimSuffix("violates "+v.Invariant+": "+v.Anomaly, ": ")
	}
	worst := verdict{word: "PASS"}
	for _, done := range rows {
		if run := done.summary; run != nil {
			cell.Runs = append(cell.Runs, *run)
			if done.folder != "" {
				cell.Kept = append(cell.Kept, reports.Kept{Seed: run.Seed, Folder: filepath.Base(done.folder)})
			}
			worst.take(verdict{run.ExitCode, run.Verdict, run.Reason})
		}
	}
	cell.Verdict, cell.Passed = worst.word, worst.code == 0
	if len(cell.Runs) == 0 {
		cell.Verdict, cell.Passed = "NOT RUN", false
	}
	return cell, worst
}

// values are those of a cell, one for each axis.
func values(c scenario.Cell) (all []string) {
	for _, setting := range c.Settings {
		all = append(all, setting.Value)
	}
	return all
}

// axes are the keys of the matrix, each with its values in their order.
func axes(cells []scenario.Cell) []reports.Axis {
	var all []reports.Axis
	for i, setting := range cells[0].Settings {
		axis := reports.Axis{Key: setting.Path}
		for _, c := range cells {
			if v := c.Settings[i].Value; !slices.Contains(axis.Values, v) {
				axis.Values = append(axis.Values, v)
			}
		}
		all = append(all, axis)
	}
	return all
}
