package reports

import (
	"encoding/json"
	"fmt"
	"html"
	"math"
	"strings"
	"testing"
)

// TestSweepPage: a verdict per cell, a plot per measure, the failed run with its command.
func TestSweepPage(t *testing.T) {
	b, err := RenderSweep(intervals())
	if err != nil {
		t.Fatal(err)
	}
	page := html.UnescapeString(string(b))
	for _, said := range []string{"120 runs in 6 cells, 119 passed", "19 of 20", "chaos run scenarios/sweep.yaml --seed 13",
		"Against execution.checkpointing.interval", "<b>recovery.total</b>", "<b>reprocessedRecords</b>", "<b>output.latency.p99</b>",
		"<b>throughput</b>", "share of recoveries that are complete after", `class="series band"`, `class="series model"`, "limit 120 s"} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
}

// TestTwoAxesAreAHeatMap: and a cell that is known to be bad is good when it is caught.
func TestTwoAxesAreAHeatMap(t *testing.T) {
	b, err := RenderSweep(grid())
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	if n := strings.Count(page, `<table class="heat">`); n < 4 {
		t.Errorf("%d heat maps, want one per measure", n)
	}
	for _, said := range []string{"expected: violates exactlyOnce: lost", "15 of cells that are known to be bad", "Over all runs"} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
	if strings.Contains(page, "Runs that did not pass") {
		t.Error("the runs of known-bad cells are listed as failures")
	}
	for _, s := range sweepSuites(grid()).Suites {
		if s.Failures > 0 {
			t.Errorf("suite %s has %d failures", s.Name, s.Failures)
		}
	}
}

// TestACellLeadsToItsRuns: to those that were kept by a link that a browser takes as it is, whatever the values of a cell
// are; those that failed are named without one, too; and no more than the table has room for.
func TestACellLeadsToItsRuns(t *testing.T) {
	s := grid()
	s.Cells[2].Runs = []Summary{runOf(1, 10), runOf(4, 10), runOf(5, 10)}
	s.Cells[2].Runs[1].Passed, s.Cells[2].Runs[2].Passed = false, false
	s.Cells[2].Kept = []Kept{{4, "interval=1 s,heartbeat=50%#-seed4"}}
	s.Cells[0].Runs = nil
	for seed := range int64(20) {
		s.Cells[0].Runs = append(s.Cells[0].Runs, runOf(seed, 10))
		s.Cells[0].Kept = append(s.Cells[0].Kept, Kept{seed, fmt.Sprintf("cell1-seed%d", seed)})
	}
	b, err := RenderSweep(s)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, part := range []string{`<a href="./interval=1%20s,heartbeat=50%25%23-seed4/report.html" title="the page of seed 4" class="bad">4</a>`,
		`<span class="bad" title="seed 5 failed; its page was not kept">5</span>`,
		`<a href="./cell1-seed7/report.html" title="the page of seed 7">7</a> …`} {
		if !strings.Contains(page, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	if n := strings.Count(page, `/report.html"`); n != 1+seedsMax {
		t.Errorf("the page has %d links to runs, want %d", n, 1+seedsMax)
	}
}

// TestKeysAreNamedAsInTheirOwnFiles: Flink's, Kafka's and their connectors'.
func TestKeysAreNamedAsInTheirOwnFiles(t *testing.T) {
	for path, want := range map[string]string{
		"deployment.flinkConfiguration.heartbeat.timeout": "heartbeat.timeout",
		"pipeline.broker.min.insync.replicas":             "min.insync.replicas",
		"pipeline.sink.sink.transaction-naming-strategy":  "sink.transaction-naming-strategy",
		"pipeline.source.properties.isolation.level":      "properties.isolation.level",
		"deployment.taskManager.replicas":                 "deployment.taskManager.replicas",
	} {
		if got := flinkKey(path); got != want {
			t.Errorf("%s is named %s, not %s", path, got, want)
		}
	}
}

// TestSweepsOfOddShape: no runs, one cell, three axes, words for values, no recoveries.
func TestSweepsOfOddShape(t *testing.T) {
	one := Cell{Verdict: "PASS", Passed: true, Runs: []Summary{{Passed: true, Verdict: "PASS"}}}
	words := Cell{Values: []string{"true"}, Passed: true, Runs: []Summary{runOf(1, 10)}}
	for name, s := range map[string]*Sweep{
		"nothing":   {},
		"seeds":     {Cells: []Cell{one}},
		"no runs":   {Axes: []Axis{{"execution.checkpointing.interval", []string{"1 s"}}}, Cells: []Cell{{Values: []string{"1 s"}}}},
		"one value": {Axes: []Axis{{"execution.checkpointing.interval", []string{"1 s"}}}, Cells: []Cell{{Values: []string{"1 s"}, Runs: []Summary{runOf(1, 1)}}}},
		"words":     {Axes: []Axis{{"unaligned", []string{"false", "true"}}}, Cells: []Cell{words}},
		"three":     {Axes: []Axis{{"a", []string{"1"}}, {"b", []string{"1"}}, {"c", []string{"1"}}}, Cells: []Cell{{Values: []string{"1", "1", "1"}, Runs: []Summary{runOf(1, 1)}}}},
	} {
		b, err := RenderSweep(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		page, _, _ := strings.Cut(string(b), "<script>")
		if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
			t.Errorf("%s: the page has a number that is none", name)
		}
	}
}

// TestLawsAreFoundAgain: points made by a law give its constants back.
func TestLawsAreFoundAgain(t *testing.T) {
	var x, y []float64
	for _, interval := range []float64{1, 5, 10, 60} {
		x, y = append(x, 1/interval), append(y, 5000*(1-0.05/interval))
	}
	f, ok := fit(x, y)
	if !ok || math.Abs(-f.Slope/f.Intercept-0.05) > 1e-9 || f.R2 < 0.999 {
		t.Errorf("fitted %+v, want a cost of 0.05 s", f)
	}
	if _, ok := fit([]float64{2, 2, 2}, []float64{1, 2, 3}); ok {
		t.Error("a line through one x was fitted")
	}
}

func TestSweepSummary(t *testing.T) {
	b, err := json.Marshal(SweepSummaryOf(intervals()))
	if err != nil {
		t.Fatal(err)
	}
	var back SweepSummary
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Runs) != 120 || len(back.Cells) != 6 || back.Cells[4].Good != 19 || back.Runs[0].Cell[0] != "1 s" {
		t.Errorf("%d runs, %d cells: %+v", len(back.Runs), len(back.Cells), back.Cells[4])
	}
	if back.Schema != "flinch/sweep/v1" || back.Runs[0].Schema != "flinch/run/v1" {
		t.Errorf("schemas %q and %q", back.Schema, back.Runs[0].Schema)
	}
	if q := back.Cells[0].Metrics["recovery.total"]; !(q.P5 <= q.P50 && q.P50 <= q.P95 && q.P95 <= q.Max) {
		t.Errorf("quantiles out of order: %+v", q)
	}
}
