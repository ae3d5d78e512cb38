package cluster

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim"
)

// View is who does what in an application at the moment, as the history tells it: faults are aimed by it.
type View struct {
	application string

	leader    string
	status    string                  // of the job
	result    string                  // of the job, once it is durable
	hosts     map[id.Subtask]string   // where the newest attempt of each subtask is
	completed int                     // checkpoints
	restarts  int                     // restores after the first
	positions map[id.Checkpoint]int64 // how many records the sources had read at each checkpoint
	covered   int64                   // the same for the newest completed one
	at        time.Duration           // when that was
	last      time.Duration           // when the last checkpoint was completed
	prepared  map[id.Attempt][]string // what each has pre-committed for a checkpoint that is under way
	owed      map[string]bool         // what is to be committed, since its checkpoint was completed
	marking   map[string]bool         // transactions that are decided, and whose markers are under way
}

// NewView is the view of an application of which nothing has happened yet.
func NewView(application string) *View { return &View{application: application} }

func (v *View) watch(w *sim.World) {
	v.hosts = map[id.Subtask]string{}
	v.positions = map[id.Checkpoint]int64{}
	v.prepared, v.owed = map[id.Attempt][]string{}, map[string]bool{}
	v.marking = map[string]bool{}
	restores := 0
	w.Observe(func(entry history.Entry) {
		if !v.Concerns(entry) {
			return
		}
		switch e := entry.Event.(type) {
		case history.LeaderElected:
			v.leader = e.Holder
		case history.LeaderLost:
			if v.leader == e.Holder {
				v.leader, v.status = "", ""
			}
		case history.ProcessStopped:
			if e.Name == v.leader {
				v.status = "" // nobody is there who could say
			}
		case history.JobResultStored:
			v.result = e.Status
		case history.JobStatus:
			if entry.Process == v.leader { // one that was replaced has no say
				v.status = e.Status
			}
		case history.SinkPrecommitted:
			v.prepared[e.Attempt] = append(v.prepared[e.Attempt], e.Transaction)
		case history.SinkCommitted:
			delete(v.owed, e.Transaction)
		case history.SinkCommitLost:
			delete(v.owed, e.Transaction)
		case history.Transaction:
			switch {
			case strings.HasPrefix(e.State, "Prepare"):
				v.marking[e.ID] = true
			case e.State != "Fenced": // which changes nothing about what is under way
				delete(v.marking, e.ID)
			}
		case history.RestoreStarted:
			v.restarts = restores
			restores++
		case history.ExecutionState:
			if e.TaskManager != "" {
				v.hosts[e.Attempt.Of()] = e.TaskManager
			}
		case history.SourcePosition:
			if !e.Restored {
				for _, next := range e.Next {
					v.positions[e.Checkpoint] += next
				}
			}
		case history.CheckpointCompleted:
			v.completed++
			v.last = entry.At
			for _, a := range e.Acked { // a transaction of an aborted checkpoint goes with the next
				for _, t := range v.prepared[a] {
					v.owed[t] = true
				}
				delete(v.prepared, a)
			}
			if records := v.positions[e.Checkpoint]; records > v.covered {
				v.covered, v.at = records, entry.At
			}
		}
	})
}

// Concerns says whether an event is this application's, or that of a service.
func (v *View) Concerns(e history.Entry) bool {
	process := e.Process
	if stopped, is := e.Event.(history.ProcessStopped); is {
		process = stopped.Name
	}
	application, member := ApplicationOf(process)
	return !member || application == v.application
}

// Leader is the JobManager process that leads, or "".
func (v *View) Leader() string { return v.leader }

// Status is the job's last status, as the leader knows it: "" while there is none.
func (v *View) Status() string { return cmp.Or(v.result, v.status) }

// Completed is how many checkpoints have been completed; Restarts how often the job was restarted.
func (v *View) Completed() int { return v.completed }
func (v *View) Restarts() int  { return v.restarts }

// Covered is how many input records completed checkpoints cover, and since when.
func (v *View) Covered() (records int64, at time.Duration) { return v.covered, v.at }

// Read is how many input records the source has read: by its fetches, or if those are not to be seen by the last
// completed checkpoint.
func (c *Cluster) Read() int64 {
	if n, known := c.Input.Fetched(); known {
		return n
	}
	return c.covered
}

// Owed is how many transactions, or parts of files, completed checkpoints owe to readers.
func (v *View) Owed() int { return len(v.owed) }

// Marking is how many transactions are decided, and not at an end yet.
func (v *View) Marking() int { return len(v.marking) }

// LastCompleted is when the last checkpoint was completed: all tasks were there then.
func (v *View) LastCompleted() time.Duration { return v.last }

// Host is the TaskManager process of a subtask's newest attempt, or "".
func (v *View) Host(vertex id.Vertex, subtask int) string {
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
