package rest

import (
	"context"
	"net/http"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// overview is the cluster in numbers.
type overview struct {
	TaskManagers   int    `json:"taskmanagers"`
	SlotsTotal     int    `json:"slots-total"`
	SlotsAvailable int    `json:"slots-available"`
	JobsRunning    int    `json:"jobs-running"`
	JobsFinished   int    `json:"jobs-finished"`
	JobsCancelled  int    `json:"jobs-cancelled"`
	JobsFailed     int    `json:"jobs-failed"`
	Version        string `json:"flink-version"`
	Commit         string `json:"flink-commit"`
}

func (a *api) overview(r *http.Request) (any, error) {
	_, _, o, err := a.cluster(r.Context())
	return o, err
}

// cluster is what both leaders' components say, and what it comes to.
func (a *api) cluster(ctx context.Context) ([]wire.TaskManagerReport, []wire.JobSummary, overview, error) {
	taskManagers, err := a.Cluster.TaskManagers(ctx)
	if err != nil {
		return nil, nil, overview{}, err
	}
	jobs, err := a.Cluster.Jobs(ctx)
	if err != nil {
		return nil, nil, overview{}, err
	}
	o := overview{TaskManagers: len(taskManagers), Version: a.Version, Commit: a.Revision}
	for _, t := range taskManagers {
		o.SlotsTotal += len(t.Slots)
		o.SlotsAvailable += free(t)
	}
	for _, j := range jobs {
		switch j.Status {
		case "FINISHED":
			o.JobsFinished++
		case "CANCELED":
			o.JobsCancelled++
		case "FAILED":
			o.JobsFailed++
		default:
			o.JobsRunning++
		}
	}
	return taskManagers, jobs, o, nil
}

// refreshSeconds is how often a page is to ask again.
const refreshSeconds = 3

// dashboard is what a page needs to know before it asks anything else. All times are told in UTC.
func (a *api) dashboard(*http.Request) (any, error) {
	type features struct {
		Submit  bool `json:"web-submit"`
		Cancel  bool `json:"web-cancel"`
		Rescale bool `json:"web-rescale"`
		History bool `json:"web-history"`
	}
	return struct {
		RefreshInterval int      `json:"refresh-interval"` // milliseconds
		TimezoneName    string   `json:"timezone-name"`
		TimezoneOffset  int      `json:"timezone-offset"`
		Version         string   `json:"flink-version"`
		Revision        string   `json:"flink-revision"`
		Features        features `json:"features"`
	}{refreshSeconds * 1000, "UTC", 0, a.Version, a.Revision, features{Cancel: true}}, nil
}
