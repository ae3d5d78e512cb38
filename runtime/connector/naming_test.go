package connector

import (
	"slices"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// pooled is exactlyOnce with ids that come again.
func pooled() plan.Operator {
	op := exactlyOnce
	op.Naming = plan.Pooling
	return op
}

// openedPool is a pooled sink that has started afresh, and has its first transaction.
func openedPool(t *testing.T) *stage {
	s := setUp(t, pooled())
	if err := s.Open(s.env, 0, snapshot.Operator{}); err != nil {
		t.Fatal(err)
	}
	s.does("list p")
	if !s.Busy() {
		t.Error("records may come before it is known what lingers")
	}
	s.listed()
	s.does("init p-0-0")
	s.ready("p-0-0", 1)
	return s
}

// completes is checkpoint n, and Kafka's answer to the commit that follows.
func (s *stage) completes(n id.Checkpoint, transaction, failed string) {
	s.t.Helper()
	s.Complete(s.env, n)
	s.does("commit " + transaction + " of 7/1")
	if err := s.ended(transaction, failed); err != nil {
		s.t.Fatal(err)
	}
	s.env.Take()
}

// Three ids do for ever: one is written to, one is owed, and one is committed, but named by the checkpoint that a
// restore would go back to. It would commit it again, and must not find it initialised.
func TestAPoolOfThreeIDs(t *testing.T) {
	s := openedPool(t)
	s.epoch(1, "p-0-0", "p-0-1")
	s.completes(1, "p-0-0", "")
	s.epoch(2, "p-0-1", "p-0-2") // checkpoint 2 is not complete: checkpoint 1 would be restored, and it names p-0-0
	s.completes(2, "p-0-1", "")
	s.epoch(3, "p-0-2", "p-0-0")
	s.completes(3, "p-0-2", "")
	s.epoch(4, "p-0-0", "p-0-1")
}

// What is not committed yet is not free, however many checkpoints it takes; then the smallest comes first.
func TestAnIDIsNotFreeBeforeItsCommitIsAnswered(t *testing.T) {
	s := openedPool(t)
	s.epoch(1, "p-0-0", "p-0-1")
	s.Complete(s.env, 1)
	s.does("commit p-0-0 of 7/1") // no answer
	s.epoch(2, "p-0-1", "p-0-2")
	s.completes(2, "p-0-1", "")
	s.epoch(3, "p-0-2", "p-0-3")
	s.completes(3, "p-0-2", "") // now p-0-1 is free
	if err := s.ended("p-0-0", ""); err != nil {
		t.Fatal(err)
	}
	s.does("* committed p-0-0")
	s.epoch(4, "p-0-3", "p-0-1")
	s.completes(4, "p-0-3", "")
	s.epoch(5, "p-0-1", "p-0-0")
}

// A checkpoint that is aborted keeps its ids in use: the next one commits them.
func TestAnAbortedCheckpointKeepsItsIDs(t *testing.T) {
	s := openedPool(t)
	s.epoch(1, "p-0-0", "p-0-1")
	s.epoch(2, "p-0-1", "p-0-2")
	s.epoch(3, "p-0-2", "p-0-3")
	s.Complete(s.env, 3)
	s.does("commit p-0-0 of 7/1", "commit p-0-1 of 7/1", "commit p-0-2 of 7/1")
}

// An id without a record is owed by nobody: it is initialised again, as before every use.
func TestAnEmptyTransactionIsRecycled(t *testing.T) {
	s := openedPool(t)
	s.PreCommit(s.env, 1)
	s.does("flush p-0-0")
	s.flushed("p-0-0", 1, 0)
	s.does("close p-0-0")
	s.Snapshot(s.env, 1)
	s.does("init p-0-0")
}

// What is lost or decided long ago is finished with, too.
func TestAnIDWhoseCommitIsRefusedIsFreeLater(t *testing.T) {
	s := openedPool(t)
	s.epoch(1, "p-0-0", "p-0-1")
	s.completes(1, "p-0-0", "INVALID_TXN_STATE")
	if err := s.is("p-0-0", "CompleteAbort", 7, 2); err != nil {
		t.Fatal(err)
	}
	s.does("* lost p-0-0: INVALID_TXN_STATE (CompleteAbort, producer 7 in epoch 2)")
	s.epoch(2, "p-0-1", "p-0-2")
	s.completes(2, "p-0-1", "")
	s.epoch(3, "p-0-2", "p-0-0")
}

// What a subtask commits for one that is gone says nothing of its own ids.
func TestTheIDsOfAnotherSubtaskAreNotInThePool(t *testing.T) {
	names := newNaming(pooled(), Subtask{Parallelism: 2})
	names.next(4)
	names.finished("p-2-0")
	names.recycle("p-2-0")
	names.next(5)
	names.completed(5)
	if got := names.next(5); got[0] != "p-0-2" {
		t.Errorf("%q comes next, though p-0-0 and p-0-1 are in use", got)
	}
}

// The ids that the restored checkpoint names stay in use until the next is complete: the restore may be repeated.
func TestARestoreKeepsItsIDsInUse(t *testing.T) {
	s := openedPool(t)
	state := snapshot.Operator{Operator: "sink", Lists: s.lists(1, "p-0-0", "p-0-1")}
	for range 2 {
		s = setUp(t, pooled())
		if err := s.Open(s.env, 1, state); err != nil {
			t.Fatal(err)
		}
		s.does("commit p-0-0 of 7/1")
		if err := s.ended("p-0-0", ""); err != nil {
			t.Fatal(err)
		}
		s.does("* committed again p-0-0", "list p")
		s.listed("p-0-1")
		s.does("init p-0-1")
		s.ready("p-0-1", 3)
		s.does("close p-0-1", "* aborted p-0-1", "init p-0-1")
		s.ready("p-0-1", 1)
	}
	s.epoch(2, "p-0-1", "p-0-2")
	s.completes(2, "p-0-1", "")
	s.epoch(3, "p-0-2", "p-0-0")
}

// Each subtask has its own ids to care for, and those of old subtasks at steps of the parallelism: here subtask 0
// of 2. What is owed is never initialised, whoever lists it; and what only begins like one of ours is not ours.
func TestWhatAListingLeavesOut(t *testing.T) {
	names := newNaming(pooled(), Subtask{Parallelism: 2})
	owed := &committer{}
	owed.add(4, committable{Transaction: "p-2-0"})
	open := []string{"p-0-0", "p-0-12", "p-1-0", "p-2-0", "p-2-1", "p-3-0", "p-4-1", "p", "p-0", "p-0-", "p--1", "p-0-1-1", "p-x-1", "p-0-x", "p--2-1", "pp-0-1", "p2-0-1"}
	l := newListing(open, names, owed)
	var got []string
	for name := l.next(); name != ""; name = l.next() {
		got = append(got, name)
	}
	if want := []string{"p-0-0", "p-0-12", "p-2-1", "p-4-1"}; !slices.Equal(got, want) {
		t.Errorf("it aborts %q, want %q", got, want)
	}
}

// A list that does not come fails the task: nobody may write while it is not known what lingers.
func TestAListingThatFails(t *testing.T) {
	s := setUp(t, pooled())
	if err := s.Open(s.env, 0, snapshot.Operator{}); err != nil {
		t.Fatal(err)
	}
	s.does("list p")
	s.must(s.Handle(s.env, wire.KafkaTxnsAre{Req: s.req["list"] + 1})) // another one's
	s.does()
	_, err := s.Handle(s.env, wire.KafkaTxnsAre{Req: s.req["list"], Err: "TIMED_OUT"})
	s.failsWith(err, "list the open transactions of prefix p: TIMED_OUT")
}

// From INCREMENTING to POOLING at the same parallelism: what is owed is one's own, and so is what lingers.
func TestAJobChangesToPooling(t *testing.T) {
	s := setUp(t, pooled())
	if err := s.Open(s.env, 4, owes("p-0-4")); err != nil {
		t.Fatal(err)
	}
	s.does("commit p-0-4 of 7/1")
	if err := s.ended("p-0-4", ""); err != nil {
		t.Fatal(err)
	}
	s.does("* committed again p-0-4", "list p")
	s.listed("p-0-5", "p-1-5")
	s.does("init p-0-5")
	s.ready("p-0-5", 1)
	s.does("close p-0-5", "* aborted p-0-5", "init p-0-0")
}

// What a change of the naming must not do is refused, before anything is asked of Kafka.
func TestChangesOfNamingThatAreRefused(t *testing.T) {
	byPool := func(transactions ...string) snapshot.Operator {
		state := owes(transactions...)
		state.Lists[0].Mode = snapshot.Union
		return state
	}
	const back = "restore the committer of sink: the checkpoint was written with sink.transaction-naming-strategy: POOLING, and with INCREMENTING " +
		"transactions that were left open would not be found; keep POOLING, or start without this state"
	for _, c := range []struct {
		why   string
		op    plan.Operator
		state snapshot.Operator
		want  string
	}{
		{"back to INCREMENTING", exactlyOnce, byPool("p-0-4"), back},
		{"back, and nothing is owed", exactlyOnce, byPool(), back},
		{"to POOLING and another parallelism at once", pooled(), owes("p-1-4"),
			"restore the committer of sink: the checkpoint was written with sink.transaction-naming-strategy: INCREMENTING and another parallelism; " +
				"p-1-4 of it would be aborted. Change to POOLING first, and the parallelism after a checkpoint"},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := setUp(t, c.op)
			s.failsWith(s.Open(s.env, 4, c.state), c.want)
			s.does()
		})
	}
}

// A transactional id is what it was made of; of two prefixes of which one begins the other, each takes its own.
func TestTransactionalIDs(t *testing.T) {
	for _, prefix := range []string{"p", "store-sol", "a-1", "a-1-2"} {
		name := transactionalID(prefix, 3, 17)
		if subtask, n, ok := parseTransactionalID(prefix, name); !ok || subtask != 3 || n != 17 {
			t.Errorf("%s is read as %d, %d, %v", name, subtask, n, ok)
		}
	}
	if _, _, ok := parseTransactionalID("a-1", transactionalID("a-1-2", 3, 17)); ok {
		t.Error("a-1 takes an id of a-1-2 for its own")
	}
}
