package operator

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/state"
)

// process takes a row of records, which are its own until it returns; their keys are views.
type process func(row []record.Record)

// Chain is operators one after the other, without source and sink.
type Chain struct {
	process   process
	keyed     []*keyed // those with state, in order
	groups    snapshot.Groups
	watermark record.EventTime
}

// keyed is an operator with state.
type keyed struct {
	name   id.Operator
	state  state.Backend
	window *window // else nil
}

// Frozen is the state of one operator at a snapshot. It may be read while the operator goes on.
type Frozen struct {
	Operator id.Operator
	Groups   snapshot.Groups
	view     state.Snapshot
}

// Size is about how many bytes the state has.
func (f Frozen) Size() int { return f.view.Size() }

// Bytes is the state as a file: the same state, the same bytes.
func (f Frozen) Bytes() []byte { return f.view.Bytes() }

// NewChain builds the operators of a chain for a subtask that owns some key groups. What comes out of the
// last one goes to emit, which may not keep it.
func NewChain(ops []plan.Operator, groups snapshot.Groups, maxParallelism int, emit func(row []record.Record)) (*Chain, error) {
	c := &Chain{process: emit, groups: groups, watermark: record.MinTime}
	for i := len(ops) - 1; i >= 0; i-- {
		op, next := ops[i], c.process
		switch op.Kind {
		case plan.Map:
			c.process = mapper(op, next)
		case plan.Filter:
			c.process = filter(op, next)
		case plan.KeyBy, plan.PassThrough:
			// What they do, they do to the plan.
		case plan.KeyedSum, plan.KeyedCount, plan.Tumble:
			k := &keyed{name: op.Name, state: state.NewHeap(groups, maxParallelism)}
			switch op.Kind {
			case plan.KeyedSum:
				c.process = sum(k.state, next)
			case plan.KeyedCount:
				c.process = count(k.state, next)
			default:
				k.window = newWindow(op, k.state, next)
				c.process = k.window.process
			}
			c.keyed = append([]*keyed{k}, c.keyed...)
		default:
			return nil, fmt.Errorf("operator %s: a %s cannot stand in the middle of a chain", op.Name, op.Kind)
		}
	}
	return c, nil
}

// Process sends a row of records through the chain. The operators change it.
func (c *Chain) Process(row []record.Record) { c.process(row) }

// Watermark lets event time pass. It returns false for a watermark that is not later than the last one.
func (c *Chain) Watermark(w record.EventTime) bool {
	if w <= c.watermark {
		return false
	}
	c.watermark = w
	for _, k := range c.keyed {
		if k.window != nil {
			k.window.fire(w)
		}
	}
	return true
}

// Late is how many records windows have dropped, since the start, because they came after their window had
// fired: Flink's numLateRecordsDropped.
func (c *Chain) Late() int64 {
	var n int64
	for _, k := range c.keyed {
		if k.window != nil {
			n += k.window.late
		}
	}
	return n
}

// Stateful says whether any operator has keyed state.
func (c *Chain) Stateful() bool { return len(c.keyed) > 0 }

// Freeze fixes the state of every operator as it is now.
func (c *Chain) Freeze() []Frozen {
	var all []Frozen
	for _, k := range c.keyed {
		all = append(all, Frozen{k.name, c.groups, k.state.Freeze()})
	}
	return all
}

// Restore adds the state in a file, as far as it is of this subtask's key groups.
func (c *Chain) Restore(op id.Operator, data []byte) error {
	for _, k := range c.keyed {
		if k.name == op {
			return k.state.Restore(data)
		}
	}
	return fmt.Errorf("there is state for operator %s, which is not in this chain; "+
		"was it renamed or removed? execution.state-recovery.ignore-unclaimed-state skips it", op)
}
