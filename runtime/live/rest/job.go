package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// statuses are a job's, in Flink's order; the last ones are for good.
var statuses = []string{"INITIALIZING", "CREATED", "RUNNING", "FAILING", "FAILED", "CANCELLING", "CANCELED", "FINISHED", "RESTARTING", "SUSPENDED", "RECONCILING"}

// span is when something began and ended, in milliseconds since 1970, and how long it took or has taken yet. -1: it
// has not.
type span struct {
	Start    int64 `json:"start-time"`
	End      int64 `json:"end-time"`
	Duration int64 `json:"duration"`
}

// spanOf takes 0 for what has not happened.
func spanOf(start, end, now int64) span {
	s := span{-1, -1, -1}
	if start > 0 {
		s.Start, s.Duration = start, cmp.Or(end, now)-start
	}
	if end > 0 {
		s.End = end
	}
	return s
}

func lifetime(r wire.JobReport) span {
	return spanOf(r.Since["INITIALIZING"], cmp.Or(r.Since["FINISHED"], r.Since["CANCELED"], r.Since["FAILED"]), r.At)
}

func name(r wire.JobReport) string { return cmp.Or(r.Plan.Name, string(r.Plan.ID)) }

// jobs are the ids.
func (a *api) jobs(r *http.Request) (any, error) {
	summaries, err := a.Cluster.Jobs(r.Context())
	type job struct {
		ID     id.Job `json:"id"`
		Status string `json:"status"`
	}
	all := []job{}
	for _, s := range summaries {
		all = append(all, job{s.Job, s.Status})
	}
	return struct {
		Jobs []job `json:"jobs"`
	}{all}, err
}

// jobsOverview is a line for each job.
func (a *api) jobsOverview(r *http.Request) (any, error) {
	summaries, err := a.Cluster.Jobs(r.Context())
	if err != nil {
		return nil, err
	}
	type job struct {
		ID    id.Job `json:"jid"`
		Name  string `json:"name"`
		State string `json:"state"`
		span
		LastModified int64          `json:"last-modification"`
		Tasks        map[string]int `json:"tasks"`
		Pending      int            `json:"pending-operators"`
	}
	all := []job{}
	for _, s := range summaries {
		report, err := a.Cluster.Job(r.Context(), s.Job)
		if err != nil {
			return nil, err
		}
		life := lifetime(report)
		line := job{ID: s.Job, Name: name(report), State: report.Status, span: life, LastModified: max(life.End, 0), Tasks: map[string]int{"total": len(report.Tasks)}}
		for state, n := range counted(report.Tasks) {
			line.Tasks[strings.ToLower(state)] = n
		}
		for _, t := range report.Tasks {
			line.LastModified = max(line.LastModified, t.Since[t.State])
		}
		all = append(all, line)
	}
	return struct {
		Jobs []job `json:"jobs"`
	}{all}, nil
}

// asked is the report of the job that a request names.
func (a *api) asked(r *http.Request) (wire.JobReport, error) {
	return a.Cluster.Job(r.Context(), id.Job(r.PathValue("job")))
}

// job is one job with its vertices.
func (a *api) job(r *http.Request) (any, error) {
	report, err := a.asked(r)
	if err != nil {
		return nil, err
	}
	timestamps := map[string]int64{}
	for _, s := range statuses {
		timestamps[s] = report.Since[s]
	}
	vertices := verticesOf(report, a.io(r.Context(), report.Tasks))
	counts := map[string]int{}
	for _, s := range states {
		counts[s] = 0
	}
	for _, v := range vertices {
		counts[v.Status]++
	}
	return struct {
		ID        id.Job `json:"jid"`
		Name      string `json:"name"`
		Stoppable bool   `json:"isStoppable"`
		State     string `json:"state"`
		Type      string `json:"job-type"`
		span
		MaxParallelism int              `json:"maxParallelism"`
		Now            int64            `json:"now"`
		Timestamps     map[string]int64 `json:"timestamps"`
		Vertices       []vertex         `json:"vertices"`
		Counts         map[string]int   `json:"status-counts"`
		Plan           jobPlan          `json:"plan"`
		Pending        int              `json:"pending-operators"`
	}{report.Plan.ID, name(report), false, report.Status, streaming, lifetime(report), report.Plan.MaxParallelism, report.At, timestamps,
		vertices, counts, planOf(report.Plan), 0}, nil
}

// jobStatus is the least that can be told of a job.
func (a *api) jobStatus(r *http.Request) (any, error) {
	report, err := a.asked(r)
	return struct {
		Status string `json:"status"`
	}{report.Status}, err
}

// cancel begins to cancel a job.
func (a *api) cancel(r *http.Request) (any, error) {
	switch mode := r.URL.Query().Get("mode"); mode {
	case "", "cancel":
		return accepted{}, a.Cluster.Cancel(r.Context(), id.Job(r.PathValue("job")))
	default:
		return nil, fault{http.StatusBadRequest, fmt.Sprintf("end a job with mode %q: there is only the mode cancel", mode)}
	}
}

// jobConfig is what a job runs with.
func (a *api) jobConfig(r *http.Request) (any, error) {
	report, err := a.asked(r)
	if err != nil {
		return nil, err
	}
	conf, _, err := config.Parse(report.Config)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of job %s: %w", report.Plan.ID, err)
	}
	parallelism := 1
	for _, v := range report.Plan.Vertices {
		parallelism = max(parallelism, v.Parallelism)
	}
	user := map[string]string{}
	for key, value := range report.Plan.Config {
		user[key] = shown(key, value)
	}
	type execution struct {
		Mode        string            `json:"execution-mode"`
		Restart     string            `json:"restart-strategy"`
		Parallelism int               `json:"job-parallelism"`
		ObjectReuse bool              `json:"object-reuse-mode"`
		User        map[string]string `json:"user-config"`
	}
	return struct {
		ID        id.Job    `json:"jid"`
		Name      string    `json:"name"`
		Execution execution `json:"execution-config"`
	}{report.Plan.ID, name(report), execution{"PIPELINED", string(conf.RestartStrategy.Type), parallelism, false, user}}, nil
}
