package connector

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// owes is the state of a sink that owes transactions, each of the checkpoint that its name ends with.
func owes(transactions ...string) snapshot.Operator {
	list := snapshot.List{Name: "committables", Mode: snapshot.Split}
	for _, name := range transactions {
		var n id.Checkpoint
		if _, err := fmt.Sscan(name[strings.LastIndexByte(name, '-')+1:], &n); err != nil {
			panic(err)
		}
		item, err := json.Marshal(owed{Checkpoint: n, Committable: committable{name, 7, 1}})
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
	s.does("describe p-0-3")
	if !s.Busy() {
		t.Error("what has become of one is not known")
	}
	s.must(s.Handle(s.env, wire.KafkaTxnIs{TransactionalID: "p-0-3", ProducerID: -1, Epoch: -1, Err: "TRANSACTIONAL_ID_NOT_FOUND"}))
	s.does("* maybe lost p-0-3: INVALID_PRODUCER_ID_MAPPING (TRANSACTIONAL_ID_NOT_FOUND)", "init p-0-5")
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

// What Kafka may answer to a commit that is owed, and what follows (kafka-transactions.md, "Final answers"). The client
// asks again by itself as long as an answer leaves the outcome open, so what it passes on of those is that it gave up.
func TestTheAnswersToACommit(t *testing.T) {
	const (
		done     = "done"     // committed
		ask      = "ask"      // what the broker knows of it
		restarts = "restarts" // the task fails, and the commit stays owed
	)
	for _, c := range []struct{ answer, follows string }{
		{"", done},
		// The producer is fenced or forgotten, or its transaction aborted. It may have been committed before that.
		{"INVALID_TXN_STATE", ask},
		{"PRODUCER_FENCED", ask},
		{"INVALID_PRODUCER_EPOCH", ask},
		{"INVALID_PRODUCER_ID_MAPPING", ask},
		// Not decided, or not known.
		{"CONCURRENT_TRANSACTIONS", restarts},
		{"NOT_COORDINATOR", restarts},
		{"COORDINATOR_LOAD_IN_PROGRESS", restarts},
		{"COORDINATOR_NOT_AVAILABLE", restarts},
		{"TIMED_OUT", restarts},
		// Somebody has to allow it. The transaction waits, as long as its timeout lets it.
		{"TRANSACTIONAL_ID_AUTHORIZATION_FAILED", restarts},
		// Whatever a newer broker may come up with.
		{"UNKNOWN_SERVER_ERROR", restarts},
	} {
		t.Run("answer "+c.answer, func(t *testing.T) {
			s := owing(t)
			err := s.ended("p-0-1", c.answer)
			switch c.follows {
			case done:
				s.does("* committed p-0-1")
				s.owesNothing(err)
			case ask:
				s.does("describe p-0-1")
				s.stillOwes()
			case restarts:
				s.does()
				s.stillOwes()
				s.failsWith(err, "commit transaction p-0-1 of checkpoint 1: "+c.answer+"; it stays in the state and is committed after the restart")
			}
		})
	}
}

// The commit of producer 7 in epoch 1 was refused, and the broker is asked what it knows. In transaction version 2 the
// end of a transaction raises the epoch, so the next one tells of it too; before, that may be another transaction.
func TestACommitThatIsRefused(t *testing.T) {
	const (
		before   = "committed before"
		proven   = "lost"
		unproven = "maybe lost"
		restarts = "restarts"
	)
	for _, c := range []struct {
		why     string
		is      wire.KafkaTxnIs
		follows string
	}{
		{"a client of version 2 had committed it, and this one cannot say that it asks again", wire.KafkaTxnIs{State: "CompleteCommit", ProducerID: 7, Epoch: 2, Version: 2}, before},
		{"its markers are under way", wire.KafkaTxnIs{State: "PrepareCommit", ProducerID: 7, Epoch: 2, Version: 2}, before},
		{"an older client had committed it", wire.KafkaTxnIs{State: "CompleteCommit", ProducerID: 7, Epoch: 1, Version: 1}, before},
		{"it took longer than its timeout", wire.KafkaTxnIs{State: "CompleteAbort", ProducerID: 7, Epoch: 2, Version: 2}, proven},
		{"its abort is under way", wire.KafkaTxnIs{State: "PrepareAbort", ProducerID: 7, Epoch: 2, Version: 2}, proven},
		{"somebody has aborted it by its pair", wire.KafkaTxnIs{State: "CompleteAbort", ProducerID: 7, Epoch: 1, Version: 1}, proven},
		{"a timeout, or the abort of the one after", wire.KafkaTxnIs{State: "CompleteAbort", ProducerID: 7, Epoch: 2, Version: 1}, unproven},
		{"the one after is committed", wire.KafkaTxnIs{State: "CompleteCommit", ProducerID: 7, Epoch: 2, Version: 1}, unproven},
		{"somebody has initialised the id", wire.KafkaTxnIs{State: "Empty", ProducerID: 7, Epoch: 3, Version: 2}, unproven},
		{"somebody writes under the id", wire.KafkaTxnIs{State: "Ongoing", ProducerID: 7, Epoch: 2, Version: 2}, unproven},
		{"its epochs were used up, and it has another producer", wire.KafkaTxnIs{State: "CompleteCommit", ProducerID: 8, Epoch: 2, Version: 2}, unproven},
		{"the id has expired", wire.KafkaTxnIs{ProducerID: -1, Epoch: -1, Version: 2, Err: "TRANSACTIONAL_ID_NOT_FOUND"}, unproven},
		{"nobody is there to tell", wire.KafkaTxnIs{ProducerID: -1, Epoch: -1, Version: 2, Err: "TIMED_OUT"}, unproven},
		{"it is open", wire.KafkaTxnIs{State: "Ongoing", ProducerID: 7, Epoch: 1, Version: 2}, restarts},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := owing(t)
			if err := s.ended("p-0-1", "PRODUCER_FENCED"); err != nil {
				t.Fatal(err)
			}
			s.does("describe p-0-1")
			c.is.TransactionalID = "p-0-1"
			mine, err := s.Handle(s.env, c.is)
			if !mine {
				t.Error("the description is not the sink's")
			}
			switch c.follows {
			case before:
				s.does("* committed p-0-1")
				s.owesNothing(err)
			case proven, unproven:
				s.does(fmt.Sprintf("* %s p-0-1: PRODUCER_FENCED (%s)", c.follows, shows(c.is)))
				s.owesNothing(err) // Flink's connector logs it, and the job runs on
			case restarts:
				s.does()
				s.stillOwes()
				s.failsWith(err, "commit transaction p-0-1 of checkpoint 1: PRODUCER_FENCED; it stays in the state and is committed after the restart")
			}
		})
	}
}

// A description that nobody asked for is not taken for an answer.
func TestADescriptionDecidesNothingByItself(t *testing.T) {
	s := owing(t)
	if err := s.is("p-0-1", "CompleteAbort", 7, 2); err != nil {
		t.Fatal(err)
	}
	s.does()
	s.stillOwes()
}

// owing has asked for the commit of its first transaction, p-0-1.
func owing(t *testing.T) *stage {
	s := opened(t)
	s.epoch(1, "p-0-1", "p-0-2")
	s.Complete(s.env, 1)
	s.does("commit p-0-1 of 7/1")
	return s
}

func (s *stage) owesNothing(err error) {
	s.t.Helper()
	if err != nil || !s.Settled(1) || len(items(s.owedState())) != 0 {
		s.t.Errorf("the job goes on and owes nothing: %v", err)
	}
	s.Complete(s.env, 2)
	s.does()
}

func (s *stage) stillOwes() {
	s.t.Helper()
	if s.Settled(1) || len(items(s.owedState())) != 1 {
		s.t.Error("what was not decided is not owed any more")
	}
}

func (s *stage) failsWith(err error, want string) {
	s.t.Helper()
	if err == nil || err.Error() != want {
		s.t.Errorf("got  %v\nwant %s", err, want)
	}
}

func (s *stage) owedState() []snapshot.List {
	return s.Sink.(*transactionalSink).owed.snapshot(snapshot.Split)
}
