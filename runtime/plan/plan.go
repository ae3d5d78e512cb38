package plan

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
)

// Kind is what an operator does.
type Kind string

// The operators.
const (
	KafkaSource Kind = "kafka-source"
	FileSource  Kind = "file-source"
	DataGen     Kind = "datagen-source" // makes up its records, the same each time
	Map         Kind = "map"
	Filter      Kind = "filter"
	KeyBy       Kind = "key-by" // the edge after it is hashed by key
	PassThrough Kind = "pass-through"
	KeyedSum    Kind = "keyed-sum"       // emits the running sum of the key, one record per input
	KeyedCount  Kind = "keyed-count"     // emits the running count of the key, one record per input
	Tumble      Kind = "tumbling-window" // emits sum and count per key and window when the watermark passes
	KafkaSink   Kind = "kafka-sink"
	FileSink    Kind = "file-sink"
	Blackhole   Kind = "blackhole-sink" // drops its records
)

// Stateful says whether the operator has keyed state, and so needs its input hashed by key.
func (k Kind) Stateful() bool { return k == KeyedSum || k == KeyedCount || k == Tumble }

// Source says whether the operator has no inputs.
func (k Kind) Source() bool { return k == KafkaSource || k == FileSource || k == DataGen }

// Sink says whether the operator has no outputs.
func (k Kind) Sink() bool { return k == KafkaSink || k == FileSink || k == Blackhole }

// Guarantee is a sink's delivery guarantee, by the SQL connector's names.
type Guarantee string

// The delivery guarantees.
const (
	None        Guarantee = "none"
	AtLeastOnce Guarantee = "at-least-once"
	ExactlyOnce Guarantee = "exactly-once"
)

// Operator is one operator with its parameters; only those of its kind are set.
type Operator struct {
	Name        id.Operator
	Kind        Kind
	Inputs      []id.Operator // none for a source; for others none means the operator before it
	Parallelism int           // 0: the job's

	// Map: value*Multiply + Add. Filter: keep values v with v mod Modulo == Remainder (Modulo 0 keeps all).
	Multiply, Add     int64
	Modulo, Remainder int64

	// Tumble: windows of Window, aligned to the epoch. Sources: a watermark is the largest time seen less
	// OutOfOrder.
	Window     time.Duration
	OutOfOrder time.Duration
	Watermarks bool // of a source: an operator after it works in event time

	// Sources and sinks.
	Topic              string
	Path               string // file source and sink: a prefix in the object store
	Isolation          string // ReadUncommitted or ReadCommitted
	Group              string `json:",omitempty"` // the consumer group that hears of a source's offsets; "": none
	Guarantee          Guarantee
	TransactionPrefix  string
	TransactionTimeout time.Duration
	Naming             string // Incrementing or Pooling

	// DataGen, over all its subtasks. What is not set is not in a stored job.
	Rows          int64 `json:",omitempty"` // number-of-rows; 0: without end
	RowsPerSecond int64 `json:",omitempty"` // rows-per-second; 0: as fast as they are taken
	Keys          int   `json:",omitempty"` // how many different keys there are
}

// Partitioner says how records go from the subtasks of one vertex to those of the next.
type Partitioner string

// The partitioners, as Flink names them.
const (
	Forward   Partitioner = "FORWARD"   // subtask i to subtask i
	Hash      Partitioner = "HASH"      // by key group
	Rebalance Partitioner = "REBALANCE" // round robin
)

// Pipeline is a job as a user describes it: a DAG of operators. Compile checks it.
type Pipeline struct {
	Name           string
	Parallelism    int
	MaxParallelism int // 0: pipeline.max-parallelism, or Flink's default for the parallelism
	Operators      []Operator
}

// Vertex is one chain of operators, deployed Parallelism times.
type Vertex struct {
	ID          id.Vertex
	Parallelism int
	Chain       []Operator // the first may be a source, the last may be a sink
}

// Edge joins two vertices.
type Edge struct {
	From, To    id.Vertex
	Partitioner Partitioner
}

// Job is a compiled job: what is submitted, persisted, and deployed.
type Job struct {
	ID             id.Job
	Name           string
	MaxParallelism int
	Vertices       []Vertex          // in topological order
	Edges          []Edge            // in the order of their To vertex, then of its inputs
	Config         map[string]string // Flink configuration, verbatim keys
}

// Vertex returns a vertex by id, or nil.
func (j *Job) Vertex(v id.Vertex) *Vertex {
	for i := range j.Vertices {
		if j.Vertices[i].ID == v {
			return &j.Vertices[i]
		}
	}
	return nil
}

// Inputs and Outputs return the edges into and out of a vertex, in order.
func (j *Job) Inputs(v id.Vertex) []Edge {
	var in []Edge
	for _, e := range j.Edges {
		if e.To == v {
			in = append(in, e)
		}
	}
	return in
}

// Outputs returns the edges out of a vertex, in order.
func (j *Job) Outputs(v id.Vertex) []Edge {
	var out []Edge
	for _, e := range j.Edges {
		if e.From == v {
			out = append(out, e)
		}
	}
	return out
}

// Subtasks returns every subtask of the job, vertex by vertex.
func (j *Job) Subtasks() []id.Subtask {
	var all []id.Subtask
	for _, v := range j.Vertices {
		for i := range v.Parallelism {
			all = append(all, id.Subtask{Vertex: v.ID, Index: i})
		}
	}
	return all
}
