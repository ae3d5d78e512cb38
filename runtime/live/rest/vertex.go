package rest

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// states are a task's, in Flink's order.
var states = []string{"CREATED", "SCHEDULED", "DEPLOYING", "RUNNING", "FINISHED", "CANCELING", "CANCELED", "FAILED", "RECONCILING", "INITIALIZING"}

func counted(tasks []wire.TaskReport) map[string]int {
	counts := map[string]int{}
	for _, s := range states {
		counts[s] = 0
	}
	for _, t := range tasks {
		counts[t.State]++
	}
	return counts
}

// vertex is a vertex with its tasks summed up.
type vertex struct {
	ID             id.Vertex `json:"id"`
	Name           string    `json:"name"`
	MaxParallelism int       `json:"maxParallelism"`
	Parallelism    int       `json:"parallelism"`
	Status         string    `json:"status"`
	span
	Tasks   map[string]int `json:"tasks"`
	Metrics ioMetrics      `json:"metrics"`
}

// ioMetrics are sums over tasks. They are complete when every task has said what it has done; bytes are not counted.
type ioMetrics struct {
	ReadBytes            int64  `json:"read-bytes"`
	ReadBytesComplete    bool   `json:"read-bytes-complete"`
	WriteBytes           int64  `json:"write-bytes"`
	WriteBytesComplete   bool   `json:"write-bytes-complete"`
	ReadRecords          uint64 `json:"read-records"`
	ReadRecordsComplete  bool   `json:"read-records-complete"`
	WriteRecords         uint64 `json:"write-records"`
	WriteRecordsComplete bool   `json:"write-records-complete"`
}

// io asks tasks what they have done. Those that do not run have nothing to say.
func (a *api) io(ctx context.Context, tasks []wire.TaskReport) map[id.Attempt]*wire.TaskIOIs {
	var at []mailbox.Addr
	var whose []id.Attempt
	for _, t := range tasks {
		if t.State == "INITIALIZING" || t.State == "RUNNING" {
			at, whose = append(at, wire.TaskAddr(t.TaskManager, t.Attempt)), append(whose, t.Attempt)
		}
	}
	told := map[id.Attempt]*wire.TaskIOIs{}
	for i, io := range a.Cluster.IO(ctx, at) {
		told[whose[i]] = io
	}
	return told
}

func metricsOf(tasks []wire.TaskReport, told map[id.Attempt]*wire.TaskIOIs) ioMetrics {
	m := ioMetrics{ReadRecordsComplete: true, WriteRecordsComplete: true}
	for _, t := range tasks {
		io := told[t.Attempt]
		if io == nil {
			m.ReadRecordsComplete, m.WriteRecordsComplete = false, false
			continue
		}
		m.ReadRecords += io.RecordsIn
		m.WriteRecords += io.RecordsOut
	}
	return m
}

func tasksOf(r wire.JobReport, v id.Vertex) []wire.TaskReport {
	var mine []wire.TaskReport
	for _, t := range r.Tasks {
		if t.Attempt.Vertex == v {
			mine = append(mine, t)
		}
	}
	return mine
}

func verticesOf(r wire.JobReport, told map[id.Attempt]*wire.TaskIOIs) []vertex {
	all := []vertex{}
	for _, v := range r.Plan.Vertices {
		tasks := tasksOf(r, v.ID)
		all = append(all, vertex{ID: v.ID, Name: plan.ChainName(v.Chain), MaxParallelism: r.Plan.MaxParallelism, Parallelism: v.Parallelism, Status: aggregate(counted(tasks)),
			span: together(tasks, r.At), Tasks: counted(tasks), Metrics: metricsOf(tasks, told)})
	}
	return all
}

// aggregate is the state of a vertex: the first of these that a task of it is in. Some tasks may be over while the
// others still run.
func aggregate(counts map[string]int) string {
	for _, s := range []string{"FAILED", "CANCELING", "CANCELED", "INITIALIZING", "RUNNING"} {
		if counts[s] > 0 {
			return s
		}
	}
	if counts["FINISHED"] == 0 {
		return "CREATED"
	}
	for s, n := range counts {
		if n > 0 && s != "FINISHED" {
			return "RUNNING"
		}
	}
	return "FINISHED"
}

// over is when a task ended, or 0.
func over(t wire.TaskReport) int64 {
	if slices.Contains([]string{"FINISHED", "CANCELED", "FAILED"}, t.State) {
		return t.Since[t.State]
	}
	return 0
}

// together is from the first task's deployment to the last one's end.
func together(tasks []wire.TaskReport, now int64) span {
	start, end := int64(0), int64(0)
	running := false
	for _, t := range tasks {
		if at := t.Since["DEPLOYING"]; at > 0 && (start == 0 || at < start) {
			start = at
		}
		end = max(end, over(t))
		running = running || over(t) == 0
	}
	if running {
		end = 0
	}
	return spanOf(start, end, now)
}

// subtask is the present attempt of a subtask. The same place and time have several names.
type subtask struct {
	Index    int    `json:"subtask"`
	Status   string `json:"status"`
	Attempt  int    `json:"attempt"`
	Host     string `json:"host"`
	Endpoint string `json:"endpoint"`
	span
	Metrics     ioMetrics        `json:"metrics"`
	TaskManager string           `json:"taskmanager-id"`
	Durations   map[string]int64 `json:"status-duration"` // milliseconds; -1: it was not in that state
	StartTime   int64            `json:"start_time"`
}

// vertex is one vertex with its subtasks.
func (a *api) vertex(r *http.Request) (any, error) {
	report, err := a.asked(r)
	if err != nil {
		return nil, err
	}
	v := report.Plan.Vertex(id.Vertex(r.PathValue("vertexid")))
	if v == nil {
		return nil, missing("vertex %s was not found in job %s", r.PathValue("vertexid"), report.Plan.ID)
	}
	tasks := tasksOf(report, v.ID)
	told := a.io(r.Context(), tasks)
	subtasks := []subtask{}
	for _, t := range tasks {
		where := cmp.Or(t.TaskManager.Process(), "(unassigned)")
		life := spanOf(t.Since["DEPLOYING"], over(t), report.At)
		subtasks = append(subtasks, subtask{t.Attempt.Subtask, t.State, t.Attempt.Number, where, where, life,
			metricsOf([]wire.TaskReport{t}, told), cmp.Or(string(t.TaskManager), where), durations(t, report.At), life.Start})
	}
	return struct {
		ID             id.Vertex `json:"id"`
		Name           string    `json:"name"`
		Parallelism    int       `json:"parallelism"`
		MaxParallelism int       `json:"maxParallelism"`
		Now            int64     `json:"now"`
		Subtasks       []subtask `json:"subtasks"`
	}{v.ID, plan.ChainName(v.Chain), v.Parallelism, report.Plan.MaxParallelism, report.At, subtasks}, nil
}

// durations is how long a task was in each state before it ended.
func durations(t wire.TaskReport, now int64) map[string]int64 {
	all := map[string]int64{"CREATED": -1, "SCHEDULED": -1, "DEPLOYING": -1, "INITIALIZING": -1, "RUNNING": -1}
	entered := slices.Sorted(maps.Values(t.Since))
	for state := range all {
		at, was := t.Since[state]
		if !was {
			continue
		}
		until := now
		if next := slices.IndexFunc(entered, func(other int64) bool { return other > at }); next >= 0 {
			until = entered[next]
		}
		if state != t.State && until == now {
			until = at // it left in the same millisecond
		}
		all[state] = until - at
	}
	return all
}
