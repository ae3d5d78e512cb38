package checker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// Bounds of the counter's history: of each key the first so many answers in committed order, and so many
// operations in all. What was committed later cannot explain an earlier answer, as long as the output of a key
// is in the order of its effects; where it is not, movingCut is broken too.
const (
	counterKeyMax = 10_000
	counterOpsMax = 100_000
)

// counterState is the state of one key in each operator of the chain, at most four of them.
type counterState [4]int64

// counterAdd is a source record seen as a call: add value, answer the key's new running value.
type counterAdd struct {
	value  int64
	record string
	again  bool // the second answer to a call: no service gives one
}

// counter sees the job as a service: a source record is the call "add v", sent when it was appended, and its
// committed output is the answer, received when readers could see it. A record without an answer may have
// taken effect.
func counter(run *Run) object {
	o := object{name: "counter", ops: map[string][]porcupine.Operation{}}
	t, err := interpret(run.Pipeline)
	if err == nil && (t.shape != keyed || len(t.before) != 1 || len(t.after) > len(counterState{})) {
		err = fmt.Errorf("the job is no counter: it needs one way through a keyed sum or count, and up to %d operators after it", len(counterState{})-1)
	}
	if err == nil && t.sink.Guarantee != plan.ExactlyOnce {
		err = fmt.Errorf("the sink's delivery guarantee is %s: the service may answer twice", t.sink.Guarantee)
	}
	var index *Index
	if err == nil {
		index, err = indexed(run)
	}
	if err != nil {
		o.why = err.Error()
		return o
	}
	o.collect(run, t, index)
	if len(o.keys) == 0 {
		o.why = "the run has no calls of the counter"
	}
	o.model = counterModel(t)
	return o
}

func (o *object) collect(run *Run, t *topology, index *Index) {
	answered := make([]bool, index.Total)
	full := map[string]bool{}
	total := 0
	for _, i := range inCommitOrder(run) {
		out := &run.Output[i]
		n, in := index.Find(out.Origin)
		if n < 0 || in.Key != out.Key {
			continue
		}
		again := answered[n]
		answered[n] = true
		value, passes := t.before[0].apply(in.Value)
		if !passes {
			continue
		}
		if len(o.ops[in.Key]) >= counterKeyMax || total >= counterOpsMax {
			full[in.Key] = true
			continue
		}
		total++
		o.ops[in.Key] = append(o.ops[in.Key], porcupine.Operation{ClientId: int(out.Origin.Partition),
			Input: counterAdd{value, out.Origin.String(), again}, Call: int64(in.Appended), Output: out.Value, Return: int64(out.Visible)})
	}
	for _, log := range run.Input {
		for i := range log.Records {
			in := &log.Records[i]
			origin := record.Origin{Partition: log.Partition, Offset: in.Offset}
			n, _ := index.Find(origin)
			value, passes := t.before[0].apply(in.Value)
			if answered[n] || !passes || full[in.Key] || total >= counterOpsMax {
				continue
			}
			total++
			o.ops[in.Key] = append(o.ops[in.Key], pending(porcupine.Operation{ClientId: int(log.Partition),
				Input: counterAdd{value, origin.String(), false}, Call: int64(in.Appended)}))
		}
	}
	o.keys = slices.Sorted(maps.Keys(o.ops))
	if len(full) > 0 {
		o.skipped = fmt.Sprintf(" (the later operations of %d keys were left out)", len(full))
	}
}

func counterModel(t *topology) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return counterState{} },
		Step: func(state, input, output any) (bool, any) {
			next := state.(counterState)
			f := fold{t.after, next[:len(t.after)]}
			answer := f.add(input.(counterAdd).value)
			if _, open := output.(unanswered); open {
				return true, next
			}
			return answer == output.(int64) && !input.(counterAdd).again, next
		},
		DescribeOperation: func(input, output any) string {
			in := input.(counterAdd)
			if _, open := output.(unanswered); open {
				return fmt.Sprintf("add %d (record %s) → no answer", in.value, in.record)
			}
			return fmt.Sprintf("add %d (record %s) → %d", in.value, in.record, output)
		},
		DescribeState: func(state any) string { return fmt.Sprint(state.(counterState)[0]) },
	}
}

// answerOf finds the history entries about a counter's answer: those of its transaction.
func answerOf(run *Run, name string) []history.Entry {
	for i := range run.Output {
		if out := &run.Output[i]; out.Fate == Committed && out.Origin.String() == name {
			return aboutTransaction(run, out)
		}
	}
	return nil
}
