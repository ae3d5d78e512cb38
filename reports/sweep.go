package reports

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"
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

// SweepJUnit writes a sweep as a JUnit document: a case for every run.
func SweepJUnit(w io.Writer, s *Sweep) error {
	suites := sweepSuites(s)
	return suites.WriteXML(w)
}
