package sweep

import (
	"context"
	"slices"
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

func TestFailFastStartsNoMore(t *testing.T) {
	ran := 0
	Run(context.Background(), make([]int, 100), 1, func(context.Context, int) int { ran++; return 1 }, func(int, int) bool { return false })
	if ran > 2 {
		t.Errorf("%d jobs ran after the first had failed", ran)
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
