package checker

import (
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/plan"
)

// Two applications in a row are judged as one: each order must have its effect in the last topic once, whatever the
// topic between them holds. There, the first attempt of transaction t1 has left an aborted copy of both records.
func TestTwoApplicationsAreJudgedEndToEnd(t *testing.T) {
	first := func() *build {
		return job(plan.KeyedSum).in(0, "a+1 b+2").abort(4, "t0", "0@0=1 0@1=2").commit(5, "t1", "0@0=1 0@1=2")
	}
	second := func() *build { return job(plan.KeyedCount) }
	for _, story := range []struct {
		title   string
		second  *build
		verdict Verdict
		anomaly string
	}{
		{"read committed", second().commit(9, "u1", "a:0@2=1 b:0@3=1"), Holds, ""},
		{"the second has aborted a copy too", second().abort(8, "u0", "a:0@2=1").commit(9, "u1", "a:0@2=1 b:0@3=1"), Holds, ""},
		{"the aborted copies were read as well", second().commit(9, "u1", "a:0@0=1 b:0@1=1 a:0@2=2 b:0@3=2"), Broken, Duplicated},
		{"one record got stuck between them", second().commit(9, "u1", "a:0@2=1"), Broken, Lost},
		{"a record from nowhere", second().commit(9, "u1", "a:0@2=1 b:0@3=1 b:0@7=1"), Broken, Unexpected},
	} {
		chain, err := Chain(&first().Run, &story.second.Run)
		if err != nil {
			t.Fatalf("%s: %v", story.title, err)
		}
		if r := Judge(chain, []string{"exactlyOnce"})[0]; r.Verdict != story.verdict || r.Anomaly != story.anomaly {
			t.Errorf("%s: %s (%s) %s, not %s (%s)", story.title, r.Verdict, r.Anomaly, r.Detail, story.verdict, story.anomaly)
		}
	}
	if _, err := Chain(&first().Run, &job(plan.Tumble).Run); err == nil || !strings.Contains(err.Error(), "a window stands for many records") {
		t.Errorf("a window in the chain: %v", err)
	}
}

// The first one's run, as the second one's, stays as it was.
func TestAChainLeavesItsRunsAlone(t *testing.T) {
	first := job(plan.KeyedSum).in(0, "a+1").commit(5, "t1", "0@0=1")
	second := job(plan.KeyedCount).in(0, "a+1").commit(9, "u1", "0@0=1")
	second.Output[0].Origin.Offset = 0
	if _, err := Chain(&first.Run, &second.Run); err != nil {
		t.Fatal(err)
	}
	if second.Pipeline.Operators[1].Name != "keyed-count-1" || second.Output[0].Origin.Offset != 0 {
		t.Errorf("the second run was changed: %v", second.Pipeline.Operators)
	}
}
