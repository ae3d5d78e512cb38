package connector

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// making is a reader that makes up its rows, one of two.
type making struct {
	*DataGen
	t   *testing.T
	env *mailboxtest.Env
}

func makes(t *testing.T, op plan.Operator, splits ...wire.Split) *making {
	op.Kind = plan.DataGen
	g := &making{NewDataGen(op, Subtask{Attempt: id.Attempt{Subtask: 1}, Parallelism: 2}), t, mailboxtest.New("tm/task")}
	g.Assign(g.env, splits, false)
	return g
}

// rows makes up to n rows, and tells them as "key-1=77@3 of 0@3".
func (g *making) rows(n int) (told []string) {
	g.t.Helper()
	count := g.Emit(g.env, n, func(r record.Record) {
		told = append(told, fmt.Sprintf("%s=%d*%d@%d of %s", r.Key, r.Value, r.Count, r.Time, r.Origin))
	})
	if count != len(told) {
		g.t.Errorf("it says that it has made %d rows, and has made %d", count, len(told))
	}
	return told
}

// A row is the same whenever it is made, and whoever makes it: that is what a restore relies on. Its numbers never
// change from one release to the next.
func TestARowDependsOnItsPlaceAlone(t *testing.T) {
	op := plan.Operator{Name: "rows", Keys: 100}
	g := makes(t, op, wire.Split{Partition: 1})
	all := g.rows(7)
	if want := "[key-63=664*1@0 of 1@0 key-00=905*1@1 of 1@1 key-04=726*1@2 of 1@2]"; fmt.Sprint(all[:3]) != want {
		t.Errorf("the first rows are %v, want %s", all[:3], want)
	}
	restored := makes(t, op, wire.Split{Partition: 1, Offset: 4})
	if got, want := fmt.Sprint(restored.rows(3)), fmt.Sprint(all[4:]); got != want {
		t.Errorf("from 1@4 there come\n%s\nand at first came\n%s", got, want)
	}
	if got := g.Splits(); len(got) != 1 || got[0] != (wire.Split{Partition: 1, Offset: 7}) {
		t.Errorf("after seven rows it stands at %v", got)
	}
}

func TestEveryKeyIsAsLikely(t *testing.T) {
	g := makes(t, plan.Operator{Keys: 10}, wire.Split{Partition: 0}, wire.Split{Partition: 5})
	seen := map[string]int{}
	g.Emit(g.env, 10_000, func(r record.Record) { seen[string(r.Key)]++ })
	if len(seen) != 10 {
		t.Errorf("there are %d keys, want key-0 to key-9: %v", len(seen), seen)
	}
	for key, n := range seen {
		if n < 800 || n > 1200 {
			t.Errorf("%s comes %d times in 10 000 rows", key, n)
		}
	}
}

// A bounded source is done when its splits are, and when it knows that there will be no others.
func TestRowsHaveAnEnd(t *testing.T) {
	g := makes(t, plan.Operator{Keys: 1}, wire.Split{Partition: 0, Offset: 2, End: 3}, wire.Split{Partition: 1, End: 2})
	if n := len(g.rows(10)); n != 3 {
		t.Errorf("it made %d rows, want 1 and 2", n)
	}
	if g.Ready() || g.Done() {
		t.Errorf("it is ready %v and done %v, and may still be given a split", g.Ready(), g.Done())
	}
	g.Assign(g.env, []wire.Split{{Partition: 1, End: 2}}, true) // the answer to the last assignment was lost
	if g.Ready() || !g.Done() || len(g.rows(10)) != 0 {
		t.Errorf("all is made, and it is ready %v, done %v", g.Ready(), g.Done())
	}
}

// The split that is furthest back holds the watermark back, until it ends.
func TestTheWatermarkOfRows(t *testing.T) {
	g := makes(t, plan.Operator{Keys: 1, OutOfOrder: 5 * time.Millisecond}, wire.Split{Partition: 0, Offset: 10, End: 20}, wire.Split{Partition: 1, Offset: 100})
	for _, step := range []struct {
		rows int
		want record.EventTime
	}{{0, 9 - 5 - 1}, {1, 10 - 5 - 1}, {9, 99 - 5 - 1}, {1, 100 - 5 - 1}} {
		g.rows(step.rows)
		if got := g.Watermark(); got != step.want {
			t.Errorf("after %d rows more the watermark is %d, want %d", step.rows, got, step.want)
		}
	}
}

// The rate is that of all subtasks together. What was not used is saved for a second, and no longer.
func TestTheRateOfRows(t *testing.T) {
	g := makes(t, plan.Operator{Keys: 1, RowsPerSecond: 200}, wire.Split{Partition: 0})
	passes := func(after time.Duration, want int) {
		t.Helper()
		g.env.Clock = g.env.Clock.Add(after)
		if mine, err := g.Handle(g.env, refill{}); !mine || err != nil {
			t.Fatalf("the timer is the reader's: %v, %v", mine, err)
		}
		if got := len(g.rows(1000)); got != want || g.Ready() {
			t.Errorf("%s later it made %d rows, want %d; ready: %v", after, got, want, g.Ready())
		}
	}
	if n := len(g.rows(1000)); n != 0 {
		t.Errorf("it made %d rows before any time had passed", n)
	}
	passes(10*time.Millisecond, 1)
	passes(5*time.Millisecond, 0)
	passes(5*time.Millisecond, 1)
	passes(500*time.Millisecond, 50)
	passes(time.Hour, 100)
	passes(-time.Hour, 0) // clocks jump back too
	passes(time.Second, 100)
}

// A rate that is too small to be shared is not lost: no subtask may take it for none.
func TestARateBelowTheParallelism(t *testing.T) {
	g := makes(t, plan.Operator{Keys: 1, RowsPerSecond: 1}, wire.Split{Partition: 0})
	g.env.Clock = g.env.Clock.Add(time.Second)
	if _, err := g.Handle(g.env, refill{}); err != nil {
		t.Fatal(err)
	}
	if n := len(g.rows(1000)); n != 1 {
		t.Errorf("it made %d rows in a second, want 1", n)
	}
}
