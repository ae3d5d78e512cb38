package scenarios

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/checker"
)

func load(t *testing.T, paths []string, vars ...string) []*scenario.Entry {
	t.Helper()
	suite := scenario.Load(paths, scenario.Options{Vars: vars})
	if suite.Problems.Errors() > 0 {
		t.Fatal(suite.Problems)
	}
	return suite.Entries
}

func execute(t *testing.T, cell scenario.Cell, seed uint64) *chaos.Outcome {
	t.Helper()
	o, err := chaos.Execute(context.Background(), chaos.On{Backend: fault.Sim}, cell, seed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Every cell of every scenario comes to what it says: the good ones hold, the known-bad ones are caught.
func TestShippedScenariosComeToWhatTheySay(t *testing.T) {
	for _, e := range load(t, []string{"."}) {
		for _, cell := range e.Cells {
			t.Run(e.Name+"/"+cell.Name, func(t *testing.T) {
				t.Parallel()
				if o := execute(t, cell, e.Seeds()[0]); !o.Passed() {
					t.Errorf("%s: %s\n  again: go run ./cmd/chaos run scenarios/%s --seed %d", o.Word, o.Reason, e.File, o.Seed)
				}
			})
		}
	}
}

// A check that has never been seen to fail proves nothing: each scenario has a twin that must be caught.
func TestEveryScenarioHasAKnownBadTwin(t *testing.T) {
	twins := map[string]bool{}
	for _, e := range load(t, []string{"known-bad"}) {
		twins[e.Scenario.Metadata.Labels["twin"]] = true
		for _, cell := range e.Cells {
			if cell.Expected().Expect != "violates" {
				t.Errorf("%s, cell %s: a known-bad scenario must say what it violates", e.File, cell.Name)
			}
		}
	}
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range load(t, files) {
		hasBadCell := false
		for _, cell := range e.Cells {
			hasBadCell = hasBadCell || cell.Expected().Expect == "violates"
		}
		if !twins[e.Name] && !hasBadCell {
			t.Errorf("%s has no twin under known-bad, and no cell that is known to be bad", e.File)
		}
	}
}

// The same seed gives the same run, whatever the Go runtime does meanwhile; another seed gives another.
func TestSameSeedSameTrace(t *testing.T) {
	cell := load(t, []string{"jm-failover.yaml"})[0].Cells[0]
	first := execute(t, cell, 7)
	t.Run("once more", func(t *testing.T) { sameTrace(t, first, execute(t, cell, 7)) })
	t.Run("on one thread", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		sameTrace(t, first, execute(t, cell, 7))
	})
	t.Run("with a busy garbage collector", func(t *testing.T) {
		defer debug.SetGCPercent(debug.SetGCPercent(10))
		sameTrace(t, first, execute(t, cell, 7))
	})
	t.Run("another seed", func(t *testing.T) {
		if o := execute(t, cell, 8); o.TraceHash == first.TraceHash {
			t.Errorf("seeds 7 and 8 have the same trace hash %x", o.TraceHash)
		}
	})
}

func sameTrace(t *testing.T, a, b *chaos.Outcome) {
	t.Helper()
	if a.TraceHash != b.TraceHash || a.Events != b.Events || len(a.Run.Events) != len(b.Run.Events) {
		t.Errorf("trace %x of %d events, then %x of %d", a.TraceHash, a.Events, b.TraceHash, b.Events)
	}
}

// Real flights, and the leader dies among them: the last committed total of every airport is a plain sum over
// the file.
func TestFlightsSumUpThroughAFailover(t *testing.T) {
	file := "../../shared/data/flights/flights.jsonl"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("%s is not here: this test needs real flights", file)
	}
	want := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		var flight struct {
			Origin string
			Delay  int64
		}
		if err := json.Unmarshal([]byte(line), &flight); err != nil {
			t.Fatal(err)
		}
		want[flight.Origin] += flight.Delay
	}
	cell := load(t, []string{"jm-failover.yaml"}, "pipeline.source.records.path="+file, "pipeline.source.records.format=json",
		"pipeline.source.records.key=origin", "pipeline.source.records.value=delay")[0].Cells[0]
	o := execute(t, cell, 7)
	if !o.Passed() {
		t.Fatalf("%s: %s", o.Word, o.Reason)
	}
	got := map[string]int64{}
	for _, out := range o.Run.Output {
		if out.Fate == checker.Committed {
			got[out.Key] = out.Value
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d airports came out, %d were in the file", len(got), len(want))
	}
	for airport, total := range want {
		if got[airport] != total {
			t.Errorf("%s: the last total is %d, the sum over the file %d", airport, got[airport], total)
		}
	}
}
