package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// A panic in a worker would end the program with Go's exit code 2, which means "inconclusive" here.
func TestAPanicInARunIsABugOfOurs(t *testing.T) {
	b := batch{entry: small(t), backend: fault.Sim, seeds: []uint64{7}}
	done := b.one(context.Background(), job{seed: 7}, func(time.Duration) { panic("the sky fell") })
	var e exit
	if !errors.As(done.err, &e) || e.code != exitBug || done.summary != nil {
		t.Fatalf("the run came to %+v", done)
	}
	for _, part := range []string{"a bug of ours, chaos run ", "small.yaml --seed 7: the sky fell\n", "batch_test.go"} {
		if !strings.Contains(e.text, part) {
			t.Errorf("%q is not in:\n%s", part, e.text)
		}
	}
}

// An interrupt before the first run leaves nothing behind that looks like a run.
func TestAnInterruptBeforeTheFirstRunLeavesNoFolder(t *testing.T) {
	b := batch{entry: small(t), backend: fault.Sim, seeds: []uint64{7}, parallel: 1}
	t.Chdir(t.TempDir())
	interrupted, interrupt := context.WithCancel(context.Background())
	interrupt()
	if came, err := b.run(interrupted, io.Discard); came != nil || err != nil {
		t.Errorf("the outcome is %v, the error %v", came, err)
	}
	if code := run(interrupted, []string{"run", b.entry.File}, io.Discard, io.Discard); code != 130 {
		t.Errorf("the exit code is %d, not 130", code)
	}
	if left, _ := filepath.Glob("store/small/*"); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// Two runs of the same second, with the same seed, do not write over each other.
func TestEveryRunHasAFolderOfItsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	seen := map[string]bool{}
	for range 5 {
		dir, err := folder("", "same", "seed7")
		if err != nil || seen[dir] {
			t.Errorf("%s is given twice: %v", dir, err)
		}
		seen[dir] = true
	}
}

func small(t *testing.T) *scenario.Entry {
	t.Helper()
	path, err := filepath.Abs("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := scenario.Load([]string{path}, scenario.Options{})
	if s.Problems.Errors() > 0 {
		t.Fatal(s.Problems)
	}
	return s.Entries[0]
}

func TestTheKeeperKeepsFailuresAndOneGoodRunOfEachCell(t *testing.T) {
	k := newKeeper(2)
	var kept []bool
	for _, r := range []struct {
		cell   int
		passed bool
	}{{0, true}, {0, true}, {1, false}, {1, true}, {1, true}} {
		kept = append(kept, k.wants(r.cell, r.passed))
	}
	if want := []bool{true, false, true, true, false}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	failures := 1
	for range 1000 {
		if k.wants(0, false) {
			failures++
		}
	}
	if failures != failuresKept {
		t.Errorf("%d failing runs are kept, at most %d should be", failures, failuresKept)
	}
}
