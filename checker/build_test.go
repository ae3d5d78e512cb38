package checker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// A builder of small runs by hand. Times are in seconds; a source record says key+value, an output record
// says where it came from and its value:
//
//	b := job(plan.KeyedSum)
//	b.in(0, "a+1 b+2 a+3")
//	b.commit(5, "t1", "0@0=1 0@1=2")
//	b.abort(6, "t2", "0@2=4")

type build struct{ Run }

// job is a drained run of source → the given operators → exactly-once sink.
func job(kinds ...plan.Kind) *build {
	b := &build{Run{Drained: true, End: 100 * time.Second}}
	b.Pipeline = plan.Pipeline{Name: "orders", Parallelism: 2, Operators: []plan.Operator{{Name: "source", Kind: plan.KafkaSource}}}
	for i, kind := range append(kinds, plan.KafkaSink) {
		op := plan.Operator{Name: id.Operator(fmt.Sprintf("%s-%d", kind, i+1)), Kind: kind, Inputs: []id.Operator{b.Pipeline.Operators[i].Name}}
		switch kind {
		case plan.Map:
			op.Multiply, op.Add = 10, 1
		case plan.Filter:
			op.Modulo = 2
		case plan.Tumble:
			op.Window = 10 * time.Millisecond
		case plan.KafkaSink:
			op.Guarantee, op.TransactionTimeout = plan.ExactlyOnce, 15*time.Minute
		}
		b.Pipeline.Operators = append(b.Pipeline.Operators, op)
	}
	return b
}

// op is one of the operators, to change it.
func (b *build) op(kind plan.Kind) *plan.Operator {
	for i := range b.Pipeline.Operators {
		if b.Pipeline.Operators[i].Kind == kind {
			return &b.Pipeline.Operators[i]
		}
	}
	panic("the pipeline has no " + string(kind))
}

func (b *build) guarantee(g plan.Guarantee) *build {
	b.op(plan.KafkaSink).Guarantee = g
	return b
}

// in appends records to a source partition, a tenth of a second apart: "a+1", or "a+1@25" with an event time.
func (b *build) in(partition int32, records string) *build {
	log := InputLog{Partition: partition}
	for i, text := range strings.Fields(records) {
		text, at, _ := strings.Cut(text, "@")
		key, value, _ := strings.Cut(text, "+")
		log.Records = append(log.Records, Input{Offset: int64(i), Key: key, Value: number(value), Time: record.EventTime(number(at)),
			Appended: time.Duration(i+1) * 100 * time.Millisecond})
	}
	b.Input = append(b.Input, log)
	return b
}

// commit, abort and open write a transaction's records to partition 0; it is decided at the given second and
// was written one second before. "0@3=7" is the output of a source record, "z:0@3=7" has another key, "a/10=7*2"
// is a window with its count.
func (b *build) commit(at float64, transaction, records string) *build {
	return b.write(at, transaction, Committed, records)
}
func (b *build) abort(at float64, transaction, records string) *build {
	return b.write(at, transaction, Aborted, records)
}
func (b *build) open(at float64, transaction, records string) *build {
	return b.write(at, transaction, Open, records)
}

func (b *build) write(at float64, transaction string, fate Fate, records string) *build {
	for _, text := range strings.Fields(records) {
		out := Output{Offset: int64(len(b.Output)), Transaction: transaction, ProducerID: 7, Epoch: 1, Fate: fate, Count: 1,
			Appended: seconds(at - 1), Visible: seconds(at), Decided: seconds(at)}
		what, value, _ := strings.Cut(text, "=")
		value, count, window := strings.Cut(value, "*")
		out.Value = number(value)
		if window {
			key, end, _ := strings.Cut(what, "/")
			out.Key, out.Time, out.Count = key, record.EventTime(number(end)), number(count)
		} else {
			key, origin, other := strings.Cut(what, ":")
			if !other {
				origin = what
			}
			partition, offset, _ := strings.Cut(origin, "@")
			out.Origin = record.Origin{Partition: int32(number(partition)), Offset: number(offset)}
			out.Key = key
			if !other {
				out.Key = b.keyOf(out.Origin)
			}
		}
		b.Output = append(b.Output, out)
	}
	return b
}

func (b *build) keyOf(o record.Origin) string {
	for _, log := range b.Input {
		if log.Partition == o.Partition && o.Offset < int64(len(log.Records)) {
			return log.Records[o.Offset].Key
		}
	}
	return "?"
}

// note adds events of one process at a second.
func (b *build) note(at float64, process string, events ...history.Event) *build {
	for _, e := range events {
		b.Events = append(b.Events, history.Entry{N: len(b.Events) + 1, At: seconds(at), Process: process, Actor: process, Event: e})
	}
	return b
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && text != "" {
		panic(err)
	}
	return n
}

// story is a run, and what a check must say of it.
type story struct {
	name    string
	run     *build
	verdict Verdict
	anomaly string
	at      float64 // of a broken run: when
	says    string  // part of the detail
}

// tell checks the stories of one check. Each check must have one for every verdict: one that cannot fail, or
// never admits that it does not know, is worth nothing.
func tell(t *testing.T, check string, stories ...story) {
	t.Helper()
	told := map[Verdict]bool{}
	for _, s := range stories {
		told[s.verdict] = true
		t.Run(s.name, func(t *testing.T) {
			got := Judge(&s.run.Run, []string{check})[0]
			if got.Verdict != s.verdict || got.Anomaly != s.anomaly || !strings.Contains(got.Detail, s.says) {
				t.Fatalf("%s is %s %s: %s\nwant %s %s: ...%s...", check, got.Verdict, got.Anomaly, got.Detail, s.verdict, s.anomaly, s.says)
			}
			switch {
			case got.Verdict == Holds && got.Looked <= 0:
				t.Error("it holds, and looked at nothing")
			case got.Verdict == Broken && got.At != seconds(s.at):
				t.Errorf("broken at %s, want %s: %s", got.At, seconds(s.at), got.Detail)
			}
		})
	}
	for _, v := range []Verdict{Holds, Broken, NotDecided} {
		if !told[v] {
			t.Errorf("no story of %s has the verdict %q", check, v)
		}
	}
}
