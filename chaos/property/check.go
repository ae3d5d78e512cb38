package property

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// regressions is where failing plans go, beside the test that found them.
const regressions = "testdata/regressions"

// Check draws plans and runs them. The smallest plan that fails stays behind as a scenario file, and the test
// says by which command it is run again. rapid's flags apply: -rapid.checks=1000 draws that many.
func Check(t *testing.T) {
	kept, folder := "", t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		s := Draw(rt)
		text, err := s.YAML()
		if err != nil {
			rt.Fatal(err)
		}
		file := filepath.Join(folder, "drawn.yaml")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			rt.Fatal(err)
		}
		why, err := run(file)
		if err != nil {
			rt.Fatalf("a drawn plan is not a scenario: %v\n%s", err, text)
		}
		if why == "" {
			return
		}
		// rapid comes here again and again with smaller plans, and last with the smallest: that one stays.
		if kept != "" {
			os.Remove(kept)
		}
		if kept, err = keep(text); err != nil {
			rt.Fatal(err)
		}
		rt.Fatalf("%s\n  seed:  %d\n  file:  %s\n  again: go run ./cmd/chaos run %s", why, *s.Seed, kept, kept)
	})
}

// keep writes a failing plan, named by its content.
func keep(text []byte) (string, error) {
	name := fnv.New32a()
	name.Write(text)
	file, err := filepath.Abs(filepath.Join(regressions, fmt.Sprintf("drawn-%08x.yaml", name.Sum32())))
	if err == nil {
		err = os.MkdirAll(regressions, 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		return "", fmt.Errorf("keep a failing plan: %w", err)
	}
	return file, nil
}

// Replay runs every plan that has once failed.
func Replay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(regressions, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			why, err := run(file)
			if err != nil {
				t.Fatal(err)
			}
			if why != "" {
				t.Error(why)
			}
		})
	}
}

// run runs every cell of a scenario file and says what is wrong, or "".
func run(file string) (why string, err error) {
	suite := scenario.Load([]string{file}, scenario.Options{})
	if suite.Problems.Errors() > 0 {
		return "", fmt.Errorf("%s", suite.Problems)
	}
	for _, e := range suite.Entries {
		for _, cell := range e.Cells {
			for _, seed := range e.Seeds() {
				o, err := chaos.Execute(context.Background(), chaos.On{Backend: fault.Sim}, cell, seed, nil)
				if err != nil {
					return "", err
				}
				if why := wrong(o); why != "" {
					return why, nil
				}
			}
		}
	}
	return "", nil
}

// wrong says what is wrong with a run, or "". A check that is not decided had nothing to look at in this plan;
// a fault that found no victim is none.
func wrong(o *chaos.Outcome) string {
	switch o.Exit {
	case chaos.ExitPass:
		return ""
	case chaos.ExitInconclusive:
		if o.Run.Drained {
			return ""
		}
		return "the job did not come to rest after the faults: " + o.Pending
	}
	return o.Word + ": " + o.Reason
}
