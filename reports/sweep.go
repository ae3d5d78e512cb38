package reports

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/flinch-dev/flinch/checker/measure"
)

// SweepSchema is the version of a sweep's run.json.
const SweepSchema = "flinch/sweep/v1"

// Sweep is several runs of one scenario: over seeds, and over the cells of its matrix.
type Sweep struct {
	Scenario    Scenario // its Seed means nothing here
	Axes        []Axis   // none when only seeds differ
	Cells       []Cell
	Compare     []string // what to draw first, such as "recovery.total.p95"
	WallSeconds float64
	Environment Environment
	Verdict     string
	Passed      bool
	ExitCode    int
	Reason      string
}

// Axis is one key of the matrix with the values that it takes.
type Axis struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// Cell is one point of the matrix with its runs, one per seed.
type Cell struct {
	Values  []string // one per axis
	Expect  string   // what the scenario expects of it, such as "violates exactlyOnce: lost"; often empty
	Verdict string
	Passed  bool
	Runs    []Summary
	Kept    []Kept
}

// Kept is a run of which everything was kept.
type Kept struct {
	Seed   int64
	Folder string // within that of the sweep
}

func (c Cell) name() string {
	if len(c.Values) == 0 {
		return "all seeds"
	}
	return strings.Join(c.Values, ", ")
}

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

// WriteSweep writes a sweep's folder: run.json, report.html, junit.xml and summary.md.
func WriteSweep(dir string, s *Sweep) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of a sweep: %w", err)
	}
	page, err := RenderSweep(s)
	if err != nil {
		return err
	}
	suites := sweepSuites(s)
	f := folder{dir: dir}
	f.write("scenario.resolved.yaml", text(s.Scenario.ResolvedYAML))
	f.write("report.html", text(string(page)))
	f.write("junit.xml", suites.WriteXML)
	f.write("summary.md", text(SweepMarkdown(s)))
	f.write("run.json", func(w io.Writer) error { return writeJSON(w, SweepSummaryOf(s)) })
	return f.err
}

// sweepSuites has a suite per cell and a case per seed. A cell that is known to be bad passes by being caught,
// so its runs are no failures; the cell's own case says whether it was as expected.
func sweepSuites(s *Sweep) junit.Testsuites {
	var all junit.Testsuites
	for _, c := range s.Cells {
		suite := junit.Testsuite{Name: xmlText(s.Scenario.Name + " [" + c.name() + "]"), ID: len(all.Suites), Time: "0"}
		class := xmlText(s.Scenario.Name)
		verdict := junit.Testcase{Name: "cell " + xmlText(c.name()), Classname: class, Time: "0"}
		if !c.Passed {
			verdict.Failure = complaint(strings.TrimSpace(c.Verdict+" "+c.Expect), "cell", s.Scenario.ReproCommand)
		}
		suite.AddTestcase(verdict)
		if c.Expect == "" {
			for _, r := range c.Runs {
				run := junit.Testcase{Name: fmt.Sprintf("seed %d", r.Seed), Classname: class, Time: trim(r.WallSeconds, 3)}
				if !r.Passed {
					run.Failure = complaint(r.Verdict+": "+r.Sentence, r.Verdict, r.Repro)
				}
				suite.AddTestcase(run)
			}
		}
		all.AddSuite(suite)
	}
	return all
}

// SweepMarkdown returns summary.md of a sweep.
func SweepMarkdown(s *Sweep) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s\n\n%s\n\n", plain(s.Verdict), plain(s.Scenario.Name), plain(sweepSentence(s)))
	varied := "cell"
	if len(s.Axes) > 0 {
		varied = strings.Join(keysOf(s.Axes), ", ")
	}
	fmt.Fprintf(&b, "| %s | verdict | runs passed | recovery p50 | recovery p95 |\n|---|---|--:|--:|--:|\n", plain(varied))
	for _, c := range s.Cells {
		q, verdict := quantilesOf(c, "recovery.total"), c.Verdict
		if c.Expect != "" {
			verdict += ", expected: " + c.Expect
		}
		fmt.Fprintf(&b, "| %s | %s | %d of %d | %s | %s |\n", plain(c.name()), plain(verdict), passing(c), len(c.Runs),
			quantity(float64(q.P50), "s"), quantity(float64(q.P95), "s"))
	}
	fmt.Fprintf(&b, "\nAgain: `%s`\n", strings.ReplaceAll(oneLine(s.Scenario.ReproCommand), "`", "'"))
	return spaced(b.String())
}

func keysOf(axes []Axis) (keys []string) {
	for _, a := range axes {
		keys = append(keys, flinkKey(a.Key))
	}
	return keys
}

func sweepSentence(s *Sweep) string {
	runs, good, twins := 0, 0, 0
	var totals []float64
	for _, c := range s.Cells {
		runs += len(c.Runs)
		good += passing(c)
		if c.Expect != "" {
			twins += len(c.Runs)
		}
		totals = append(totals, known(c, "recovery.total")...)
	}
	text := fmt.Sprintf("%s in %s, %s passed", plural(runs, "run", "runs"), plural(len(s.Cells), "cell", "cells"), count(good))
	if twins > 0 {
		text += fmt.Sprintf(", %s of cells that are known to be bad", count(twins))
	}
	if len(totals) > 0 {
		text += fmt.Sprintf("; recovery took %s at the median, %s at p95, %s at most", quantity(quantile(totals, 0.5), "s"),
			quantity(quantile(totals, 0.95), "s"), quantity(totals[len(totals)-1], "s"))
	}
	if s.Reason != "" {
		text += "; " + strings.TrimSuffix(s.Reason, ".")
	}
	return text + "."
}

// measured lists what the runs of a sweep measured: first what the scenario compares, then what everyone wants
// to know. The rest is in run.json.
func measured(s *Sweep) []string {
	var all []string
	names := []string{"recovery.total", "reprocessedRecords", "output.latency.p99", "checkpointOverhead", "throughput", "checkpoint.duration.p50"}
	for i := len(s.Compare) - 1; i >= 0; i-- {
		names = slices.Insert(names, 0, withoutQuantile(s.Compare[i]))
	}
	for _, name := range names {
		some := slices.ContainsFunc(s.Cells, func(c Cell) bool { return len(known(c, name)) > 0 })
		if some && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// withoutQuantile drops the quantile over runs of a comparison; the name of a metric may end in one itself.
func withoutQuantile(name string) string {
	if slices.Contains(measure.Names, name) {
		return name
	}
	if cut := strings.LastIndexByte(name, '.'); cut > 0 && slices.Contains([]string{"p5", "p50", "p95", "p99", "max", "mean"}, name[cut+1:]) {
		return name[:cut]
	}
	return name
}

// valueOf is one run's measure by name. Recoveries and checkpoints are in every run.json, also in one whose
// metrics were left out.
func valueOf(r Summary, name string) Number {
	if v, ok := r.Metrics[name]; ok {
		return v
	}
	switch name {
	case "checkpoint.duration.p50":
		if r.Checkpoints.Completed > 0 {
			return Number(r.Checkpoints.DurationP50)
		}
	case "reprocessedRecords":
		if len(r.Recoveries) > 0 {
			n := 0
			for _, v := range r.Recoveries {
				n += v.Reprocessed
			}
			return Number(n)
		}
	case "recovery.total":
		return worst(r, func(v RecoverySummary) Number { return v.Total })
	case "recovery.detection":
		return worst(r, func(v RecoverySummary) Number { return v.Detect })
	}
	return Unknown()
}

// worst is the longest of a run's recoveries; one that was not complete makes it unknown.
func worst(r Summary, of func(RecoverySummary) Number) Number {
	if len(r.Recoveries) == 0 {
		return Unknown()
	}
	longest := Number(0)
	for _, v := range r.Recoveries {
		if !of(v).Known() {
			return Unknown()
		}
		longest = max(longest, of(v))
	}
	return longest
}

// known are the values of a measure over runs. One from which nothing had to recover took no time to recover, and
// says nothing of how long that takes.
func known(c Cell, name string) []float64 {
	var all []float64
	for _, r := range c.Runs {
		if v := valueOf(r, name); v.Known() && (v != 0 || !strings.HasPrefix(name, "recovery.")) {
			all = append(all, float64(v))
		}
	}
	return all
}

func quantilesOf(c Cell, name string) Quantiles { return QuantilesOf(c.Runs, name) }

// QuantilesOf sums up a measure over runs: of each run its worst.
func QuantilesOf(runs []Summary, name string) Quantiles {
	v := known(Cell{Runs: runs}, name)
	if len(v) == 0 {
		return Quantiles{Unknown(), Unknown(), Unknown(), Unknown()}
	}
	return Quantiles{Number(quantile(v, 0.05)), Number(quantile(v, 0.5)), Number(quantile(v, 0.95)), Number(quantile(v, 1))}
}

// UnitOf is the unit of a metric by its name: "s", "records", "records/s", "fraction", or none.
func UnitOf(name string) string {
	switch {
	case strings.HasPrefix(name, "recovery."), strings.Contains(name, "latency"), strings.Contains(name, ".duration"), name == "downtime", name == "silence",
		strings.HasSuffix(name, "Age"), strings.HasSuffix(name, "Seconds"), strings.HasPrefix(name, "uncommitted.ahead."), name == "lastStableOffset.held":
		return "s"
	case name == "throughput":
		return "records/s"
	case strings.HasSuffix(name, "Overhead"):
		return "fraction"
	case strings.HasSuffix(name, "Records"), strings.HasPrefix(name, "uncommitted."), name == "lost", name == "duplicates", name == "consumerLag":
		return "records"
	}
	return ""
}

// fitted is a straight line through points, by least squares.
type fitted struct {
	Slope, Intercept, R2 float64
}

func fit(x, y []float64) (fitted, bool) {
	n := float64(len(x))
	if len(x) < 3 {
		return fitted{}, false
	}
	var sx, sy, sxx, sxy, syy float64
	for i := range x {
		sx, sy, sxx, sxy, syy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i], syy+y[i]*y[i]
	}
	vx, vy := sxx-sx*sx/n, syy-sy*sy/n
	if vx <= 1e-12*math.Abs(sxx) {
		return fitted{}, false
	}
	f := fitted{Slope: (sxy - sx*sy/n) / vx}
	f.Intercept = (sy - f.Slope*sx) / n
	f.R2 = 1
	if vy > 1e-12*math.Abs(syy) {
		f.R2 = f.Slope * f.Slope * vx / vy
	}
	return f, true
}

// SweepJUnit writes a sweep as a JUnit document: a case for every run.
func SweepJUnit(w io.Writer, s *Sweep) error {
	suites := sweepSuites(s)
	return suites.WriteXML(w)
}
