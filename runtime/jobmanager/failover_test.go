package jobmanager_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/lease"
)

// restored is the checkpoint that a running subtask got its state from, by what the state itself says.
func (s *stage) restored(vertex id.Vertex, subtask int) string {
	_, d := s.task(vertex, subtask)
	if len(d.State.Operators) == 0 {
		return ""
	}
	return string(d.State.Operators[0].Keyed[0].Inline)
}

// The leader dies with checkpoint 3 in flight. The standby waits for the lease to run out, follows the newest
// pointer, and goes on with ids that nobody had before.
func TestTheLeaderDies(t *testing.T) {
	s := play(t, setting{job: orders(), jobManagers: 2})
	s.until("checkpoint.completed", time.Minute)
	s.until("checkpoint.completed", time.Minute)
	s.until("checkpoint.triggered", time.Minute)
	first := s.leader()
	s.Kill(first)
	s.until("restore.completed", time.Minute)
	if s.leader() == first {
		t.Fatalf("%s leads, and it is dead", first)
	}
	if r := s.last("restore.started").Event.(history.RestoreStarted); r.Checkpoint != 2 || !r.Global {
		t.Errorf("restored: %+v, want checkpoint 2", r)
	}
	for i := range 2 {
		if got := s.restored("sum", i); got != "2" {
			t.Errorf("sum-%d has the state of checkpoint %q", i, got)
		}
	}
	if got := s.until("checkpoint.triggered", time.Minute).Event.(history.CheckpointTriggered).Checkpoint; got != 4 {
		t.Errorf("the new leader triggered checkpoint %d, want 4: 3 was used", got)
	}
	s.until("checkpoint.completed", time.Minute)
}

// At each step of storing checkpoint 2 the leader dies. Without the pointer the new leader restores 1, with
// it 2: there is nothing in between.
func TestTheLeaderDiesWhileStoring(t *testing.T) {
	for _, c := range []struct {
		at   string
		want id.Checkpoint
	}{{"checkpoint.triggered", 1}, {"checkpoint.stored", 1}, {"checkpoint.completed", 2}} {
		t.Run(c.at, func(t *testing.T) {
			s := play(t, setting{job: orders(), jobManagers: 2})
			s.until("checkpoint.completed", time.Minute)
			killed := false
			s.seen = func(e history.Entry, s *stage) {
				if e.Event.Kind() == c.at && !killed {
					killed = true
					s.Kill(e.Process)
				}
			}
			s.until("leader.elected", 2*time.Minute)
			s.until("restore.completed", time.Minute)
			if got := s.last("restore.started").Event.(history.RestoreStarted).Checkpoint; got != c.want {
				t.Errorf("checkpoint %d was restored, want %d", got, c.want)
			}
		})
	}
}

// The leader stands still for longer than its lease and wakes up with checkpoint 2 all but stored. It cannot
// write the pointer any more, and its calls to the tasks are refused or ignored.
func TestAZombieLeaderCannotWrite(t *testing.T) {
	s := play(t, setting{job: orders(), jobManagers: 2})
	s.until("checkpoint.completed", time.Minute)
	zombie := s.leader()
	s.seen = func(e history.Entry, s *stage) {
		if e.Event.Kind() == "checkpoint.stored" && e.Process == zombie {
			s.Pause(zombie)
		}
	}
	s.until("leader.elected", 2*time.Minute)
	s.until("restore.completed", time.Minute)
	s.Resume(zombie)
	s.until("leader.lost", time.Minute)
	for _, e := range s.History() {
		if c, ok := e.Event.(history.CheckpointCompleted); ok && c.Checkpoint == 2 {
			t.Errorf("%s completed checkpoint 2 after %s had taken over", e.Process, s.leader())
		}
	}
	if slices.Contains(s.pointers(), "2") {
		t.Error("the replaced leader has written a pointer")
	}
	s.until("checkpoint.completed", time.Minute)
}

// A pointer leads to a file that is gone. The job must not start from something older: the process ends, and
// tries again, and again, until the file is back.
func TestAPointerThatCannotBeFollowed(t *testing.T) {
	s := play(t, setting{job: orders(), restart: 5 * time.Second, flink: map[string]string{"execution.checkpointing.num-retained": "2"}})
	s.until("checkpoint.completed", time.Minute)
	s.until("checkpoint.completed", time.Minute)
	path := "s3://flink/checkpoints/job/chk-2/_metadata"
	data, _ := s.blobs.Object(path)
	s.blobs.Delete(path)
	s.Kill("jobmanager-0")
	stopped := s.until("process.stopped", 2*time.Minute).Event.(history.ProcessStopped)
	if !strings.Contains(stopped.Cause, path) || !strings.Contains(stopped.Cause, "not in the store") {
		t.Errorf("it ended with %q, want a sentence that names the file", stopped.Cause)
	}
	if n := s.count("restore.started"); n != 1 {
		t.Errorf("a checkpoint was chosen %d times, want only at the first start", n)
	}
	s.Send("client", "objectstore", wire.BlobPut{Path: path, Data: data})
	if got := s.until("restore.started", 2*time.Minute).Event.(history.RestoreStarted).Checkpoint; got != 2 {
		t.Errorf("checkpoint %d was restored, want 2", got)
	}
}

// A TaskManager dies: heartbeats cannot be delivered, twice is enough. One that hangs is found by its silence.
func TestATaskManagerIsLost(t *testing.T) {
	for _, c := range []struct {
		how         string
		do          func(s *stage, tm *actorTM)
		unreachable bool
		from, to    time.Duration
	}{
		{"dead", func(s *stage, tm *actorTM) { s.Kill(tm.name); clear(tm.tasks) }, true, 10 * time.Second, 21 * time.Second},
		{"hanging", func(_ *stage, tm *actorTM) { tm.deaf = true }, false, 40 * time.Second, 51 * time.Second},
	} {
		t.Run(c.how, func(t *testing.T) {
			s := play(t, setting{job: orders()})
			s.until("checkpoint.completed", time.Minute)
			tm, d := s.task("sum", 0)
			begun := s.Now()
			c.do(s, tm)
			s.until("job.restarting", 2*time.Minute)
			var lost history.Entry
			for _, e := range s.History() {
				if h, ok := e.Event.(history.HeartbeatTimeout); ok && strings.Contains(h.Watcher, "jobmaster") {
					lost = e
				}
			}
			if lost.Event == nil || lost.Event.(history.HeartbeatTimeout).Unreachable != c.unreachable {
				t.Fatalf("lost: %+v", lost)
			}
			if after := lost.At - begun; after < c.from || after > c.to {
				t.Errorf("found after %s, want between %s and %s", after, c.from, c.to)
			}
			tm.deaf = false
			s.until("restore.completed", time.Minute)
			_, now := s.task("sum", 0)
			if now.Attempt.Number != d.Attempt.Number+1 || s.restored("sum", 0) == "" {
				t.Errorf("%s follows %s, restored from %q", now.Attempt, d.Attempt, s.restored("sum", 0))
			}
		})
	}
}

// One of two pipelines fails: the other one runs on, undisturbed.
func TestOnlyTheFailedRegionRestarts(t *testing.T) {
	s := play(t, setting{job: pairs()})
	s.until("checkpoint.completed", time.Minute)
	_, before := s.task("sum", 0)
	s.fail("sum", 1, "the test says so")
	s.until("restore.completed", time.Minute)
	_, after := s.task("sum", 0)
	if before.Attempt != after.Attempt {
		t.Errorf("sum-0 was restarted too: %s is now %s", before.Attempt, after.Attempt)
	}
	for _, v := range []id.Vertex{"source", "sum"} {
		if _, d := s.task(v, 1); d.Attempt.Number != 1 || d.Restore != s.last("restore.started").Event.(history.RestoreStarted).Checkpoint {
			t.Errorf("%s: restored from %d", d.Attempt, d.Restore)
		}
	}
	if s.last("restore.started").Event.(history.RestoreStarted).Global {
		t.Error("the restart was global")
	}
	s.until("checkpoint.completed", time.Minute)
}

// A task takes its time to end. No new attempt may run before the old one has ended, whatever the backoff says.
func TestARestartWaitsForTasksToEnd(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	_, slow := s.task("sum", 1)
	s.slow = func(a id.Attempt) bool { return a == slow.Attempt }
	s.fail("sum", 0, "the test says so")
	s.Run(s.Now() + 6*time.Second)
	if n := s.count("restore.started"); n != 1 {
		t.Fatalf("a restart did not wait: %d restores, want only the first start", n)
	}
	s.slow = nil
	s.until("restore.completed", time.Minute)
	for _, v := range []id.Vertex{"source", "sum"} {
		for i := range 2 {
			if _, d := s.task(v, i); d.Attempt.Number != 1 {
				t.Errorf("%s runs, want the second attempt", d.Attempt)
			}
		}
	}
}

// The splits that a subtask got after the checkpoint that its next attempt restores are dealt out again; those
// that it had before are in its state, and are not.
func TestSplitsGoBackToARestartedReader(t *testing.T) {
	s := play(t, setting{job: pairs()})
	s.until("restore.completed", time.Minute)
	s.Run(s.Now() + time.Second)
	assigned := func() (n int) {
		for _, name := range []string{"taskmanager-0", "taskmanager-1"} {
			for _, m := range s.managers[name].got {
				if a, ok := m.(wire.AssignSplits); ok {
					n += len(a.Splits)
				}
			}
		}
		return n
	}
	if assigned() != 4 {
		t.Fatalf("%d splits were assigned, want 4", assigned())
	}
	s.fail("source", 1, "before any checkpoint")
	s.until("restore.completed", time.Minute)
	s.Run(s.Now() + time.Second)
	if assigned() != 6 {
		t.Errorf("%d splits were assigned, want the 2 of source-1 once more", assigned()-4)
	}
	s.until("checkpoint.completed", time.Minute)
	s.fail("source", 1, "after one")
	s.until("restore.completed", time.Minute)
	s.Run(s.Now() + time.Second)
	if assigned() != 6 {
		t.Errorf("%d splits were assigned although the readers had them in their state", assigned()-6)
	}
}

// What carries the token of another leader, or an attempt that is not the present one, changes nothing.
func TestStaleWordsChangeNothing(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	_, old := s.task("sum", 0)
	s.fail("sum", 0, "the test says so")
	s.until("restore.completed", time.Minute)
	before := s.kinds(0, "job.", "task.")
	l := s.published("job/job")
	failed := wire.TaskStateChanged{Job: "job", Attempt: old.Attempt, State: "FAILED"}
	_, now := s.task("sum", 0)
	stale := wire.TaskStateChanged{Job: "job", Attempt: now.Attempt, State: "FAILED"}
	s.Send("client", mailbox.Addr(l.Addr), wire.Fenced{Token: l.Token, M: failed})
	s.Send("client", mailbox.Addr(l.Addr), wire.Fenced{Token: "another", M: stale})
	s.silent = func(a id.Attempt) bool { return a.Vertex == "sum" && a.Subtask == 0 }
	n := s.until("checkpoint.triggered", time.Minute).Event.(history.CheckpointTriggered).Checkpoint
	acked := s.count("checkpoint.acked")
	s.say(wire.AcknowledgeCheckpoint{Job: "job", Attempt: old.Attempt, Checkpoint: n, State: stateOf(old.Attempt, n)})
	s.Run(s.Now() + 5*time.Second)
	if got := s.kinds(0, "job.", "task."); !slices.Equal(got, before) {
		t.Errorf("something happened: %v", got[len(before):])
	}
	if s.last("checkpoint.completed").Event.(history.CheckpointCompleted).Checkpoint == n {
		t.Error("the ack of an earlier attempt completed a checkpoint")
	}
	if got := s.count("checkpoint.acked") - acked; got != 3 {
		t.Errorf("%d acks were counted, want those of the 3 present attempts", got)
	}
	if s.count("attempt.fenced") < 2 {
		t.Errorf("%d calls were fenced, want 2", s.count("attempt.fenced"))
	}
}

// A TaskManager has lost a task without a word, and has one that nobody knows. Heartbeats put both right.
func TestHeartbeatsReconcileAttempts(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("restore.completed", time.Minute)
	s.Run(15 * time.Second)
	tm, d := s.task("sum", 1)
	delete(tm.tasks, d.Attempt)
	stray := id.Attempt{Graph: "another", Vertex: "sum", Subtask: 0}
	tm.tasks[stray] = &actorTask{}
	failed := s.until("task.failed", time.Minute).Event.(history.ExecutionState)
	if failed.Attempt != d.Attempt {
		t.Errorf("%s failed, want %s", failed.Attempt, d.Attempt)
	}
	s.until("restore.completed", time.Minute)
	if tm.tasks[stray] != nil {
		t.Error("the attempt that nobody knows was not cancelled")
	}
}

// A TaskManager says good-bye: nobody waits for its heartbeat.
func TestATaskManagerSaysGoodBye(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	tm, _ := s.task("sum", 0)
	begun := s.Now()
	for component, job := range map[string]id.Job{"job/job": "job", "resourcemanager": ""} {
		l := s.published(component)
		s.Send(mailbox.Addr(tm.name), mailbox.Addr(l.Addr), wire.Fenced{Token: l.Token,
			M: wire.DisconnectTaskManager{Job: job, Token: l.Token, Cause: "shutting down"}})
	}
	s.Kill(tm.name)
	clear(tm.tasks)
	s.until("job.restarting", 2*time.Second)
	if s.count("heartbeat.timeout") > 0 {
		t.Error("its heartbeat was waited for")
	}
	s.until("restore.completed", begun+time.Minute)
	if at, _ := s.task("sum", 0); at.name == tm.name {
		t.Errorf("%s has gone, and runs tasks", tm.name)
	}
}

// A leader that is asked to stop resigns: the standby leads before the lease would have run out, and recovers the job.
func TestALeaderStops(t *testing.T) {
	s := play(t, setting{job: orders(), jobManagers: 2})
	s.until("checkpoint.completed", time.Minute)
	old := s.leader()
	s.Send("client", mailbox.Addr(old), mailbox.Stop{})
	s.until("process.stopped", 2*time.Second)
	s.until("leader.elected", 6*time.Second)
	s.until("restore.completed", time.Minute)
	if now := s.leader(); now == old {
		t.Errorf("%s stopped and leads", now)
	}
	if r := s.last("restore.started").Event.(history.RestoreStarted); r.Checkpoint == 0 {
		t.Error("the job started from the beginning")
	}
}

// The service takes leadership away from a living process. It suspends the job, contends again, and recovers.
func TestLeadershipIsLostAndWonAgain(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	before := s.last("leader.elected").Event.(history.LeaderElected)
	s.lease.LoseLease(before.Holder)
	s.until("job.suspended", time.Minute)
	s.until("restore.completed", time.Minute)
	after := s.last("leader.elected").Event.(history.LeaderElected)
	if after.Token == before.Token {
		t.Error("the token of the first grant was used again")
	}
	if r := s.last("restore.started").Event.(history.RestoreStarted); r.Checkpoint == 0 {
		t.Error("the job started from the beginning: its data in the HA store is gone")
	}
}

// The coordination service is away for longer than the lease: the leader gives up, and comes back.
func TestTheCoordinationServiceIsAway(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	end := s.lease.Outage(lease.Timeout, lease.Scope{})
	s.until("leader.lost", time.Minute)
	end()
	s.until("restore.completed", time.Minute)
	s.until("checkpoint.completed", time.Minute)
}

// There are no slots for the job. It waits for slot.request.timeout, and then says what it lacks.
func TestThereAreNoSlots(t *testing.T) {
	s := play(t, setting{job: orders(), flink: map[string]string{"slot.request.timeout": "30 s"}})
	s.Kill("taskmanager-0")
	s.Kill("taskmanager-1")
	e := s.until("job.restarting", time.Minute)
	if cause := e.Event.(history.JobStatus).Cause; !strings.Contains(cause, "needs 2 slots and has 0") {
		t.Errorf("the cause is %q", cause)
	}
	s.Restart("taskmanager-0")
	s.until("restore.completed", 2*time.Minute)
}

// The restart strategy gives up: the job has failed, for good, and what it kept is deleted.
func TestTheRestartStrategyGivesUp(t *testing.T) {
	s := play(t, setting{job: orders(), flink: map[string]string{"restart-strategy.fixed-delay.attempts": "1"}})
	s.until("checkpoint.completed", time.Minute)
	s.fail("sum", 0, "once")
	s.until("restore.completed", time.Minute)
	s.fail("sum", 0, "twice")
	e := s.until("job.failed", time.Minute).Event.(history.JobStatus)
	if !strings.Contains(e.Cause, "twice") {
		t.Errorf("the job failed with %q", e.Cause)
	}
	s.Run(s.Now() + 5*time.Second)
	if left := s.blobs.Paths(); len(left) != 0 {
		t.Errorf("files are left: %v", left)
	}
	if left := s.lease.Entries("/default/jobs/"); len(left) != 0 {
		t.Errorf("keys are left: %v", left)
	}
}
