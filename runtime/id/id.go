package id

import (
	"fmt"
	"math/rand/v2"
)

// Job is fixed for a job's life, also across JobManager failover.
type Job string

// Token is a fencing token: fresh and random for every grant of leadership. Empty means "not the leader".
type Token string

// Allocation is one grant of a slot.
type Allocation string

// Instance is one registration of a TaskManager at a ResourceManager.
type Instance string

// Vertex is one chain of operators of a job, by name.
type Vertex string

// Operator is one operator of a job, by name; state is matched to operators by it.
type Operator string

// Checkpoint starts at 1 and grows strictly over all incarnations of the JobManager; gaps are normal.
// 0 means none yet.
type Checkpoint uint64

// Subtask is one of the parallel instances of a vertex.
type Subtask struct {
	Vertex Vertex
	Index  int
}

// Attempt is one deployment of a subtask. Graph is the execution graph that made it (one per JobMaster
// incarnation), so an attempt of a former leader never equals one of the present leader.
type Attempt struct {
	Graph   Token
	Vertex  Vertex
	Subtask int
	Number  int
}

func (s Subtask) String() string { return fmt.Sprintf("%s-%d", s.Vertex, s.Index) }

// String is unique and readable: "sum-2#1@3fa0".
func (a Attempt) String() string {
	graph := string(a.Graph)
	if len(graph) > 4 {
		graph = graph[:4]
	}
	return fmt.Sprintf("%s-%d#%d@%s", a.Vertex, a.Subtask, a.Number, graph)
}

// Of returns the subtask that a is a deployment of.
func (a Attempt) Of() Subtask { return Subtask{a.Vertex, a.Subtask} }

// Fresh draws an identity that nobody has drawn before: 128 bits in hexadecimal.
func Fresh[T ~string](r *rand.Rand) T {
	return T(fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()))
}
