package snapshot

import (
	"github.com/flinch-dev/flinch/runtime/id"
)

// Groups is a range of key groups, both ends included. Key groups are numbered from 0 to maxParallelism-1.
type Groups struct{ First, Last int }

// Contains says whether group g is in the range.
func (r Groups) Contains(g int) bool { return r.First <= g && g <= r.Last }

// Handle refers to a piece of state: a file, or its bytes inlined when there are few of them
// (execution.checkpointing.data-inline-threshold).
type Handle struct {
	Path   string // in the object store; empty when inlined
	Inline []byte
	Size   int64
	Groups Groups // for keyed state
}

// Mode says how operator list state is dealt out when parallelism changes.
type Mode string

// The redistribution modes of operator list state.
const (
	Split     Mode = "split"     // the concatenated elements are dealt out in contiguous blocks
	Union     Mode = "union"     // everybody gets all of them
	Broadcast Mode = "broadcast" // one copy, replicated
)

// List is one named operator state.
type List struct {
	Name  string
	Mode  Mode
	Items [][]byte
}

// Operator is the state of one operator in one subtask.
type Operator struct {
	Operator id.Operator
	Keyed    []Handle
	Lists    []List
}

// Task is the state of one subtask: its operators in chain order.
type Task struct{ Operators []Operator }

// Of returns the state of one operator, or the zero Operator.
func (t Task) Of(op id.Operator) Operator {
	for _, o := range t.Operators {
		if o.Operator == op {
			return o
		}
	}
	return Operator{Operator: op}
}

// Size is the number of bytes behind all the handles and lists.
func (t Task) Size() int64 {
	var n int64
	for _, o := range t.Operators {
		for _, h := range o.Keyed {
			n += h.Size
		}
		for _, l := range o.Lists {
			for _, item := range l.Items {
				n += int64(len(item))
			}
		}
	}
	return n
}

// Vertex is the state of all subtasks of one vertex, by index. A subtask that had finished has Finished set.
type Vertex struct {
	Vertex      id.Vertex
	Parallelism int
	Subtasks    []Task
	Finished    []bool
}

// Coordinator is the state of one operator coordinator, such as a source's enumerator.
type Coordinator struct {
	Operator id.Operator
	Data     []byte
}

// Metadata is the whole of a checkpoint: what the _metadata file says. Writing it durably makes the files
// whole; the pointer in the HA store makes the checkpoint the one to restore.
type Metadata struct {
	Job            id.Job
	ID             id.Checkpoint
	MaxParallelism int
	Vertices       []Vertex
	Coordinators   []Coordinator
}

// Size is the number of bytes of state behind the metadata.
func (m Metadata) Size() int64 {
	var n int64
	for _, v := range m.Vertices {
		for _, t := range v.Subtasks {
			n += t.Size()
		}
	}
	for _, c := range m.Coordinators {
		n += int64(len(c.Data))
	}
	return n
}
