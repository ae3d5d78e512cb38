package connector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// exactlyOnce is subtask 0 of 2 of a sink to the topic "out" with the transaction prefix "p".
var exactlyOnce = plan.Operator{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.ExactlyOnce,
	TransactionPrefix: "p", TransactionTimeout: time.Minute}

// opened is a sink that has started afresh, and has its first transaction.
func opened(t *testing.T) *stage {
	s := setUp(t, exactlyOnce)
	if err := s.Open(s.env, 0, snapshot.Operator{}); err != nil {
		t.Fatal(err)
	}
	s.does("init p-0-1")
	s.ready("p-0-1", 0)
	s.does("close p-0-1", "init p-0-1")
	s.ready("p-0-1", 1)
	s.does()
	return s
}

// epoch writes a record, and takes the sink through a checkpoint to the next transaction.
func (s *stage) epoch(n id.Checkpoint, transaction, next string) (state []string) {
	s.t.Helper()
	return items(s.lists(n, transaction, next))
}

// lists is epoch, with the state as it is kept.
func (s *stage) lists(n id.Checkpoint, transaction, next string) []snapshot.List {
	s.t.Helper()
	s.write("a")
	s.PreCommit(s.env, n)
	s.does("produce 1 in "+transaction, "flush "+transaction)
	s.flushed(transaction, 1, 1)
	s.does(fmt.Sprintf("* pre-committed %s for %d, 1 records", transaction, n), "close "+transaction)
	lists := s.Snapshot(s.env, n)
	s.does("init " + next)
	s.ready(next, 1)
	return lists
}

// From the first record to the commit: everything is flushed before the barrier may leave, the state names the
// transaction with the producer id and epoch that it was written under, the next epoch has an id of its own, and
// nothing is committed before the checkpoint is complete.
func TestAnEpochOfTheTransactionalSink(t *testing.T) {
	s := opened(t)
	if s.Busy() || !s.Writable() {
		t.Fatal("it has a transaction, and does not take records")
	}
	s.write("a", "b")
	s.Flush(s.env)
	s.write("c")
	s.does("produce 2 in p-0-1")

	s.PreCommit(s.env, 1)
	s.does("produce 1 in p-0-1", "flush p-0-1")
	if !s.Busy() || s.Writable() {
		t.Error("the barrier may leave before the flush is answered")
	}
	s.flushed("p-0-1", 1, 3)
	s.does("* pre-committed p-0-1 for 1, 3 records", "close p-0-1")
	if s.Busy() || s.Writable() {
		t.Error("now the barrier may leave, but no record belongs to the old epoch any more")
	}
	state := items(s.Snapshot(s.env, 1))
	if want := `{"Checkpoint":1,"Committable":{"Transaction":"p-0-1","ProducerID":7,"Epoch":1}}`; len(state) != 1 || state[0] != want {
		t.Errorf("the state is %s", state)
	}
	s.does("init p-0-2")
	if !s.Busy() || s.Settled(1) {
		t.Error("the next transaction is not open, and the old one is owed")
	}
	s.ready("p-0-2", 0)

	s.Complete(s.env, 1)
	s.does("commit p-0-1 of 7/1")
	s.Complete(s.env, 1)
	s.does() // asked once
	if err := s.ended("p-0-1", ""); err != nil {
		t.Fatal(err)
	}
	s.does("* committed p-0-1")
	if !s.Settled(1) {
		t.Error("it is committed, and still owed")
	}
}

// A transaction that saw no record cannot be committed: there is nothing to owe.
func TestAnEmptyEpochOwesNothing(t *testing.T) {
	s := opened(t)
	s.PreCommit(s.env, 1)
	s.does("flush p-0-1")
	s.flushed("p-0-1", 1, 0)
	s.does("close p-0-1")
	if state := items(s.Snapshot(s.env, 1)); len(state) > 0 {
		t.Errorf("the state is %s", state)
	}
	s.does("init p-0-2")
	s.ready("p-0-2", 0)
	s.Complete(s.env, 1)
	s.does()
}

// Checkpoints 2 and 3 never reached this sink. Their ids are initialised all the same: whoever looks for
// lingering transactions after a crash stops at the first id that was never used.
func TestSkippedCheckpointsLeaveNoGap(t *testing.T) {
	s := opened(t)
	s.epoch(1, "p-0-1", "p-0-2")
	s.write("a")
	s.PreCommit(s.env, 4)
	s.does("produce 1 in p-0-2", "flush p-0-2")
	s.flushed("p-0-2", 1, 1)
	s.does("* pre-committed p-0-2 for 4, 1 records", "close p-0-2")
	s.Snapshot(s.env, 4)
	s.does("init p-0-3")
	s.ready("p-0-3", 0)
	s.does("close p-0-3", "init p-0-4")
	s.ready("p-0-4", 0)
	s.does("close p-0-4", "init p-0-5")
	s.ready("p-0-5", 0)
	if s.Busy() {
		t.Error("transaction 5 is open")
	}
}

// The former attempt died with transactions open. Every id after the restored checkpoint is initialised, which
// aborts it, up to the first that nobody used. Then come the rows of subtasks that a larger parallelism had and
// this one is to clean up after: 2 and 4 with a parallelism of 2.
func TestLingeringTransactionsAreAborted(t *testing.T) {
	s := setUp(t, exactlyOnce)
	if err := s.Open(s.env, 4, snapshot.Operator{}); err != nil {
		t.Fatal(err)
	}
	s.does("init p-0-5")
	for _, step := range []struct {
		id    string
		epoch int16 // 0: nobody has used it
		next  string
	}{{"p-0-5", 1, "p-0-6"}, {"p-0-6", 3, "p-0-7"}, {"p-0-7", 0, "p-2-5"}, {"p-2-5", 1, "p-2-6"}, {"p-2-6", 0, "p-4-5"}, {"p-4-5", 0, "p-0-5"}} {
		s.ready(step.id, step.epoch)
		if step.epoch > 0 {
			s.does("close "+step.id, "* aborted "+step.id, "init "+step.next)
		} else {
			s.does("close "+step.id, "init "+step.next)
		}
	}
	s.ready("p-0-5", 2)
	if s.Busy() {
		t.Error("the first transaction is open")
	}
}

// Whatever else goes wrong fails the task, before the barrier, so that no checkpoint counts on what is not there.
func TestWhatFailsATransactionalSink(t *testing.T) {
	open := "open transaction p-0-1: "
	for _, c := range []struct {
		why  string
		from func(t *testing.T) *stage
		hear func(s *stage) (bool, error)
		want string
	}{
		{"the broker allows less time", starting, func(s *stage) (bool, error) { return s.notReady("INVALID_TRANSACTION_TIMEOUT") },
			open + "the broker refuses a timeout of 1m0s; lower properties.transaction.timeout.ms or raise the broker's transaction.max.timeout.ms"},
		{"no coordinator", starting, func(s *stage) (bool, error) { return s.notReady("TIMED_OUT") }, open + "TIMED_OUT"},
		{"a record is refused", opened, func(s *stage) (bool, error) {
			return s.Handle(s.env, wire.KafkaProduced{TransactionalID: "p-0-1", Err: "RECORD_TOO_LARGE"})
		}, "write to topic out in transaction p-0-1: RECORD_TOO_LARGE"},
		{"somebody else took the id", preCommitting, func(s *stage) (bool, error) {
			return s.Handle(s.env, wire.KafkaFlushed{Req: s.req["flush"], TransactionalID: "p-0-1", Err: "PRODUCER_FENCED"})
		}, "flush transaction p-0-1 before checkpoint 1: PRODUCER_FENCED"},
		{"the client began anew", preCommitting, func(s *stage) (bool, error) {
			return s.Handle(s.env, wire.KafkaFlushed{Req: s.req["flush"], TransactionalID: "p-0-1", ProducerID: 7, Epoch: 3, Records: 1})
		}, "flush transaction p-0-1 before checkpoint 1: the client has opened it again (producer 7 in epoch 1 became 7 in epoch 3), " +
			"and so aborted what it had; the restart writes it once more"},
		{"the state is damaged", starting, func(s *stage) (bool, error) {
			return true, s.Open(s.env, 4, snapshot.Operator{Operator: "sink", Lists: []snapshot.List{{Name: "committables", Items: [][]byte{[]byte("{")}}}})
		}, "restore the committer of sink: a committable in the checkpoint does not decode: unexpected end of JSON input"},
	} {
		t.Run(c.why, func(t *testing.T) {
			mine, err := c.hear(c.from(t))
			if !mine || err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func starting(t *testing.T) *stage {
	s := setUp(t, exactlyOnce)
	if err := s.Open(s.env, 0, snapshot.Operator{}); err != nil {
		t.Fatal(err)
	}
	s.does("init p-0-1")
	return s
}

func preCommitting(t *testing.T) *stage {
	s := opened(t)
	s.write("a")
	s.PreCommit(s.env, 1)
	s.does("produce 1 in p-0-1", "flush p-0-1")
	return s
}

func (s *stage) notReady(failed string) (bool, error) {
	return s.Handle(s.env, wire.KafkaProducerReady{Req: s.req["init"], TransactionalID: "p-0-1", ProducerID: -1, Epoch: -1, Err: failed})
}

// An answer to what was asked before, by this sink or by another part of the task, changes nothing.
func TestOldAnswersAreIgnored(t *testing.T) {
	s := opened(t)
	s.must(s.Handle(s.env, wire.KafkaProducerReady{Req: s.req["init"] - 1, Err: "TIMED_OUT"}))
	s.must(s.Handle(s.env, wire.KafkaFlushed{Req: 99, Err: "TIMED_OUT"}))
	s.must(s.Handle(s.env, wire.KafkaProduced{TransactionalID: "p-0-0", Err: "PRODUCER_FENCED"}))
	s.must(s.Handle(s.env, wire.KafkaTxnEnded{TransactionalID: "p-0-0", Err: "PRODUCER_FENCED"}))
	s.does()
	if s.Busy() {
		t.Error("an old answer moved the sink")
	}
	s.PreCommit(s.env, 1)
	s.does("flush p-0-1")
	s.must(s.Handle(s.env, wire.KafkaFlushed{Req: s.req["flush"] - 1, TransactionalID: "p-0-1"}))
	if !s.Busy() {
		t.Error("an old answer stands for that to the flush")
	}
	if mine, _ := s.Handle(s.env, wire.KafkaFetched{}); mine {
		t.Error("the answer to a fetch is the reader's")
	}
}

// Records leave when there are enough for a request, or when the task says so; and the task has to wait while too
// many are under way.
func TestTheSinkHoldsItsTaskBack(t *testing.T) {
	for _, op := range []plan.Operator{exactlyOnce, {Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.AtLeastOnce}} {
		t.Run(string(op.Guarantee), func(t *testing.T) {
			s, transaction := setUp(t, op), ""
			if op.Guarantee == plan.ExactlyOnce {
				s, transaction = opened(t), "p-0-1"
			} else {
				s.start()
			}
			s.write(strings.Repeat("k", writeBytes))
			s.does("produce 1 in " + transaction)
			for range unackedMax - 1 {
				s.write("k")
				s.Flush(s.env)
			}
			if s.Writable() {
				t.Fatalf("%d records are under way, and it takes more", unackedMax)
			}
			s.must(s.Handle(s.env, wire.KafkaProduced{TransactionalID: transaction, Records: 1}))
			if !s.Writable() || s.Busy() {
				t.Error("one is acknowledged: there is room again")
			}
			s.PreCommit(s.env, 1)
			s.env.Take()
			s.must(s.Handle(s.env, wire.KafkaFlushed{Req: 99}))
			if !s.Busy() {
				t.Error("another flush was answered, not this one")
			}
		})
	}
}

// A flush acknowledges everything at once: the next transaction begins with all the room there is.
func TestAFlushMakesRoom(t *testing.T) {
	s := opened(t)
	for range unackedMax {
		s.write("k")
		s.Flush(s.env)
	}
	s.env.Take()
	s.PreCommit(s.env, 1)
	s.does("flush p-0-1")
	s.flushed("p-0-1", 1, unackedMax)
	s.Snapshot(s.env, 1)
	s.env.Take()
	s.must(s.Handle(s.env, wire.KafkaProducerReady{Req: s.req["flush"] + 1, TransactionalID: "p-0-2", ProducerID: 7}))
	if !s.Writable() {
		t.Error("records of the last transaction hold the task back")
	}
}

// The states of the writer are a list, and a move that is not in the table is our own bug.
func TestAnIllegalMoveStopsTheProcess(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "no move from writing to flushed") {
			t.Errorf("it went through: %v", r)
		}
	}()
	s := opened(t).Sink.(*transactionalSink)
	s.move(flushed)
}
