package rest

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

//go:embed page.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"count": countText, "bytes": bytesText, "ms": millisText}).Parse(pageText))

// jobsShown is how many jobs the page tells of, the running ones first.
const jobsShown = 10

// page is what the page shows. A class is a tone: good, unsure, bad, or none.
type page struct {
	Title, Class    string
	Process, Leader string
	Refresh         int // seconds; 0: it stands still
	At              string
	Problem         string // why nothing else is known
	Overview        overview
	TaskManagers    []pageTaskManager
	Jobs            []pageJob
	Others          int // jobs that are not shown
}

type pageTaskManager struct {
	Name  string
	Heard string
	Slots []pageSlot
	Free  int
}

type pageSlot struct{ Job id.Job }

type pageJob struct {
	Name, Path, Status, Class, Lived string
	ID                               id.Job
	Restarts                         int
	Known                            bool // it has a plan, and is told in full
	Stages                           []pageStage
	Checkpoints                      wire.CheckpointStatistics
	LastCheckpoint                   string
	History                          []pageCheckpoint
	Failures                         []pageFailure
	Truncated                        bool
}

type pageStage struct {
	Name, Status, Class string
	Operators           []string
	Inputs              []string // how records come in
	Tasks               []pageTask
	IO                  ioMetrics
	BackPressured       int
}

type pageTask struct{ Class, Text string }

type pageCheckpoint struct {
	wire.CheckpointReport
	Class, Result, Ago string
	Took               int64   // milliseconds; -1: nobody knows yet
	Share              float64 // of the longest one shown, in percent
}

type pageFailure struct {
	Ago, What, Where, Cause string
	More                    int
}

// classes are the tones of statuses and states. Those that are not here are on their way to something.
var classes = map[string]string{"RUNNING": "good", "FINISHED": "good", "COMPLETED": "good", "FAILED": "bad", "FAILING": "bad", "CANCELED": "none"}

func classOf(status string) string { return cmp.Or(classes[status], "unsure") }

// page answers people. It is whole also when the cluster is not.
func (a *api) page(w http.ResponseWriter, r *http.Request) {
	p := page{Title: "Flinch", Class: "bad", Process: a.Process, Refresh: refreshSeconds, At: time.Now().UTC().Format("15:04:05 UTC")}
	if r.URL.Query().Has("paused") {
		p.Refresh = 0
	}
	code := http.StatusOK
	if err := a.fill(r.Context(), &p); err != nil {
		code, p.Problem = statusOf(err), err.Error()
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		panic(fmt.Sprintf("rest: write the page: %v", err)) // the template fits the fields: a test says so
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // a reader that has gone misses nothing
}

// fill asks the cluster.
func (a *api) fill(ctx context.Context, p *page) error {
	leader, err := a.Cluster.Leader(ctx)
	if err != nil {
		return err
	}
	taskManagers, jobs, o, err := a.cluster(ctx)
	if err != nil {
		return err
	}
	p.Leader, p.Overview = leader, o
	now := time.Now().UnixMilli()
	for _, t := range taskManagers {
		shown := pageTaskManager{Name: string(t.TaskManager), Heard: agoText(now - t.Heard), Free: free(t)}
		for _, s := range t.Slots {
			shown.Slots = append(shown.Slots, pageSlot{s.Job})
		}
		p.TaskManagers = append(p.TaskManagers, shown)
	}
	slices.SortStableFunc(jobs, func(a, b wire.JobSummary) int { return cmp.Compare(place(a.Status), place(b.Status)) })
	p.Others = max(0, len(jobs)-jobsShown)
	p.Class = "good"
	for _, j := range jobs[:len(jobs)-p.Others] {
		report, err := a.Cluster.Job(ctx, j.Job)
		if err != nil {
			return err
		}
		shown := a.shownJob(ctx, report)
		p.Jobs = append(p.Jobs, shown)
		p.Class = worse(p.Class, shown.Class)
	}
	if len(p.Jobs) > 0 {
		p.Title = fmt.Sprintf("%s %s · Flinch", p.Jobs[0].Name, strings.ToLower(p.Jobs[0].Status))
	}
	return nil
}

// place is where a job stands on the page: those that have ended come last.
func place(status string) int {
	if slices.Contains([]string{"FINISHED", "CANCELED", "FAILED"}, status) {
		return 1
	}
	return 0
}

func worse(a, b string) string {
	order := []string{"none", "good", "unsure", "bad"}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

func (a *api) shownJob(ctx context.Context, r wire.JobReport) pageJob {
	life := lifetime(r)
	j := pageJob{Name: name(r), ID: r.Plan.ID, Path: "/jobs/" + url.PathEscape(string(r.Plan.ID)), Status: r.Status, Class: classOf(r.Status),
		Restarts: r.Restarts, Known: len(r.Plan.Vertices) > 0, Checkpoints: r.Checkpoints, Truncated: r.Truncated}
	switch since := r.Since[r.Status]; {
	case since > 0 && life.End < 0:
		j.Lived = "for " + millisText(r.At-since)
	case life.End > 0:
		j.Lived = "after " + millisText(life.Duration)
	}
	told := a.io(ctx, r.Tasks)
	for _, v := range verticesOf(r, told) {
		j.Stages = append(j.Stages, stageOf(r, v, told))
	}
	if c := r.Checkpoints.LatestCompleted; c.ID > 0 {
		j.LastCheckpoint = agoText(r.At - c.LatestAck)
	}
	j.History = historyOf(r)
	for _, f := range r.Failures {
		e := exceptionOf(r.Plan, f.Failure)
		j.Failures = append(j.Failures, pageFailure{Ago: agoText(r.At - e.At), What: cmp.Or(e.Task, "the job as a whole"), Where: e.TaskManager, Cause: e.Stacktrace, More: len(f.Concurrent)})
	}
	return j
}

func stageOf(r wire.JobReport, v vertex, told map[id.Attempt]*wire.TaskIOIs) pageStage {
	s := pageStage{Name: v.Name, Status: v.Status, Class: classOf(v.Status), Operators: strings.Split(v.Name, " -> "), IO: v.Metrics}
	for _, e := range r.Plan.Inputs(v.ID) {
		from := plan.ChainName(r.Plan.Vertex(e.From).Chain[:1])
		s.Inputs = append(s.Inputs, strings.ToLower(string(e.Partitioner))+" from "+from)
	}
	for _, t := range tasksOf(r, v.ID) {
		s.Tasks = append(s.Tasks, pageTask{classOf(t.State), fmt.Sprintf("subtask %d is %s on %s", t.Attempt.Subtask, t.State, cmp.Or(string(t.TaskManager), "no TaskManager"))})
		if io := told[t.Attempt]; io != nil && io.BackPressured {
			s.BackPressured++
		}
	}
	return s
}

func historyOf(r wire.JobReport) []pageCheckpoint {
	var all []pageCheckpoint
	longest := int64(1)
	for _, c := range r.Checkpoints.History {
		told := checkpointOf(c)
		shown := pageCheckpoint{CheckpointReport: c, Class: classOf(c.Status), Took: told.Duration, Ago: agoText(r.At - c.Triggered)}
		switch c.Status {
		case "COMPLETED":
			shown.Result = "completed"
		case "FAILED":
			shown.Result = strings.ToLower(strings.ReplaceAll(c.Reason, "_", " "))
		default:
			shown.Result, shown.Took = "in progress", r.At-c.Triggered
		}
		longest = max(longest, shown.Took)
		all = append(all, shown)
	}
	for i := range all {
		all[i].Share = float64(max(all[i].Took, 0)) * 100 / float64(longest)
	}
	return all
}
