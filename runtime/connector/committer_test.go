package connector

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// owes is the state of a sink that owes transactions, each of the checkpoint that its name ends with.
func owes(transactions ...string) snapshot.Operator {
	list := snapshot.List{Name: "committables", Mode: snapshot.Split}
	for _, name := range transactions {
		var n id.Checkpoint
		if _, err := fmt.Sscan(name[strings.LastIndexByte(name, '-')+1:], &n); err != nil {
			panic(err)
		}
		item, err := json.Marshal(owed{n, committable{name, 7, 1}})
		if err != nil {
			panic(err)
		}
		list.Items = append(list.Items, item)
	}
	return snapshot.Operator{Operator: "sink", Lists: []snapshot.List{list}}
}

// Checkpoint 1 is aborted. Its records are in the stream before barrier 2, so the next completion commits both;
// until then each state carries all that is owed.
func TestAnAbortedCheckpointIsCommittedWithTheNext(t *testing.T) {
	s := opened(t)
	s.epoch(1, "p-0-1", "p-0-2")
	if state := s.epoch(2, "p-0-2", "p-0-3"); len(state) != 2 {
		t.Errorf("the state is %s", state)
	}
	s.epoch(3, "p-0-3", "p-0-4")
	s.Complete(s.env, 2)
	s.does("commit p-0-1 of 7/1", "commit p-0-2 of 7/1") // and not the third
}

// What the restored checkpoint owes is decided before any id is initialised, since that would abort it. The first
// run may have committed it too: then this is a no-op at the broker.
func TestARestoreCommitsFirst(t *testing.T) {
	s := setUp(t, exactlyOnce)
	if err := s.Open(s.env, 4, owes("p-0-4", "p-0-3")); err != nil {
		t.Fatal(err)
	}
	s.does("commit p-0-3 of 7/1", "commit p-0-4 of 7/1")
	if !s.Busy() {
		t.Error("records may come before the commits are answered")
	}
	if err := s.ended("p-0-4", ""); err != nil {
		t.Fatal(err)
	}
	s.does("* committed again p-0-4")
	if err := s.ended("p-0-3", "INVALID_PRODUCER_ID_MAPPING"); err != nil { // expired: it was decided long ago
		t.Fatal(err)
	}
	s.does("* lost p-0-3: INVALID_PRODUCER_ID_MAPPING", "init p-0-5")
	s.ready("p-0-5", 0)
	s.does("close p-0-5", "init p-0-5")
	s.ready("p-0-5", 1)
	if s.Busy() {
		t.Error("everything is decided, and its transaction is open")
	}
	if state := s.epoch(5, "p-0-5", "p-0-6"); len(state) != 1 {
		t.Errorf("what was committed is still in the state: %s", state)
	}
}

// After a rescale the committables of other subtasks are here. They are as good as one's own.
func TestARestoreCommitsForOthersToo(t *testing.T) {
	s := setUp(t, exactlyOnce)
	if err := s.Open(s.env, 4, owes("p-3-4", "p-1-4")); err != nil {
		t.Fatal(err)
	}
	s.does("commit p-3-4 of 7/1", "commit p-1-4 of 7/1")
}

// What Kafka may answer to a commit that is owed, and what follows (kafka-transactions.md, "Final answers").
func TestTheAnswersToACommit(t *testing.T) {
	for _, c := range []struct {
		answer string
		does   string // "": the task fails, and the commit stays owed
	}{
		{"", "* committed p-0-1"},
		// The broker has fenced or forgotten the producer, or aborted the transaction: it cannot tell whether it was
		// committed before. Flink's connector logs that, drops the committable, and the job runs on.
		{"PRODUCER_FENCED", "* lost p-0-1: PRODUCER_FENCED"},
		{"INVALID_PRODUCER_EPOCH", "* lost p-0-1: INVALID_PRODUCER_EPOCH"},
		{"INVALID_TXN_STATE", "* lost p-0-1: INVALID_TXN_STATE"},
		{"INVALID_PRODUCER_ID_MAPPING", "* lost p-0-1: INVALID_PRODUCER_ID_MAPPING"},
		// Not known, or not allowed: the transaction must still be committed.
		{"TIMED_OUT", ""},
		{"CONCURRENT_TRANSACTIONS", ""},
		{"NOT_COORDINATOR", ""},
		{"TRANSACTIONAL_ID_AUTHORIZATION_FAILED", ""},
		{"UNKNOWN_SERVER_ERROR", ""},
	} {
		t.Run("answer "+c.answer, func(t *testing.T) {
			s := opened(t)
			s.epoch(1, "p-0-1", "p-0-2")
			s.Complete(s.env, 1)
			s.does("commit p-0-1 of 7/1")
			err := s.ended("p-0-1", c.answer)
			if c.does != "" {
				s.does(c.does)
				if err != nil || !s.Settled(1) {
					t.Errorf("the job goes on and owes nothing: %v", err)
				}
				s.Complete(s.env, 2)
				s.does()
				return
			}
			want := "commit transaction p-0-1 of checkpoint 1: " + c.answer + "; it stays in the state and is committed after the restart"
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			s.does()
			if s.Settled(1) || len(items(s.owedState())) != 1 {
				t.Error("what was not decided is not owed any more")
			}
		})
	}
}

func (s *stage) owedState() []snapshot.List { return s.Sink.(*transactionalSink).owed.snapshot() }
