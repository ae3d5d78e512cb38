package sweep

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
)

func TestResultsComeInTheOrderOfTheJobs(t *testing.T) {
	seen := 0
	got := Run(context.Background(), []int{1, 2, 3, 4, 5}, 3, func(_ context.Context, n int) int { return n * n },
		func(int, int) bool { seen++; return true })
	if want := []int{1, 4, 9, 16, 25}; !slices.Equal(got, want) || seen != 5 {
		t.Errorf("got %v, %d seen", got, seen)
	}
}

func TestEveryWorkerHasARunUnderWay(t *testing.T) {
	const workers = 4
	var all atomic.Int64
	together := make(chan struct{})
	Run(context.Background(), make([]int, workers), workers, func(context.Context, int) int {
		if all.Add(1) == workers {
			close(together)
		}
		<-together // until all have come
		return 0
	}, func(int, int) bool { return true })
}

func TestFailFastStartsNoMore(t *testing.T) {
	ran := 0
	Run(context.Background(), make([]int, 100), 1, func(context.Context, int) int { ran++; return 1 }, func(int, int) bool { return false })
	if ran != 1 {
		t.Errorf("%d jobs ran, though the first had failed", ran)
	}
}

// Fail fast is no Ctrl-C: a run that is under way when another one fails has a verdict of its own.
func TestFailFastDoesNotInterruptRunsUnderWay(t *testing.T) {
	begun, failed := make(chan struct{}), make(chan struct{})
	got := Run(context.Background(), []string{"bad", "slow"}, 2, func(ctx context.Context, job string) string {
		if job == "bad" {
			<-begun
			return "failed"
		}
		close(begun)
		<-failed
		if ctx.Err() != nil {
			return "interrupted"
		}
		return "seen to its end"
	}, func(n int, _ string) bool {
		if n == 0 {
			close(failed)
		}
		return n != 0
	})
	if got[1] != "seen to its end" {
		t.Errorf("the other run was %s", got[1])
	}
}

func TestNothingStartsAfterAnInterrupt(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	got := Run(ctx, []int{7, 7, 7}, 1, func(context.Context, int) int { interrupt(); return 1 }, func(int, int) bool { return true })
	if want := []int{1, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAProvenFailureOutranksAnInconclusiveRun(t *testing.T) {
	for _, c := range []struct {
		codes []int
		want  int
	}{{nil, 0}, {[]int{0, 2, 0}, 2}, {[]int{2, 1, 3}, 1}, {[]int{2, 3}, 3}, {[]int{4, 2}, 4}, {[]int{1, 70}, 70}, {[]int{99}, 70}, {[]int{0, 130}, 130}} {
		if got := Worst(c.codes...); got != c.want {
			t.Errorf("worst of %v is %d, want %d", c.codes, got, c.want)
		}
	}
}
