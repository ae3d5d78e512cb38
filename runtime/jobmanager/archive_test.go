package jobmanager

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

func ended(job id.Job) wire.JobReport {
	return wire.JobReport{Plan: plan.Job{ID: job, Name: "orders"}, Status: statusFinished}
}

// A JobMaster ends while a question is on its way to it. The question comes back, behind the last report.
func TestAQuestionThatComesTooLate(t *testing.T) {
	env := mailboxtest.New("jm/dispatcher-1")
	d := newDispatcher(leadership{token: "token"}, "jm/resourcemanager-1")
	d.jobs["job"] = &jobEntry{jobMaster: "jm/jobmaster-job-1", status: statusRunning}
	receive := func(from mailbox.Addr, m mailbox.Msg) []any {
		t.Helper()
		if err := d.Receive(env, from, m); err != nil {
			t.Fatal(err)
		}
		return env.Take()
	}
	asked := receive("rest", wire.Fenced{Token: "token", M: wire.RequestJob{Req: 7, Job: "job"}})[0].(mailboxtest.Mail)
	if asked.To != "jm/jobmaster-job-1" {
		t.Fatalf("%q was asked", asked.To)
	}
	receive("jm/jobmaster-job-1", jobEnded{"job", statusFinished, ended("job")})
	answer := receive("jm/dispatcher-1", mailbox.Undeliverable{To: asked.To, M: asked.M})[0].(mailboxtest.Mail)
	if is, ok := answer.M.(wire.JobIs); !ok || answer.To != "rest" || is.Req != 7 || is.Report.Plan.Name != "orders" {
		t.Errorf("the answer is %+v", answer)
	}
}

// Reports do not pile up: the oldest go. That the job has ended is still known, and no more.
func TestTheArchiveIsBounded(t *testing.T) {
	env := mailboxtest.New("jm/dispatcher-1")
	d := newDispatcher(leadership{token: "token"}, "jm/resourcemanager-1")
	for n := range archivedMax + 1 {
		job := id.Job(fmt.Sprint("job-", n))
		d.archive.add(ended(job))
		d.results[job] = result{Status: statusFinished}
	}
	for job, name := range map[id.Job]string{"job-0": "", "job-1": "orders", "job-100": "orders"} {
		d.describe(env, describe{"rest", wire.RequestJob{Job: job}})
		r := env.Take()[0].(mailboxtest.Mail).M.(wire.JobIs).Report
		if r.Status != statusFinished || r.Plan.ID != job || r.Plan.Name != name {
			t.Errorf("%s: %+v", job, r)
		}
	}
	if n := len(d.archive.reports); n != archivedMax || len(d.summaries()) != archivedMax+1 {
		t.Errorf("%d reports are kept, and %d jobs are known", n, len(d.summaries()))
	}
}

// The history keeps the last failures, and with each those that the restart strategy took for the same.
func TestTheExceptionHistoryIsBounded(t *testing.T) {
	var f failures
	e := &execution{attempt: id.Attempt{Vertex: "sum", Subtask: 1}, taskManager: "tm"}
	f.add(time.UnixMilli(1), e, "alone", true) // merged with what came before the history
	for n := range failuresMax {
		f.add(time.UnixMilli(int64(n)+2), nil, fmt.Sprint("failure ", n), false)
	}
	for range failuresMax + 1 {
		f.add(time.UnixMilli(100), e, "at once", true)
	}
	all := f.newestFirst()
	if len(all) != failuresMax || !f.truncated {
		t.Fatalf("%d failures are kept (truncated: %t)", len(all), f.truncated)
	}
	if newest := all[0]; newest.Failure.Cause != "failure 15" || newest.Failure.Attempt != (id.Attempt{}) || len(newest.Concurrent) != failuresMax ||
		newest.Concurrent[0] != (wire.Failure{At: 100, Attempt: e.attempt, TaskManager: "tm", Cause: "at once"}) {
		t.Errorf("the newest is %+v", newest)
	}
	if all[15].Failure.Cause != "failure 0" {
		t.Errorf("the oldest is %+v", all[15])
	}
}
