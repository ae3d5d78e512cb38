package operator

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

const maxParallelism = 128

var everything = snapshot.Groups{First: 0, Last: maxParallelism - 1}

// play is a chain, told in short lines: "a=5@30" is a record with key a, value 5 and time 30, and "watermark 30"
// lets event time pass. What comes out is told like "a=5*2@30": with how many records it stands for.
type play struct {
	*Chain
	t   *testing.T
	out []string
}

func perform(t *testing.T, groups snapshot.Groups, ops ...plan.Operator) *play {
	t.Helper()
	p := &play{t: t}
	c, err := NewChain(ops, groups, maxParallelism, func(row []record.Record) {
		for _, r := range row {
			p.out = append(p.out, fmt.Sprintf("%s=%d*%d@%d", r.Key, r.Value, r.Count, r.Time))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Chain = c
	return p
}

// takes plays a line, and compares what comes out of it.
func (p *play) takes(line string, want ...string) {
	p.t.Helper()
	p.out = nil
	var r record.Record
	if _, err := fmt.Sscanf(line, "watermark %d", &r.Time); err == nil {
		p.Watermark(r.Time)
	} else {
		key, rest, _ := strings.Cut(line, "=")
		if _, err := fmt.Sscanf(rest, "%d@%d", &r.Value, &r.Time); err != nil {
			p.t.Fatalf("%q is no line of a play: %v", line, err)
		}
		r.Key, r.Count = []byte(key), 1
		p.Process([]record.Record{r})
	}
	if !slices.Equal(p.out, want) {
		p.t.Errorf("after %q came\n  %s\nwant\n  %s", line, strings.Join(p.out, "\n  "), strings.Join(want, "\n  "))
	}
}

func tumble(size time.Duration) plan.Operator {
	return plan.Operator{Name: "window", Kind: plan.Tumble, Window: size}
}

func TestMapComputes(t *testing.T) {
	p := perform(t, everything, plan.Operator{Name: "map", Kind: plan.Map, Multiply: -2, Add: 3})
	p.takes("a=5@1", "a=-7*1@1")
	p.takes("a=0@2", "a=3*1@2")
}

func TestFilterKeepsARemainder(t *testing.T) {
	for _, c := range []struct {
		modulo, remainder int64
		keeps, drops      []int64
	}{
		{3, 1, []int64{1, 4, -2, -5, math.MaxInt64, math.MinInt64}, []int64{0, 2, 3, -1}},
		{math.MaxInt64, math.MaxInt64 - 1, []int64{-1, math.MaxInt64 - 1}, []int64{0, 1, math.MaxInt64}},
		{0, 0, []int64{0, 1, -1, math.MinInt64}, nil},
	} {
		p := perform(t, everything, plan.Operator{Name: "filter", Kind: plan.Filter, Modulo: c.modulo, Remainder: c.remainder})
		for _, v := range c.keeps {
			p.takes(fmt.Sprintf("a=%d@1", v), fmt.Sprintf("a=%d*1@1", v))
		}
		for _, v := range c.drops {
			p.takes(fmt.Sprintf("a=%d@1", v))
		}
	}
}

// What key-by and pass-through do, they do to the plan: a record goes through them as it is.
func TestARecordGoesThroughUnchanged(t *testing.T) {
	for _, ops := range [][]plan.Operator{{}, {{Name: "key", Kind: plan.KeyBy}}, {{Name: "pass", Kind: plan.PassThrough}}} {
		var got record.Record
		c, err := NewChain(ops, everything, maxParallelism, func(row []record.Record) { got = row[0] })
		if err != nil {
			t.Fatal(err)
		}
		want := record.Record{Key: []byte("a"), Value: 5, Count: 7, Time: 3, Origin: record.Origin{Partition: 2, Offset: 9}}
		c.Process([]record.Record{want})
		if fmt.Sprint(got) != fmt.Sprint(want) || c.Stateful() || len(c.Freeze()) > 0 {
			t.Errorf("%v made %v of %v, with state: %v", ops, got, want, c.Stateful())
		}
	}
}

// The order of the operators is that of the plan, and what one drops the next never sees.
func TestOperatorsFollowEachOther(t *testing.T) {
	p := perform(t, everything,
		plan.Operator{Name: "double", Kind: plan.Map, Multiply: 2},
		plan.Operator{Name: "fours", Kind: plan.Filter, Modulo: 4},
		plan.Operator{Name: "sum", Kind: plan.KeyedSum},
		plan.Operator{Name: "next", Kind: plan.Map, Multiply: 1, Add: 1})
	p.takes("a=1@1")
	p.takes("a=2@2", "a=5*1@2")
	p.takes("a=3@3")
	p.takes("a=4@4", "a=13*1@4")
}

func TestKeyedSumRuns(t *testing.T) {
	p := perform(t, everything, plan.Operator{Name: "sum", Kind: plan.KeyedSum})
	p.takes("a=5@1", "a=5*1@1")
	p.takes("b=1@2", "b=1*1@2")
	p.takes("a=-7@3", "a=-2*1@3")
	p.takes("watermark 9")
	p.takes("a=1@4", "a=-1*1@4") // event time is nothing to it: no record is late
}

func TestKeyedCountRuns(t *testing.T) {
	p := perform(t, everything, plan.Operator{Name: "count", Kind: plan.KeyedCount})
	p.takes("a=5@1", "a=1*1@1")
	p.takes("b=5@2", "b=1*1@2")
	p.takes("a=0@3", "a=2*1@3")
}

// A window fires when the watermark reaches its last millisecond, not before, and once.
func TestAWindowFiresWhenTheWatermarkPassesItsEnd(t *testing.T) {
	p := perform(t, everything, tumble(10*time.Millisecond))
	p.takes("a=1@0")
	p.takes("a=2@9")
	p.takes("a=4@10") // of the next
	p.takes("watermark 8")
	p.takes("watermark 9", "a=3*2@10")
	p.takes("watermark 9")
	p.takes("watermark 18")
	p.takes("watermark 19", "a=4*1@20")
	p.takes("watermark 1000")
	if n := p.keyed[0].state.Len(); n != 0 {
		t.Errorf("%d windows have fired, and are still in the state", n)
	}
}

// Timers go off in the order of time, and within one moment in the order of keys, however the records came.
func TestWindowsFireInOrder(t *testing.T) {
	p := perform(t, everything, tumble(10*time.Millisecond))
	for _, line := range []string{"b=1@25", "a=2@25", "c=3@5", "b=4@15", "a=5@15", "a=6@5"} {
		p.takes(line)
	}
	p.takes("watermark 19", "a=6*1@10", "c=3*1@10", "a=5*1@20", "b=4*1@20")
	p.takes(fmt.Sprint("watermark ", record.MaxTime), "a=2*1@30", "b=1*1@30") // the end of input
}

// A record is late when its window has fired: as long as it has not, disorder does no harm. Late records are
// dropped, counted, and leave nothing behind.
func TestALateRecordIsDroppedAndCounted(t *testing.T) {
	p := perform(t, everything, plan.Operator{Name: "map", Kind: plan.Map, Multiply: 1}, tumble(10*time.Millisecond))
	p.takes("a=1@25")
	p.takes("watermark 15")
	p.takes("a=2@12") // behind the watermark, but its window is open
	p.takes("a=4@9")
	p.takes("a=8@3")
	p.takes("watermark 19", "a=2*1@20")
	p.takes("a=16@19")
	p.takes("watermark 29", "a=1*1@30")
	if p.Late() != 3 || p.keyed[0].state.Len() != 0 {
		t.Errorf("%d records were late, want 3; %d windows are left", p.Late(), p.keyed[0].state.Len())
	}
}

// Event time may lie before 1970, and does when a source has no timestamps (Kafka then says -1).
func TestWindowsBefore1970(t *testing.T) {
	p := perform(t, everything, tumble(10*time.Millisecond))
	p.takes("a=1@-1")
	p.takes("a=2@-10")
	p.takes("a=4@-11")
	p.takes("watermark -11", "a=4*1@-10")
	p.takes("watermark -1", "a=3*2@0")
	p.takes("a=8@-5")
	if p.Late() != 1 {
		t.Errorf("%d records were late, want 1", p.Late())
	}
}

// Event time never goes back: an older watermark changes nothing, and is not passed on.
func TestAnOldWatermarkIsNone(t *testing.T) {
	p := perform(t, everything, tumble(10*time.Millisecond))
	for _, c := range []struct {
		watermark record.EventTime
		passes    bool
	}{{record.MinTime, false}, {5, true}, {5, false}, {4, false}, {6, true}, {record.MaxTime, true}, {record.MaxTime, false}} {
		if got := p.Watermark(c.watermark); got != c.passes {
			t.Errorf("watermark %d passes: %v", c.watermark, got)
		}
	}
}

// What a window emits goes through the operators behind it before the watermark does.
func TestAFiringWindowFeedsWhatFollows(t *testing.T) {
	p := perform(t, everything, tumble(10*time.Millisecond), plan.Operator{Name: "sum", Kind: plan.KeyedSum},
		plan.Operator{Name: "longer", Kind: plan.Tumble, Window: 15 * time.Millisecond})
	p.takes("a=1@5")
	p.takes("a=2@15")
	p.takes("watermark 29", "a=1*1@15", "a=3*1@30")
	if p.Late() != 0 {
		t.Errorf("%d of a window's own records were late for the next", p.Late())
	}
}

// A snapshot is the state between two records. What comes after does not get in, and whoever restores it goes on
// as if nothing had happened.
func TestARestoreGoesOn(t *testing.T) {
	ops := []plan.Operator{{Name: "sum", Kind: plan.KeyedSum}, {Name: "count", Kind: plan.KeyedCount}, tumble(10 * time.Millisecond)}
	p := perform(t, everything, ops...)
	p.takes("a=5@1")
	p.takes("b=1@2")
	p.takes("a=5@12")
	frozen := p.Freeze()
	p.takes("a=100@3")
	p.takes("watermark 19", "a=4*2@10", "b=1*1@10", "a=2*1@20")

	q := perform(t, everything, ops...)
	for i, f := range frozen {
		if f.Operator != ops[i].Name || f.Groups != everything || f.Size() == 0 {
			t.Errorf("state %d is of %s, for key groups %v, %d bytes", i, f.Operator, f.Groups, f.Size())
		}
		if err := q.Restore(f.Operator, f.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	q.takes("watermark 9", "a=1*1@10", "b=1*1@10") // the window that was open fires with what it had
	q.takes("a=1@12")                              // the sum is 11 now, and the count 3
	q.takes("watermark 19", "a=5*2@20")
	if p.Late() != 0 || q.Late() != 0 {
		t.Error("a record was late")
	}
}

// At another parallelism everybody takes its own key groups out of the same files, and nobody another's.
func TestARescaledChainTakesItsOwnKeys(t *testing.T) {
	sum := plan.Operator{Name: "sum", Kind: plan.KeyedSum}
	p := perform(t, everything, sum)
	keys := strings.Split("abcdefghijklmnop", "")
	for _, k := range keys {
		p.takes(k+"=7@1", k+"=7*1@1")
	}
	file := p.Freeze()[0].Bytes()
	var parts []*play
	for i := range 3 {
		part := perform(t, plan.GroupsOf(i, maxParallelism, 3), sum)
		if err := part.Restore("sum", file); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	for _, k := range keys {
		owner := plan.Owner(plan.KeyGroup([]byte(k), maxParallelism), maxParallelism, 3)
		parts[owner].takes(k+"=1@2", k+"=8*1@2")
	}
	for i, part := range parts {
		if part.keyed[0].state.Len() == 0 || part.keyed[0].state.Len() == len(keys) {
			t.Errorf("subtask %d has %d keys of %d", i, part.keyed[0].state.Len(), len(keys))
		}
	}
}

func TestWhatCannotBeBuiltOrRestoredIsAnError(t *testing.T) {
	for _, kind := range []plan.Kind{plan.KafkaSource, plan.FileSink, "join"} {
		_, err := NewChain([]plan.Operator{{Name: "x", Kind: kind}}, everything, maxParallelism, nil)
		if want := fmt.Sprintf("operator x: a %s cannot stand in the middle of a chain", kind); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	p := perform(t, everything, plan.Operator{Name: "sum", Kind: plan.KeyedSum})
	if err := p.Restore("total", nil); err == nil || !strings.Contains(err.Error(), "state for operator total, which is not in this chain") {
		t.Errorf("state that nobody claims: %v", err)
	}
	if err := p.Restore("sum", []byte("no state")); err == nil {
		t.Error("a damaged file was restored")
	}
}

// BenchmarkChain is what a record costs in the operators of a chain, without the channels around it.
func BenchmarkChain(b *testing.B) {
	half := plan.Operator{Name: "filter", Kind: plan.Filter, Modulo: 2}
	double := plan.Operator{Name: "map", Kind: plan.Map, Multiply: 3}
	for _, c := range []struct {
		name string
		ops  []plan.Operator
	}{
		{"map-filter", []plan.Operator{double, half}},
		{"map-sum", []plan.Operator{double, {Name: "sum", Kind: plan.KeyedSum}}},
		{"map-window", []plan.Operator{double, tumble(time.Second)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			emitted := 0
			chain, err := NewChain(c.ops, everything, maxParallelism, func(row []record.Record) { emitted += len(row) })
			if err != nil {
				b.Fatal(err)
			}
			keys := make([][]byte, 10_000)
			for i := range keys {
				keys[i] = fmt.Append(nil, "customer-", i)
			}
			b.ReportAllocs()
			n := 0
			row := make([]record.Record, 100)
			for b.Loop() {
				at := record.EventTime(n / 100) // every key ten times a second
				for i := range row {
					row[i] = record.Record{Key: keys[n%len(keys)], Value: int64(n), Count: 1, Time: at}
					n++
				}
				chain.Process(row)
				if n%10_000 == 0 {
					chain.Watermark(at)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
