package jobmanager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Session mode: a job is submitted, and again, and cancelled, and asked for.
func TestASessionTakesJobs(t *testing.T) {
	s := play(t, setting{})
	s.Run(time.Second)
	if a := s.call("dispatcher", 1, wire.SubmitJob{Req: 1, Job: *orders()}).(wire.JobSubmitted); a.Refused != "" {
		t.Fatalf("refused: %s", a.Refused)
	}
	s.until("restore.completed", time.Minute)
	if a := s.call("dispatcher", 2, wire.SubmitJob{Req: 2, Job: *orders()}).(wire.JobSubmitted); !strings.Contains(a.Refused, "running already") {
		t.Errorf("a second submission was answered with %q", a.Refused)
	}
	if a := s.call("dispatcher", 3, wire.RequestJobStatus{Req: 3, Job: "job"}).(wire.JobStatusIs); a.Status != "RUNNING" {
		t.Errorf("the status is %q", a.Status)
	}
	if a := s.call("dispatcher", 4, wire.CancelJob{Req: 4, Job: "other"}).(wire.JobCancelling); a.Refused == "" {
		t.Error("a job that is not there was cancelled")
	}
	s.call("dispatcher", 5, wire.CancelJob{Req: 5, Job: "job"})
	s.RunUntil(func() bool { return s.count("job.canceled") == 1 }, s.Now()+time.Minute)
	s.Run(s.Now() + time.Second)
	if a := s.call("dispatcher", 6, wire.SubmitJob{Req: 6, Job: *orders()}).(wire.JobSubmitted); !strings.Contains(a.Refused, "ended already") {
		t.Errorf("a job that has ended was submitted again: %q", a.Refused)
	}
	for _, name := range []string{"taskmanager-0", "taskmanager-1"} {
		for _, slot := range s.managers[name].slots {
			if slot.Job != "" {
				t.Errorf("%s still has a slot for the job", name)
			}
		}
	}
}

// A session recovers its jobs from the registry when another leader takes over.
func TestASessionRecoversItsJobs(t *testing.T) {
	s := play(t, setting{jobManagers: 2})
	s.Run(time.Second)
	s.call("dispatcher", 1, wire.SubmitJob{Req: 1, Job: *orders()})
	s.until("checkpoint.completed", time.Minute)
	s.Kill(s.leader())
	s.until("restore.completed", time.Minute)
	if r := s.last("restore.started").Event.(history.RestoreStarted); r.Checkpoint == 0 {
		t.Errorf("restored: %+v", r)
	}
}

// Every task reaches the end of its data. One more checkpoint is made at once, the tasks finish with it, and
// the job never runs again: not under the next leader, and not under the leader after a crash in between.
func TestABoundedJobEndsOnce(t *testing.T) {
	s := play(t, setting{job: orders(), jobManagers: 2})
	s.bounded = true
	running := s.until("restore.completed", time.Minute)
	triggered := s.until("checkpoint.triggered", time.Minute)
	if d := triggered.At - running.At; d > time.Second {
		t.Errorf("the last checkpoint was triggered after %s, want at once", d)
	}
	s.RunUntil(func() bool { return s.count("job.finished") == 1 }, s.Now()+time.Minute)
	s.Run(s.Now() + 5*time.Second)
	if left := s.lease.Entries("/default/jobs/"); len(left) != 0 {
		t.Errorf("keys are left: %v", left)
	}
	starts := s.count("job.initializing")
	s.Kill(s.leader())
	s.until("leader.elected", time.Minute)
	s.Run(s.Now() + time.Minute)
	if s.count("job.initializing") != starts {
		t.Error("a job that has finished was started again")
	}
}

// The leader dies right after the job has finished, while it cleans up. The dirty result stays, and the next
// leader cleans up instead of running the job.
func TestTheLeaderDiesWhileCleaningUp(t *testing.T) {
	s := play(t, setting{job: orders(), jobManagers: 2})
	s.bounded = true
	s.until("restore.completed", time.Minute)
	dirty := func() bool { return len(s.lease.Entries("/default/job-results/")) == 1 }
	if !s.RunUntil(dirty, s.Now()+time.Minute) {
		t.Fatal("no result was written")
	}
	if len(s.lease.Entries("/default/execution-plans/")) != 1 {
		t.Fatal("the plan was deleted before the result was written")
	}
	s.Kill(s.leader())
	starts := s.count("job.initializing")
	s.until("leader.elected", time.Minute)
	s.Run(s.Now() + time.Minute)
	if s.count("job.initializing") != starts {
		t.Error("a job with a result was started again")
	}
	if left := append(s.lease.Entries("/default/jobs/"), s.lease.Entries("/default/execution-plans/")...); len(left) != 0 {
		t.Errorf("keys are left: %v", left)
	}
	if left := s.blobs.Paths(); len(left) != 0 {
		t.Errorf("files are left: %v", left)
	}
}

// Retained checkpoints outlive a job that was cancelled, but their pointers do not.
func TestRetainedCheckpointsStay(t *testing.T) {
	s := play(t, setting{job: orders(), flink: map[string]string{"execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION"}})
	s.until("checkpoint.completed", time.Minute)
	s.call("dispatcher", 1, wire.CancelJob{Req: 1, Job: "job"})
	s.Run(s.Now() + 5*time.Second)
	if _, there := s.blobs.Object("s3://flink/checkpoints/job/chk-1/_metadata"); !there {
		t.Error("the retained checkpoint is gone")
	}
	if len(s.pointers()) != 0 {
		t.Errorf("pointers are left: %v", s.pointers())
	}
}

// A configuration that cannot be used ends the process, with what is wrong in it.
func TestABadConfiguration(t *testing.T) {
	s := play(t, setting{job: orders(), flink: map[string]string{"heartbeat.timeout": "soon"}})
	s.Run(time.Second)
	if e := s.last("process.stopped").Event.(history.ProcessStopped); !strings.Contains(e.Cause, "heartbeat.timeout") || e.Panic {
		t.Errorf("stopped: %+v", e)
	}
}
