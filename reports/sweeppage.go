package reports

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

// What a sweep's page shows at most.
const (
	failuresMax = 20
	cellsMax    = 400
	seedsMax    = 8 // of a cell
	cdfMax      = 6
)

// RenderSweep returns report.html of a sweep.
func RenderSweep(s *Sweep) ([]byte, error) {
	return fitting(func(c caps) ([]byte, error) { return execute("sweep.tmpl", newSweepPage(s, c)) })
}

// sweepPage is report.html of a sweep, as the template wants it.
type sweepPage struct {
	frame
	Sweep    *Sweep
	Sentence string
	Keys     []string // of the axes, without the folder they are in
	Against  string
	Cells    []cellRow
	CellNote string
	Charts   []chartView
	Heats    []heat
	Failures []Summary
	FailNote string
	Facts    []fact
	Summary  template.URL
}

type chartView struct {
	chart
	Picture template.HTML
}

func newSweepPage(s *Sweep, c caps) *sweepPage {
	p := &sweepPage{frame: newFrame(s.Verdict+": "+s.Scenario.Name, badgeOf(s.Verdict, s.Passed, s.ExitCode)),
		Sweep: s, Sentence: together(sweepSentence(s)), Facts: sweepFacts(s)}
	p.Against = "Over all runs"
	for _, a := range s.Axes {
		p.Keys = append(p.Keys, flinkKey(a.Key))
	}
	if len(s.Axes) == 1 {
		p.Against = "Against " + p.Keys[0]
	}
	p.Cells = cellRows(s)
	if most := min(cellsMax, max(c.Rows, 1)); len(p.Cells) > most {
		p.CellNote = fmt.Sprintf("%d of %s cells; run.json has all.", most, count(len(p.Cells)))
		p.Cells = p.Cells[:most]
	}
	var charts []chart
	switch len(s.Axes) {
	case 1:
		for _, m := range measured(s) {
			charts = append(charts, overAxis(s, m))
		}
	case 2:
		for _, m := range measured(s) {
			p.Heats = append(p.Heats, heatOf(s, m))
		}
	}
	if cdf, ok := recoveryCDF(s); ok {
		charts = append(charts, cdf)
	}
	for i := range charts {
		p.Charts = append(p.Charts, chartView{charts[i], charts[i].draw()})
	}
	for _, cell := range s.Cells {
		for _, r := range cell.Runs {
			if !r.Passed && cell.Expect == "" {
				p.Failures = append(p.Failures, r)
			}
		}
	}
	if n := len(p.Failures); n > failuresMax {
		p.FailNote = fmt.Sprintf("%s more runs failed; run.json has all.", count(n-failuresMax))
		p.Failures = p.Failures[:failuresMax]
	}
	if c.Rows > 0 { // the file beside the page has it too
		var sum bytes.Buffer
		if err := writeJSON(&sum, SweepSummaryOf(s)); err != nil { // our own type
			panic(err)
		}
		if sum.Len() < pageMax/4 {
			p.Summary = dataURL("application/json", sum.Bytes())
		}
	}
	return p
}

// flinkKey drops the path of Flink's and Kafka's own keys in a scenario, which readers know by heart.
func flinkKey(path string) string {
	for _, folder := range []string{"deployment.flinkConfiguration.", "pipeline.broker.", "pipeline.sink.", "pipeline.source."} {
		path = strings.TrimPrefix(path, folder)
	}
	return path
}

func sweepFacts(s *Sweep) []fact {
	all := []fact{{"scenario", s.Scenario.Name}, {"backend", s.Scenario.Backend}, {"labels", labels(s.Scenario.Labels)},
		{"wall time", quantity(s.WallSeconds, "s")}, {"flinch", strings.TrimSpace(s.Environment.Version + " " + s.Environment.Commit)},
		{"Go", s.Environment.GoVersion}, {"system", strings.Trim(s.Environment.OS+"/"+s.Environment.Arch, "/")}}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
