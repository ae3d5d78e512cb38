package checker

import (
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// pathsMax bounds the ways from the source to the sink: diamonds in a row multiply.
const pathsMax = 64

// shape is how much can be said of the output from the input alone.
type shape uint8

const (
	stateless shape = iota // every output is a function of one source record
	keyed                  // outputs are running values of a key: their order matters
	windowed               // one output per key and window
	mixed                  // how many outputs there must be is known, their values are not
)

// topology is a reference interpreter of a pipeline: what each source record must become. It has every way
// from the source to the sink, so a record that reaches the sink on two ways must come out twice.
type topology struct {
	source, sink plan.Operator
	shape        shape
	before       []path // the ways up to the first operator with state, or to the sink: maps and filters
	after        path   // keyed and windowed: what follows, from the first operator with state on
	ordered      bool   // records of a key and source partition cannot overtake each other

	foldOrdered   bool // nor before they reach an operator with state
	commitOrdered bool // nor after it: a key is committed in the order in which it was folded
}

// path is a chain of operators. Those that leave records alone are not in it.
type path []plan.Operator

// interpret reads a pipeline. The error says what about it cannot be judged.
func interpret(p plan.Pipeline) (*topology, error) {
	ops := map[id.Operator]plan.Operator{}
	var sources, sinks []plan.Operator
	for i, op := range p.Operators {
		if _, twice := ops[op.Name]; twice {
			return nil, fmt.Errorf("the pipeline has two operators called %q", op.Name)
		}
		if len(op.Inputs) == 0 && !op.Kind.Source() && i > 0 {
			op.Inputs = []id.Operator{p.Operators[i-1].Name} // as plan.Compile fills it in
		}
		ops[op.Name] = op
		if op.Kind.Source() {
			sources = append(sources, op)
		}
		if op.Kind.Sink() {
			sinks = append(sinks, op)
		}
	}
	if len(sources) != 1 || len(sinks) != 1 {
		return nil, fmt.Errorf("the pipeline has %d sources and %d sinks; records can be told apart only with one of each", len(sources), len(sinks))
	}
	switch source, sink := sources[0], sinks[0]; {
	case source.Kind == plan.DataGen:
		return nil, fmt.Errorf("source %q makes up its records: there is no input to compare the output with", source.Name)
	case sink.Kind == plan.Blackhole:
		return nil, fmt.Errorf("sink %q drops its records: there is no output to look at", sink.Name)
	}
	t := &topology{source: sources[0], sink: sinks[0], ordered: true, foldOrdered: true, commitOrdered: true}
	if t.sink.Guarantee == "" {
		t.sink.Guarantee = plan.ExactlyOnce // who promises nothing in particular is held to the most
	}

	var ways []path
	visits := map[id.Operator]int{}
	// gaps are the places of the way, counted from the sink, where records of a key may overtake each other.
	var walk func(op plan.Operator, rest path, gaps []int, depth int) error
	walk = func(op plan.Operator, rest path, gaps []int, depth int) error {
		if depth > len(ops) {
			return fmt.Errorf("the pipeline has a loop through operator %q", op.Name)
		}
		if visits[op.Name]++; op.Kind.Stateful() && visits[op.Name] > 1 {
			return fmt.Errorf("what operator %q, which has state, emits reaches the sink on several ways", op.Name)
		}
		if op.Kind.Source() {
			if ways = append(ways, rest); len(ways) > pathsMax {
				return fmt.Errorf("the pipeline has more than %d ways from its source to its sink", pathsMax)
			}
			for _, gap := range gaps {
				t.ordered = false
				t.foldOrdered = t.foldOrdered && !hasState(rest[len(rest)-gap:])
				t.commitOrdered = t.commitOrdered && !hasState(rest[:len(rest)-gap])
			}
			return nil
		}
		for _, name := range op.Inputs {
			from, there := ops[name]
			if !there {
				return fmt.Errorf("operator %q reads from %q, which is not there", op.Name, name)
			}
			way, overtaken := rest, gaps
			if !keepsOrder(p, from, op) {
				overtaken = append(slices.Clip(gaps), len(rest))
			}
			switch from.Kind {
			case plan.Map, plan.Filter, plan.KeyedSum, plan.KeyedCount, plan.Tumble:
				way = append(path{from}, rest...)
			}
			if err := walk(from, way, overtaken, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(t.sink, nil, nil, 0); err != nil {
		return nil, err
	}
	return t, t.split(ways)
}

// keepsOrder says whether records of one key cannot overtake each other between two operators: they are in
// one channel, unless the edge deals them out in turn.
func keepsOrder(p plan.Pipeline, from, to plan.Operator) bool {
	parallelism := func(op plan.Operator) int {
		if op.Parallelism > 0 {
			return op.Parallelism
		}
		return p.Parallelism
	}
	return from.Kind == plan.KeyBy || to.Kind.Stateful() || parallelism(from) == parallelism(to)
}

func hasState(p path) bool {
	return slices.ContainsFunc(p, func(op plan.Operator) bool { return op.Kind.Stateful() })
}

// split cuts every way at its first operator with state, and finds the shape.
func (t *topology) split(ways []path) error {
	if len(ways) == 0 {
		return fmt.Errorf("the sink %q is not reached from the source", t.sink.Name)
	}
	t.ordered, t.foldOrdered = t.ordered && len(ways) == 1, t.foldOrdered && len(ways) == 1
	bypass, through := false, false
	for i, way := range ways {
		cut := slices.IndexFunc(way, func(op plan.Operator) bool { return op.Kind.Stateful() })
		var after path
		if cut < 0 {
			bypass, cut = true, len(way)
		} else {
			through, after = true, way[cut:]
		}
		t.before = append(t.before, way[:cut])
		if i == 0 {
			t.after = after
		}
		if !slices.EqualFunc(t.after, after, func(a, b plan.Operator) bool { return a.Name == b.Name }) {
			t.shape = mixed
		}
		for _, op := range after {
			if op.Kind == plan.Filter && after[0].Kind != plan.Tumble {
				return fmt.Errorf("filter %q comes after an operator with state: which records pass depends on their order", op.Name)
			}
		}
	}
	hasWindow := func(p path) bool {
		return slices.ContainsFunc(p, func(op plan.Operator) bool { return op.Kind == plan.Tumble })
	}
	switch {
	case !through:
		t.shape = stateless
	case t.shape == mixed || bypass:
		t.shape = mixed
		for _, way := range ways {
			if hasWindow(way) {
				return fmt.Errorf("some ways to the sink go through a window and others do not")
			}
		}
	case t.after[0].Kind == plan.Tumble:
		t.shape = windowed
		if t.after[0].Window < time.Millisecond {
			return fmt.Errorf("the windows of %q are %s long; the shortest is 1 ms", t.after[0].Name, t.after[0].Window)
		}
		for _, op := range t.after[1:] {
			if op.Kind.Stateful() {
				return fmt.Errorf("operator %q with state comes after a window", op.Name)
			}
		}
	case hasWindow(t.after):
		return fmt.Errorf("a window comes after another operator with state: its sums depend on the order of the records")
	default:
		t.shape = keyed
	}
	return nil
}

// copies is how many times a source record with this value must come out (or reach the operators with state).
func (t *topology) copies(value int64) int {
	n := 0
	for _, way := range t.before {
		if _, passes := way.apply(value); passes {
			n++
		}
	}
	return n
}

// apply runs a value through maps and filters.
func (p path) apply(value int64) (out int64, passes bool) {
	for i := range p {
		switch op := &p[i]; op.Kind {
		case plan.Map:
			value = value*op.Multiply + op.Add
		case plan.Filter:
			if op.Modulo != 0 && (value%op.Modulo+op.Modulo)%op.Modulo != op.Remainder {
				return 0, false
			}
		}
	}
	return value, true
}

// fold is the state of one key in each operator of a keyed chain.
type fold struct {
	after path
	state []int64
}

func (t *topology) fold() *fold { return &fold{t.after, make([]int64, len(t.after))} }

// add runs one more record of the key through the chain and returns what comes out.
func (f *fold) add(value int64) int64 {
	for i := range f.after {
		switch op := &f.after[i]; op.Kind {
		case plan.Map:
			value = value*op.Multiply + op.Add
		case plan.KeyedSum:
			f.state[i] += value
			value = f.state[i]
		case plan.KeyedCount:
			f.state[i]++
			value = f.state[i]
		}
	}
	return value
}

// windowEnd is the end of the tumbling window that a time falls into, aligned to the epoch.
func windowEnd(at record.EventTime, size time.Duration) record.EventTime {
	ms := record.EventTime(size / time.Millisecond)
	into := at % ms
	if into < 0 {
		into += ms
	}
	return at - into + ms
}
