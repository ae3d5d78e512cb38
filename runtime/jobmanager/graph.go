package jobmanager

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// executionState is where an execution is, as Flink names it.
type executionState string

// The states of an execution.
const (
	created      executionState = "CREATED"
	scheduled    executionState = "SCHEDULED"    // waits for a slot
	deploying    executionState = "DEPLOYING"    // on its way to a TaskManager
	initializing executionState = "INITIALIZING" // restoring its state
	running      executionState = "RUNNING"
	finished     executionState = "FINISHED"
	canceling    executionState = "CANCELING"
	canceled     executionState = "CANCELED"
	failed       executionState = "FAILED"
)

var executionMoves = map[executionState][]executionState{
	created:      {scheduled, canceled},
	scheduled:    {deploying, canceled},
	deploying:    {initializing, running, canceling, canceled, failed},
	initializing: {running, canceling, canceled, failed},
	running:      {finished, canceling, canceled, failed},
	canceling:    {canceled},
}

func (s executionState) terminal() bool { return len(executionMoves[s]) == 0 }

func (s executionState) mayBecome(to executionState) bool {
	for _, legal := range executionMoves[s] {
		if legal == to {
			return true
		}
	}
	return false
}

// deployed says whether a TaskManager has, or may have, the execution.
func (s executionState) deployed() bool {
	return s == deploying || s == initializing || s == running || s == canceling
}

// execution is the present attempt of a subtask.
type execution struct {
	attempt     id.Attempt
	state       executionState
	taskManager mailbox.Addr
	allocation  id.Allocation
	submitted   bool // the TaskManager has said that it has it
	endOfData   bool
	version     int                      // of the subtask: a restart that is older than it leaves the subtask alone
	since       map[executionState]int64 // when it entered each state, in milliseconds since 1970
}

// graph is the execution graph: every subtask of the job with its present attempt.
type graph struct {
	job     *plan.Job
	token   id.Token // of this graph: attempts of two JobMasters are never equal
	tasks   map[id.Subtask]*execution
	order   []id.Subtask // vertex by vertex
	regions map[id.Subtask]int
}

func newGraph(job *plan.Job, token id.Token) *graph {
	g := &graph{job: job, token: token, tasks: map[id.Subtask]*execution{}, order: job.Subtasks()}
	for _, s := range g.order {
		g.tasks[s] = &execution{attempt: id.Attempt{Graph: token, Vertex: s.Vertex, Subtask: s.Index}, state: created}
	}
	g.regions = regionsOf(job)
	return g
}

// of returns the execution with this attempt, if it is the present one of its subtask.
func (g *graph) of(a id.Attempt) *execution {
	if e := g.tasks[a.Of()]; e != nil && e.attempt == a {
		return e
	}
	return nil
}

// again replaces a terminal execution by the next attempt of its subtask.
func (g *graph) again(s id.Subtask) {
	old := g.tasks[s]
	if old.state == created {
		return // the first attempt has not been used
	}
	if !old.state.terminal() {
		panic(fmt.Sprintf("execution graph of job %s: %s is %s, and a new attempt is made of it", g.job.ID, old.attempt, old.state))
	}
	next := old.attempt
	next.Number++
	g.tasks[s] = &execution{attempt: next, state: created, version: old.version}
}

// all returns the present executions in order.
func (g *graph) all() []*execution {
	executions := make([]*execution, len(g.order))
	for i, s := range g.order {
		executions[i] = g.tasks[s]
	}
	return executions
}

// every says whether a condition holds for all present executions.
func (g *graph) every(holds func(*execution) bool) bool {
	for _, s := range g.order {
		if !holds(g.tasks[s]) {
			return false
		}
	}
	return true
}

// region returns the subtasks that must restart with one, itself among them.
func (g *graph) region(s id.Subtask) []id.Subtask {
	var members []id.Subtask
	for _, other := range g.order {
		if g.regions[other] == g.regions[s] {
			members = append(members, other)
		}
	}
	return members
}

// producers returns the subtasks that send to one over an edge.
func producers(job *plan.Job, e plan.Edge, subtask int) []id.Subtask {
	if e.Partitioner == plan.Forward {
		return []id.Subtask{{Vertex: e.From, Index: subtask}}
	}
	all := make([]id.Subtask, job.Vertex(e.From).Parallelism)
	for i := range all {
		all[i] = id.Subtask{Vertex: e.From, Index: i}
	}
	return all
}

// regionsOf numbers the pipelined regions: subtasks that exchange records, over any number of edges.
func regionsOf(job *plan.Job) map[id.Subtask]int {
	order := job.Subtasks()
	region := map[id.Subtask]int{}
	for i, s := range order {
		region[s] = i
	}
	join := func(a, b id.Subtask) {
		if from, to := region[a], region[b]; from != to {
			for _, s := range order {
				if region[s] == from {
					region[s] = to
				}
			}
		}
	}
	for _, e := range job.Edges {
		for i := range job.Vertex(e.To).Parallelism {
			for _, p := range producers(job, e, i) {
				join(p, id.Subtask{Vertex: e.To, Index: i})
			}
		}
	}
	return region
}
