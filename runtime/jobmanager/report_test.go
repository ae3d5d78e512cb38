package jobmanager_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// ask asks the Dispatcher about a job.
func (s *stage) ask(req uint64, job id.Job) wire.JobReport {
	s.t.Helper()
	is, ok := s.call("dispatcher", req, wire.RequestJob{Req: req, Job: job}).(wire.JobIs)
	if !ok {
		s.t.Fatalf("the question about %s had no answer", job)
	}
	return is.Report
}

// states are the tasks of a report in short.
func states(r wire.JobReport) string {
	var all []string
	for _, t := range r.Tasks {
		all = append(all, fmt.Sprintf("%s#%d %s %s", t.Attempt.Of(), t.Attempt.Number, t.State, t.TaskManager))
	}
	return strings.Join(all, ", ")
}

// A job is asked about while it runs, after a task of it has failed, when it is cancelled, and when it is gone.
func TestAJobIsDescribedAtEveryStage(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	s.until("checkpoint.subsumed", time.Minute)
	r := s.ask(1, "job")
	if r.Status != "RUNNING" || r.Plan.Name != "orders" || r.Restarts != 0 || len(r.Failures) != 0 {
		t.Errorf("it runs: %+v", r)
	}
	if r.Config["heartbeat.timeout"] != "" || r.Config["restart-strategy.type"] != "fixed-delay" {
		t.Errorf("the configuration in force is %v", r.Config)
	}
	if want := "source-0#0 RUNNING taskmanager-0, source-1#0 RUNNING taskmanager-0, sum-0#0 RUNNING taskmanager-0, sum-1#0 RUNNING taskmanager-0"; states(r) != want {
		t.Errorf("the tasks are %s\nwant %s", states(r), want)
	}
	for _, task := range r.Tasks {
		if since := task.Since; since["DEPLOYING"] == 0 || since["DEPLOYING"] > since["RUNNING"] || since["RUNNING"] > r.At {
			t.Errorf("%s was in its states since %v, now it is %d", task.Attempt, since, r.At)
		}
	}
	if since := r.Since; since["INITIALIZING"] == 0 || since["INITIALIZING"] > since["CREATED"] || since["CREATED"] > since["RUNNING"] {
		t.Errorf("the job was in its statuses since %v", since)
	}
	c := r.Checkpoints
	if c.Completed != 2 || c.Total != 2 || c.InProgress+c.Failed+c.Restored != 0 || len(c.History) != 2 {
		t.Errorf("the checkpoints: %+v", c)
	}
	if l := c.LatestCompleted; l.ID != 2 || l.Status != "COMPLETED" || l.Acked != 4 || l.Subtasks != 4 || l.Bytes == 0 || l.Discarded ||
		l.Path != "s3://flink/checkpoints/job/chk-2" || l.LatestAck < l.Triggered {
		t.Errorf("the latest checkpoint: %+v", l)
	}
	if old := c.History[1]; old.ID != 1 || !old.Discarded {
		t.Errorf("only one checkpoint is retained, so the first has been discarded: %+v", old)
	}

	s.fail("sum", 1, "the disk is full")
	s.until("restore.completed", time.Minute)
	r = s.ask(2, "job")
	if r.Restarts != 1 || len(r.Failures) != 1 || r.Truncated || r.Since["RESTARTING"] == 0 {
		t.Fatalf("it has failed once: %+v", r)
	}
	if f := r.Failures[0].Failure; f.Attempt.Of() != (id.Subtask{Vertex: "sum", Index: 1}) || f.TaskManager != "taskmanager-0" ||
		!strings.Contains(f.Cause, "the disk is full") || f.At != r.Since["RESTARTING"] {
		t.Errorf("the failure: %+v", f)
	}
	if !strings.HasPrefix(states(r), "source-0#1 RUNNING") {
		t.Errorf("the tasks are %s", states(r))
	}
	if c := r.Checkpoints; c.Restored != 1 || c.LatestRestored.ID != 2 || c.LatestRestored.Path != "s3://flink/checkpoints/job/chk-2" || c.LatestRestored.At == 0 {
		t.Errorf("the checkpoints: %+v", c)
	}

	s.call("dispatcher", 3, wire.CancelJob{Req: 3, Job: "job"})
	s.RunUntil(func() bool { return s.count("job.result-stored") == 1 }, s.Now()+time.Minute)
	s.Run(s.Now() + 5*time.Second)
	r = s.ask(4, "job")
	if r.Status != "CANCELED" || r.Since["CANCELED"] == 0 || r.Restarts != 1 || !strings.HasPrefix(states(r), "source-0#1 CANCELED") {
		t.Errorf("what is left of it: %+v", r)
	}
	if r := s.ask(5, "other"); r.Status != "" {
		t.Errorf("nobody knows this job: %+v", r)
	}
	jobs := s.call("dispatcher", 6, wire.RequestJobs{Req: 6}).(wire.JobsAre).Jobs
	if len(jobs) != 1 || jobs[0] != (wire.JobSummary{Job: "job", Status: "CANCELED"}) {
		t.Errorf("the jobs are %v", jobs)
	}
}

// A declined checkpoint is told with its reason, and one under way with what has been acknowledged so far.
func TestCheckpointsAreTold(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.reason = func(id.Attempt) string { return "CHECKPOINT_DECLINED" }
	s.until("checkpoint.aborted", time.Minute)
	s.reason, s.silent = nil, func(a id.Attempt) bool { return a.Vertex == "sum" }
	s.until("checkpoint.acked", time.Minute)
	s.until("checkpoint.acked", time.Minute)
	c := s.ask(1, "job").Checkpoints
	if c.Failed != 1 || c.InProgress != 1 || c.Total != 2 || c.Completed != 0 || len(c.History) != 2 {
		t.Fatalf("the checkpoints: %+v", c)
	}
	if f := c.LatestFailed; f != c.History[1] || f.ID != 1 || f.Status != "FAILED" || f.Reason != "CHECKPOINT_DECLINED" || f.Failed < f.Triggered || f.LatestAck > f.Failed {
		t.Errorf("the failed one: %+v", f)
	}
	if p := c.History[0]; p.ID != 2 || p.Status != "IN_PROGRESS" || p.Acked != 2 || p.Subtasks != 4 || p.LatestAck == 0 || p.Bytes <= 2 {
		t.Errorf("the one under way: %+v", p)
	}
}

// The ResourceManager tells which TaskManagers it knows, which of their slots are taken, and when it last heard of them.
func TestTaskManagersAreTold(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	all := s.call("resourcemanager", 1, wire.RequestTaskManagers{Req: 1}).(wire.TaskManagersAre).TaskManagers
	if len(all) != 2 || all[0].TaskManager != "taskmanager-0" || all[0].Instance == "" || len(all[0].Slots) != 2 {
		t.Fatalf("the TaskManagers are %+v", all)
	}
	if all[0].Slots[0].Job != "job" || all[0].Slots[1].Job != "job" || all[1].Slots[0].Job != "" {
		t.Errorf("the job needs two slots: %+v", all)
	}
	before := all[0].Heard
	s.Run(s.Now() + time.Minute)
	all = s.call("resourcemanager", 2, wire.RequestTaskManagers{Req: 2}).(wire.TaskManagersAre).TaskManagers
	if heard := all[0].Heard - before; heard < 50_000 || heard > 70_000 {
		t.Errorf("it was heard of %d ms later, and a minute has passed", heard)
	}
	s.Kill("taskmanager-1")
	s.until("heartbeat.timeout", 5*time.Minute)
	all = s.call("resourcemanager", 3, wire.RequestTaskManagers{Req: 3}).(wire.TaskManagersAre).TaskManagers
	if len(all) != 1 {
		t.Errorf("one is lost: %+v", all)
	}
}

// A question with an old token is refused as any other call is: nobody is told what an old leader believed.
func TestAnOldLeaderIsNotAsked(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("restore.completed", time.Minute)
	l := s.published("dispatcher")
	before := s.count("attempt.fenced")
	s.Send("client", "jobmanager-0/dispatcher-1", wire.Fenced{Token: l.Token + "x", M: wire.RequestJob{Req: 1, Job: "job"}})
	s.until("attempt.fenced", time.Minute)
	if s.answers[1] != nil || s.count("attempt.fenced") != before+1 {
		t.Errorf("it was answered %+v", s.answers[1])
	}
}
