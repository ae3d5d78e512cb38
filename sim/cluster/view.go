package cluster

import (
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim"
)

// view is who does what at the moment, as the history tells it: faults are aimed by it.
type view struct {
	leader    string
	status    string                // of the job
	hosts     map[id.Subtask]string // where the newest attempt of each subtask is
	completed int                   // checkpoints
	restarts  int
}

func (v *view) watch(w *sim.World) {
	v.hosts = map[id.Subtask]string{}
	w.Observe(func(e history.Entry) {
		switch e := e.Event.(type) {
		case history.LeaderElected:
			v.leader = e.Holder
		case history.LeaderLost:
			if v.leader == e.Holder {
				v.leader = ""
			}
		case history.JobStatus:
			v.status = e.Status
			if e.Status == "RESTARTING" {
				v.restarts++
			}
		case history.ExecutionState:
			if e.TaskManager != "" {
				v.hosts[e.Attempt.Of()] = e.TaskManager
			}
		case history.CheckpointCompleted:
			v.completed++
		}
	})
}

// Leader is the JobManager process that leads, or "".
func (v *view) Leader() string { return v.leader }

// Status is the job's last status.
func (v *view) Status() string { return v.status }

// Completed is how many checkpoints have been completed; Restarts how often the job was restarted.
func (v *view) Completed() int { return v.completed }
func (v *view) Restarts() int  { return v.restarts }

// Host is the TaskManager process of a subtask's newest attempt, or "".
func (v *view) Host(vertex id.Vertex, subtask int) string {
	return v.hosts[id.Subtask{Vertex: vertex, Index: subtask}]
}

// VertexOf is the vertex that an operator is chained into, or "".
func VertexOf(job *plan.Job, op id.Operator) id.Vertex {
	for _, v := range job.Vertices {
		for _, o := range v.Chain {
			if o.Name == op {
				return v.ID
			}
		}
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
