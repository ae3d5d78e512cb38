package reports

import (
	"testing"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
)

func storyOf(s *stage, end time.Duration) *story { return read(checker.Run{Events: s.h, End: end}) }

// TestCheckpointOfADeadCoordinatorIsUnfinished: it was neither completed nor aborted, and nobody said so.
func TestCheckpointOfADeadCoordinatorIsUnfinished(t *testing.T) {
	st := read(failover().Run)
	c := st.checkpoints[2]
	if c.ID != 3 || c.Result != unfinished || c.Reason != "its coordinator jobmanager-0 stopped: killed" {
		t.Errorf("checkpoint %d is %s: %s", c.ID, c.Result, c.Reason)
	}
	if st.checkpoints[1].Restored != 1 {
		t.Errorf("checkpoint 2 was restored from %d times, want once", st.checkpoints[1].Restored)
	}
	if got := st.inFlight(ms(32300)); len(got) != 1 || got[0] != 3 {
		t.Errorf("in flight at 32.3 s: %v, want 3", got)
	}
}

// TestNobodyHoldsTheJobWhileNoLeaderSpeaks: from the leader's death to the next status.
func TestNobodyHoldsTheJobWhileNoLeaderSpeaks(t *testing.T) {
	var got []string
	for _, j := range read(failover().Run).job {
		got = append(got, j.State)
	}
	want := []string{"RESTARTING", "RUNNING", nobody, "RESTARTING", "RUNNING", "FINISHED"}
	if len(got) != len(want) {
		t.Fatalf("statuses %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("statuses %v, want %v", got, want)
		}
	}
}

// TestTransactionsOfALostCheckpointAreAborted: by the next writer, and they stay in its lane.
func TestTransactionsOfALostCheckpointAreAborted(t *testing.T) {
	n := 0
	for _, x := range read(failover().Run).transactions {
		if x.Checkpoint == 3 {
			n++
			if x.Fate != "aborted" || x.Cause != "init" || x.Lane[:4] != "sum-" {
				t.Errorf("%s of lane %s is %s (%s)", x.ID, x.Lane, x.Fate, x.Cause)
			}
		}
	}
	if n != 4 {
		t.Errorf("%d transactions of checkpoint 3, want 4", n)
	}
}

// TestAReusedIdIsANewTransaction: pooled ids come again, each time as a transaction of its own.
func TestAReusedIdIsANewTransaction(t *testing.T) {
	s := &stage{}
	for epoch := range int16(3) {
		for _, state := range []string{"Ongoing", "PrepareCommit", "CompleteCommit"} {
			s.note("kafka-0", history.Transaction{ID: "pool-1", ProducerID: 7, Epoch: epoch, State: state})
		}
	}
	s.note("kafka-0", history.Transaction{ID: "pool-1", ProducerID: 7, Epoch: 3, State: "Ongoing"})
	all := storyOf(s, time.Second).transactions
	if len(all) != 4 || all[2].Fate != "committed" || all[3].Fate != "open" || all[3].Epoch != 3 {
		t.Errorf("%d transactions: %+v", len(all), all)
	}
}

// TestProcessesAreSeenThroughPausesAndDeaths: and an attempt dies with its process.
func TestProcessesAreSeenThroughPausesAndDeaths(t *testing.T) {
	s := &stage{}
	s.note("", history.ProcessStarted{Name: "taskmanager-10", Boot: 1}, history.ProcessStarted{Name: "taskmanager-2", Boot: 1})
	s.note("jobmanager-0", history.ExecutionState{Attempt: attemptOf("a", 1), State: "RUNNING", TaskManager: "taskmanager-2"})
	s.to(1)
	s.note("", history.ProcessPaused{Name: "taskmanager-2"})
	s.to(2)
	s.note("", history.ProcessResumed{Name: "taskmanager-2"})
	s.to(3)
	s.note("", history.ProcessStopped{Name: "taskmanager-2", Cause: "killed"})
	all := storyOf(s, 5*time.Second).processes
	if len(all) != 2 || all[0].Name != "taskmanager-2" {
		t.Fatalf("processes %+v, want taskmanager-2 before taskmanager-10", all)
	}
	var states []string
	for _, st := range all[0].States {
		states = append(states, st.State)
	}
	if len(states) != 4 || states[1] != paused || states[3] != dead || all[0].States[3].To != 5*time.Second {
		t.Errorf("states %v", all[0].States)
	}
	if a := all[0].Attempts[0]; a.End != "LOST" || a.States[0].To != 3*time.Second {
		t.Errorf("the attempt ended as %q at %v", a.End, a.States[0].To)
	}
}
