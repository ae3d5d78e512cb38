package checker

import (
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// Chain is two runs as one: the second reads the topic that the first writes. Its input is what the first read, its
// output what the second wrote, each record with the origin that it had in the first one's input, and its operators are
// those of both. So what must hold of one application can be asked of the two, end to end.
//
//	first.Input ─▶ operators of the first ─▶ first.Output = second.Input ─▶ operators of the second ─▶ second.Output
//
// The error says why the records of the two cannot be joined.
func Chain(first, second *Run) (*Run, error) {
	if windowed := slices.IndexFunc(slices.Concat(first.Pipeline.Operators, second.Pipeline.Operators),
		func(o plan.Operator) bool { return o.Kind == plan.Tumble }); windowed >= 0 {
		return nil, fmt.Errorf("a window stands for many records, and none of them is followed from one application into the other")
	}
	one := *second
	one.commits, one.index = nil, nil
	one.Input, one.Drained = first.Input, first.Drained && second.Drained
	one.Pipeline.Operators = joined(first.Pipeline, second.Pipeline)

	origins := make([][]Output, 0) // of the first one's output, by partition, in the order of offsets
	for rest := first.Output; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(o Output) bool { return o.Partition != rest[0].Partition })
		if n < 0 {
			n = len(rest)
		}
		for int(rest[0].Partition) >= len(origins) {
			origins = append(origins, nil)
		}
		origins[rest[0].Partition], rest = rest[:n], rest[n:]
	}
	one.Output = slices.Clone(second.Output)
	for i := range one.Output {
		out := &one.Output[i]
		out.Origin = originOf(origins, out.Origin)
	}
	return &one, nil
}

// originOf is the origin of the record that stands at a place of the topic between the two. A place where there is none
// is no record of the input either.
func originOf(origins [][]Output, at record.Origin) record.Origin {
	if int(at.Partition) < len(origins) {
		log := origins[at.Partition]
		if n, found := slices.BinarySearchFunc(log, at.Offset, func(o Output, offset int64) int { return int(o.Offset - offset) }); found {
			return log[n].Origin
		}
	}
	return record.Origin{Partition: at.Partition, Offset: -1}
}

// joined are the operators of both, without the sink and the source between them.
func joined(first, second plan.Pipeline) []plan.Operator {
	var all []plan.Operator
	var between []id.Operator // what the first one's sink reads
	for i, op := range first.Operators {
		if op.Kind.Sink() {
			if between = op.Inputs; len(between) == 0 && i > 0 {
				between = []id.Operator{first.Operators[i-1].Name}
			}
			continue
		}
		all = append(all, op)
	}
	renamed := func(name id.Operator) id.Operator { return "downstream/" + name }
	for i, op := range second.Operators {
		if op.Kind.Source() {
			continue
		}
		if len(op.Inputs) == 0 && i > 0 {
			op.Inputs = []id.Operator{second.Operators[i-1].Name}
		}
		var inputs []id.Operator
		for _, in := range op.Inputs {
			if at := slices.IndexFunc(second.Operators, func(o plan.Operator) bool { return o.Name == in }); second.Operators[at].Kind.Source() {
				inputs = append(inputs, between...)
			} else {
				inputs = append(inputs, renamed(in))
			}
		}
		op.Name, op.Inputs = renamed(op.Name), inputs
		all = append(all, op)
	}
	return all
}
