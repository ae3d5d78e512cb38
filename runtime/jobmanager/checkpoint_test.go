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
	"github.com/flinch-dev/flinch/sim/blobs"
	"github.com/flinch-dev/flinch/sim/lease"
)

// The job is submitted by the leader, gets two slots for its two subtasks of each vertex, and runs.
func TestFirstDeployment(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("restore.completed", time.Minute)
	want := []string{"job.initializing", "job.created", "job.running"}
	if got := s.kinds(0, "job."); !slices.Equal(got, want) {
		t.Errorf("the job went through %v, want %v", got, want)
	}
	for i := range 2 {
		source, a := s.task("source", i)
		sum, b := s.task("sum", i)
		if source != sum || a.Allocation != b.Allocation {
			t.Errorf("source-%d and sum-%d are not in one slot, though they share a slot group", i, i)
		}
		if len(b.Inputs) != 1 || len(b.Inputs[0].Producers) != 2 || b.Inputs[0].Channel != i {
			t.Errorf("sum-%d has inputs %+v, want channel %d of both sources", i, b.Inputs, i)
		}
		for p, producer := range b.Inputs[0].Producers {
			host, d := s.task("source", p)
			if producer.Attempt != d.Attempt || producer.Task != wire.TaskAddr(mailbox.Addr(host.name), d.Attempt) {
				t.Errorf("sum-%d looks for source-%d at %+v", i, p, producer)
			}
		}
	}
}

// The order that must not change: metadata, handle, pointer, and only then does any task hear of it.
func TestACheckpointCompletesInThisOrder(t *testing.T) {
	s := play(t, setting{job: orders()})
	notified := 0
	s.started = func(m mailbox.Msg, _ string) {
		if _, ok := m.(wire.NotifyCheckpointComplete); ok {
			notified++
		}
	}
	s.seen = func(e history.Entry, s *stage) {
		_, metadata := s.blobs.Object("s3://flink/checkpoints/job/chk-1/_metadata")
		_, handle := s.blobs.Object("s3://flink/ha/job/completedCheckpoint-1")
		pointer := len(s.pointers()) == 1
		got := []bool{metadata, handle, pointer, notified > 0}
		var want []bool
		switch e.Event.Kind() {
		case "checkpoint.triggered":
			want = []bool{false, false, false, false}
		case "checkpoint.stored":
			want = []bool{true, false, false, false}
		case "checkpoint.completed":
			want = []bool{true, true, true, false}
		default:
			return
		}
		if !slices.Equal(got, want) {
			t.Errorf("at %s: metadata, handle, pointer, notified are %v, want %v", e.Event.Kind(), got, want)
		}
	}
	done := s.until("checkpoint.completed", time.Minute)
	s.seen = nil
	s.Run(s.Now() + 5*time.Second)
	want := []string{"checkpoint.triggered", "checkpoint.acked", "checkpoint.acked", "checkpoint.acked", "checkpoint.acked",
		"checkpoint.stored", "checkpoint.completed"}
	if got := s.kinds(0, "checkpoint."); !slices.Equal(got, want) {
		t.Errorf("notes: %v, want %v", got, want)
	}
	if c := done.Event.(history.CheckpointCompleted); len(c.Acked) != 4 || len(c.Waited) != 4 || c.Checkpoint != 1 {
		t.Errorf("completed: %+v", c)
	}
	if notified != 4 {
		t.Errorf("%d tasks were notified, want 4", notified)
	}
}

// One checkpoint is retained. The old pointer goes only when the new one is there, and its files after it.
func TestAnOlderCheckpointIsSubsumed(t *testing.T) {
	s := play(t, setting{job: orders()})
	gone := s.until("checkpoint.subsumed", time.Minute).Event.(history.CheckpointSubsumed)
	if gone.Checkpoint != 1 || gone.By != 2 || !slices.Equal(s.pointers(), []string{"2"}) {
		t.Errorf("subsumed %+v, pointers %v", gone, s.pointers())
	}
	if _, there := s.blobs.Object("s3://flink/checkpoints/job/chk-1/_metadata"); !there {
		t.Error("the files of checkpoint 1 were deleted before its pointer was")
	}
	s.Run(s.Now() + time.Second)
	for _, path := range s.blobs.Paths() {
		if strings.Contains(path, "chk-1/") || strings.HasSuffix(path, "Checkpoint-1") {
			t.Errorf("%s is left of checkpoint 1", path)
		}
	}
}

// The old pointer cannot be deleted. Its files stay as well, for whoever follows it.
func TestFilesOutliveTheirPointer(t *testing.T) {
	s := play(t, setting{job: orders(), jobManagers: 2})
	s.until("checkpoint.completed", time.Minute)
	end := s.lease.Outage(lease.Unavailable, lease.Scope{Operations: []lease.Operation{lease.Delete}})
	s.until("checkpoint.completed", time.Minute)
	s.Run(s.Now() + 9*time.Second)
	if _, there := s.blobs.Object("s3://flink/checkpoints/job/chk-1/_metadata"); !there || len(s.pointers()) != 2 {
		t.Errorf("pointers %v, metadata of 1 is there: %v; both must be", s.pointers(), there)
	}
	end()
	s.Kill(s.leader())
	s.until("restore.completed", time.Minute)
	s.until("checkpoint.subsumed", time.Minute)
}

// min-pause counts from the end of one checkpoint to the trigger of the next.
func TestThePauseBetweenCheckpoints(t *testing.T) {
	s := play(t, setting{job: orders(), flink: map[string]string{"execution.checkpointing.min-pause": "9950 ms"}})
	for range 3 {
		done := s.until("checkpoint.completed", time.Minute)
		next := s.until("checkpoint.triggered", time.Minute)
		if pause := next.At - done.At; pause < 9950*time.Millisecond || pause > 10*time.Second {
			t.Errorf("a pause of %s, want 9.95s", pause)
		}
	}
}

// Failed checkpoints in a row: one is tolerated, the second fails the job over. Reasons that are not the
// checkpoint's own fault are not counted.
func TestFailedCheckpointsAreCounted(t *testing.T) {
	for _, c := range []struct {
		reason  string
		counted bool
	}{
		{"CHECKPOINT_ASYNC_EXCEPTION", true},
		{"CHECKPOINT_DECLINED", true},
		{"CHECKPOINT_DECLINED_TASK_NOT_READY", false},
		{"CHECKPOINT_DECLINED_ON_CANCELLATION_BARRIER", false},
	} {
		t.Run(c.reason, func(t *testing.T) {
			s := play(t, setting{job: orders()})
			s.until("restore.completed", time.Minute)
			s.reason = func(a id.Attempt) string {
				if a.Vertex == "sum" && a.Subtask == 1 {
					return c.reason
				}
				return ""
			}
			for range 2 {
				aborted := s.until("checkpoint.aborted", time.Minute).Event.(history.CheckpointAborted)
				if aborted.Reason != c.reason || aborted.Counted != c.counted {
					t.Fatalf("aborted: %+v, want reason %s, counted %v", aborted, c.reason, c.counted)
				}
			}
			s.Run(s.Now() + 500*time.Millisecond)
			if restarted := s.count("job.restarting") == 1; restarted != c.counted {
				t.Errorf("after 2 failures in a row the job restarted: %v, want %v", restarted, c.counted)
			}
		})
	}
}

// A success in between starts the count anew.
func TestASuccessResetsTheCount(t *testing.T) {
	s := play(t, setting{job: orders()})
	bad := false
	s.reason = func(a id.Attempt) string {
		if bad && a.Vertex == "sum" && a.Subtask == 1 {
			return "CHECKPOINT_ASYNC_EXCEPTION"
		}
		return ""
	}
	for range 3 {
		bad = false
		s.until("checkpoint.completed", time.Minute)
		bad = true
		s.until("checkpoint.aborted", time.Minute)
	}
	if n := s.count("job.restarting"); n != 0 {
		t.Errorf("the job restarted %d times", n)
	}
}

// One task never answers. The checkpoint expires and is counted, and its late ack changes nothing.
func TestACheckpointExpires(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.silent = func(a id.Attempt) bool { return a.Vertex == "sum" && a.Subtask == 1 }
	begun := s.until("checkpoint.triggered", time.Minute)
	aborted := s.until("checkpoint.aborted", time.Minute)
	if e := aborted.Event.(history.CheckpointAborted); e.Reason != "CHECKPOINT_EXPIRED" || !e.Counted {
		t.Errorf("aborted: %+v", e)
	}
	if d := aborted.At - begun.At; d < 20*time.Second || d > 21*time.Second {
		t.Errorf("it expired after %s, want execution.checkpointing.timeout, 20s", d)
	}
	_, d := s.task("sum", 1)
	s.silent = nil
	s.say(wire.AcknowledgeCheckpoint{Job: "job", Attempt: d.Attempt, Checkpoint: 1, State: stateOf(d.Attempt, 1)})
	s.until("checkpoint.completed", time.Minute)
	if got := s.last("checkpoint.completed").Event.(history.CheckpointCompleted).Checkpoint; got != 2 {
		t.Errorf("checkpoint %d completed first, want 2", got)
	}
}

// A finished checkpoint's files belong to it: an ack that comes twice deletes nothing.
func TestAnAckThatComesTwiceDeletesNothing(t *testing.T) {
	s := play(t, setting{job: orders()})
	_, file := "", "s3://flink/checkpoints/job/chk-1/state"
	s.until("restore.completed", time.Minute)
	s.silent = func(a id.Attempt) bool { return a.Vertex == "sum" && a.Subtask == 1 }
	s.until("checkpoint.triggered", time.Minute)
	s.Send("client", "objectstore", wire.BlobPut{Path: file, Data: []byte("state")})
	_, d := s.task("sum", 1)
	ack := wire.AcknowledgeCheckpoint{Job: "job", Attempt: d.Attempt, Checkpoint: 1, State: stateOf(d.Attempt, 1)}
	ack.State.Operators[0].Keyed[0].Inline, ack.State.Operators[0].Keyed[0].Path = nil, file
	s.say(ack)
	s.until("checkpoint.completed", time.Minute)
	s.say(ack)
	s.Run(s.Now() + time.Second)
	if _, there := s.blobs.Object(file); !there {
		t.Error("a file of a completed checkpoint is gone")
	}
}

// The pointer was written, but its answer was lost. The coordinator reads it back, and the checkpoint is
// complete: taking the silence for a failure would delete files that the pointer leads to.
func TestALostAnswerToThePointerIsReadBack(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.triggered", time.Minute)
	s.lease.LoseNextAnswers(1, lease.Scope{Operations: []lease.Operation{lease.Write}, Prefix: "/default/jobs/job/checkpoints/"})
	s.until("checkpoint.completed", time.Minute)
	if n := s.count("checkpoint.aborted"); n != 0 || !slices.Equal(s.pointers(), []string{"1"}) {
		t.Errorf("%d checkpoints aborted, pointers %v", n, s.pointers())
	}
}

// The pointer was written, but the service says nothing but "unavailable" from then on. The checkpoint is
// aborted and counted, its files stay; and before the job may restore anything older, the pointer is settled.
func TestAnAmbiguousPointerIsSettledBeforeARestore(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	s.until("checkpoint.triggered", time.Minute)
	on := lease.Scope{Prefix: "/default/jobs/job/checkpoints/"}
	s.lease.MisreportNext(1, on)
	heal := func() {}
	s.seen = func(e history.Entry, s *stage) {
		if e.Event.Kind() == "checkpoint.stored" {
			s.After(300*time.Millisecond, func() { heal = s.lease.Outage(lease.Unavailable, on) })
		}
	}
	aborted := s.until("checkpoint.aborted", 3*time.Minute).Event.(history.CheckpointAborted)
	s.seen = nil
	if aborted.Checkpoint != 2 || aborted.Reason != "FINALIZE_CHECKPOINT_FAILURE" || !aborted.Counted {
		t.Errorf("aborted: %+v", aborted)
	}
	s.Run(s.Now() + 2*time.Second)
	if _, there := s.blobs.Object("s3://flink/checkpoints/job/chk-2/_metadata"); !there || len(s.pointers()) != 2 {
		t.Errorf("pointers %v, metadata of 2 is there: %v; both must be", s.pointers(), there)
	}
	before := s.count("restore.started")
	s.fail("sum", 0, "the test says so")
	s.Run(s.Now() + 10*time.Second)
	if s.count("restore.started") != before {
		t.Fatal("a checkpoint was chosen while the fate of a newer one was open")
	}
	heal()
	if got := s.until("restore.started", time.Minute).Event.(history.RestoreStarted).Checkpoint; got != 2 {
		t.Errorf("checkpoint %d was restored, want 2", got)
	}
	s.until("restore.completed", time.Minute)
}

// The object store is away when the metadata is due: the checkpoint fails, and the one before it stays.
func TestTheMetadataCannotBeWritten(t *testing.T) {
	s := play(t, setting{job: orders()})
	s.until("checkpoint.completed", time.Minute)
	s.until("checkpoint.triggered", time.Minute)
	end := s.blobs.Outage(blobs.Unavailable, blobs.Scope{})
	aborted := s.until("checkpoint.aborted", 2*time.Minute).Event.(history.CheckpointAborted)
	end()
	if !slices.Contains([]string{"FINALIZE_CHECKPOINT_FAILURE", "CHECKPOINT_EXPIRED"}, aborted.Reason) || !aborted.Counted {
		t.Errorf("aborted: %+v", aborted)
	}
	if !slices.Equal(s.pointers(), []string{"1"}) {
		t.Errorf("pointers %v, want that of 1", s.pointers())
	}
	s.until("checkpoint.completed", time.Minute)
}
