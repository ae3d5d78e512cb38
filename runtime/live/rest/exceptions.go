package rest

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// exception is a failure. There are no classes of exceptions here: its name says whether a task or the job as a whole
// has failed, and its "stack trace" is the cause, in a sentence.
type exception struct {
	Name        string            `json:"exceptionName"`
	Stacktrace  string            `json:"stacktrace"`
	At          int64             `json:"timestamp"`
	Labels      map[string]string `json:"failureLabels"`
	Task        string            `json:"taskName,omitempty"`
	Location    string            `json:"location,omitempty"`
	Endpoint    string            `json:"endpoint,omitempty"`
	TaskManager string            `json:"taskManagerId,omitempty"`
}

type rootException struct {
	exception
	Concurrent []exception `json:"concurrentExceptions"`
}

func exceptionOf(job plan.Job, f wire.Failure) exception {
	e := exception{Name: "JobFailure", Stacktrace: f.Cause, At: f.At, Labels: map[string]string{}}
	if f.Attempt != (id.Attempt{}) {
		e.Name, e.Task = "TaskFailure", taskName(job, f.Attempt)
		e.Location, e.Endpoint, e.TaskManager = f.TaskManager.Process(), f.TaskManager.Process(), string(f.TaskManager)
	}
	return e
}

// taskName names an attempt as Flink does: subtasks are counted from one, executions from none.
func taskName(job plan.Job, a id.Attempt) string {
	v := job.Vertex(a.Vertex)
	if v == nil {
		return a.String()
	}
	return fmt.Sprintf("%s (%d/%d) - execution #%d", plan.ChainName(v.Chain), a.Subtask+1, v.Parallelism, a.Number)
}

// exceptionsMax is how many are told unless the request says otherwise.
const exceptionsMax = 20

// exceptions is why a job has restarted, or failed. The fields before the history are those of older versions, and
// tell the last one again.
func (a *api) exceptions(r *http.Request) (any, error) {
	most := exceptionsMax
	if text := r.URL.Query().Get("maxExceptions"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fault{http.StatusBadRequest, fmt.Sprintf("maxExceptions is %q: it must be a number from 1 on", text)}
		}
		most = n
	}
	report, err := a.asked(r)
	if err != nil {
		return nil, err
	}
	type legacy struct {
		Exception string `json:"exception"`
		Task      string `json:"task"`
		Location  string `json:"location"`
		At        int64  `json:"timestamp"`
	}
	type history struct {
		Entries   []rootException `json:"entries"`
		Truncated bool            `json:"truncated"`
	}
	told := struct {
		Root      *string  `json:"root-exception"`
		At        *int64   `json:"timestamp"`
		All       []legacy `json:"all-exceptions"`
		Truncated bool     `json:"truncated"`
		History   history  `json:"exceptionHistory"`
	}{All: []legacy{}, History: history{[]rootException{}, report.Truncated || len(report.Failures) > most}}
	for i, f := range report.Failures[:min(len(report.Failures), most)] {
		root := rootException{exceptionOf(report.Plan, f.Failure), []exception{}}
		for _, c := range f.Concurrent {
			root.Concurrent = append(root.Concurrent, exceptionOf(report.Plan, c))
		}
		told.History.Entries = append(told.History.Entries, root)
		if i > 0 {
			continue
		}
		told.Root, told.At = &root.Stacktrace, &root.At
		for _, e := range append([]exception{root.exception}, root.Concurrent...) {
			if e.Task != "" {
				told.All = append(told.All, legacy{e.Stacktrace, e.Task, e.Location, e.At})
			}
		}
	}
	return told, nil
}
