package plan

import (
	"errors"
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/id"
)

// Compile checks a pipeline whole, fills in what it leaves to defaults, and lays it out as a job. The error
// joins every complaint about the pipeline and its configuration.
//
// Defaults: an operator without inputs reads the one before it; parallelism is the operator's, the
// pipeline's, or parallelism.default; key groups are the pipeline's, pipeline.max-parallelism, or chosen from
// the widest operator; the options of sources and sinks are Flink's.
//
// The same pipeline always gives the same job: vertices are in topological order, ties in the order in which
// the pipeline names them, and a vertex is called by the first operator of its chain.
func Compile(p Pipeline, job id.Job, conf map[string]string) (Job, error) {
	c, _, err := config.Parse(conf)
	ops := withDefaults(p, c)
	complaints := check(p.Name, ops)
	if err != nil {
		complaints = append(complaints, err)
	}
	if err := errors.Join(complaints...); err != nil {
		return Job{}, err
	}
	order, _ := sorted(ops)
	j := Job{ID: job, Name: p.Name, Config: maps.Clone(conf)}
	j.MaxParallelism = maxParallelism(p, c, ops)
	for _, o := range ops {
		if o.Parallelism > j.MaxParallelism {
			complaints = append(complaints, complain(p.Name, o.Name,
				"its parallelism, %d, is more than the %d key groups; raise pipeline.max-parallelism", o.Parallelism, j.MaxParallelism))
		}
	}
	j.Vertices, j.Edges = layOut(order, c.Pipeline.Chaining)
	return j, errors.Join(complaints...)
}

// withDefaults returns the operators with everything filled in that the pipeline may leave out.
func withDefaults(p Pipeline, c config.Config) []Operator {
	ops := slices.Clone(p.Operators)
	eventTime := slices.ContainsFunc(ops, func(o Operator) bool { return o.Kind == Tumble })
	for i := range ops {
		o := &ops[i]
		o.Inputs = slices.Clone(o.Inputs)
		if len(o.Inputs) == 0 && !o.Kind.Source() && i > 0 {
			o.Inputs = []id.Operator{ops[i-1].Name}
		}
		if o.Parallelism == 0 {
			o.Parallelism = p.Parallelism
		}
		if o.Parallelism == 0 {
			o.Parallelism = c.Pipeline.Parallelism
		}
		o.Watermarks = o.Kind.Source() && eventTime
		switch o.Kind {
		case KafkaSource:
			if o.Isolation == "" {
				o.Isolation = ReadUncommitted
			}
		case KafkaSink, FileSink, Blackhole:
			if o.Guarantee == "" {
				o.Guarantee = None
			}
			if o.Guarantee == ExactlyOnce && o.Kind == KafkaSink {
				if o.Naming == "" {
					o.Naming = Incrementing
				}
				if o.TransactionTimeout == 0 {
					o.TransactionTimeout = DefaultTransactionTimeout
				}
			}
		}
	}
	return ops
}

func maxParallelism(p Pipeline, c config.Config, ops []Operator) int {
	switch {
	case p.MaxParallelism > 0:
		return p.MaxParallelism
	case c.Pipeline.MaxParallelism > 0:
		return c.Pipeline.MaxParallelism
	}
	widest := 1
	for _, o := range ops {
		widest = max(widest, o.Parallelism)
	}
	return DefaultMaxParallelism(widest)
}

// partitioner says how records go from one operator to the next: by key where the next one keeps state by
// key or the user asked for it, straight on at equal parallelism, and in turns otherwise.
func partitioner(from, to Operator) Partitioner {
	switch {
	case to.Kind.Stateful() || from.Kind == KeyBy:
		return Hash
	case from.Parallelism == to.Parallelism:
		return Forward
	}
	return Rebalance
}

// layOut joins sorted operators into vertices. An operator is chained to its input if records go straight
// on, it has no other input, and the input has no other output.
func layOut(ops []Operator, chaining bool) ([]Vertex, []Edge) {
	readers := map[id.Operator]int{}
	at := map[id.Operator]Operator{}
	for _, o := range ops {
		at[o.Name] = o
		for _, in := range o.Inputs {
			readers[in]++
		}
	}
	var vertices []Vertex
	var edges []Edge
	vertexOf := map[id.Operator]int{}
	for _, o := range ops {
		if chaining && len(o.Inputs) == 1 && readers[o.Inputs[0]] == 1 && partitioner(at[o.Inputs[0]], o) == Forward {
			v := vertexOf[o.Inputs[0]]
			vertices[v].Chain = append(vertices[v].Chain, o)
			vertexOf[o.Name] = v
			continue
		}
		vertexOf[o.Name] = len(vertices)
		vertices = append(vertices, Vertex{ID: id.Vertex(o.Name), Parallelism: o.Parallelism, Chain: []Operator{o}})
		for _, in := range o.Inputs {
			edges = append(edges, Edge{From: vertices[vertexOf[in]].ID, To: id.Vertex(o.Name), Partitioner: partitioner(at[in], o)})
		}
	}
	return vertices, edges
}

// sorted returns the operators in topological order, ties in the order given, and those that are left over
// since they are on a cycle or behind one.
func sorted(ops []Operator) (order, stuck []Operator) {
	placed := map[id.Operator]bool{}
	stuck = slices.Clone(ops)
	for {
		next := slices.IndexFunc(stuck, func(o Operator) bool {
			return !slices.ContainsFunc(o.Inputs, func(in id.Operator) bool { return !placed[in] })
		})
		if next < 0 {
			return order, stuck
		}
		placed[stuck[next].Name] = true
		order = append(order, stuck[next])
		stuck = slices.Delete(stuck, next, next+1)
	}
}
