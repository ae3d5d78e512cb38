package checker

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// Attempts: the sink's first under the first leader, its replacement, and one of another subtask.
var (
	sink0 = id.Attempt{Graph: "g1", Vertex: "sink", Subtask: 0, Number: 0}
	sink1 = id.Attempt{Graph: "g1", Vertex: "sink", Subtask: 1, Number: 0}
	again = id.Attempt{Graph: "g1", Vertex: "sink", Subtask: 0, Number: 1}
)

func trigger(n id.Checkpoint) history.Event {
	return history.CheckpointTriggered{Job: "j", Checkpoint: n}
}
func stored(n id.Checkpoint) history.Event  { return history.CheckpointStored{Job: "j", Checkpoint: n} }
func restore(n id.Checkpoint) history.Event { return history.RestoreStarted{Job: "j", Checkpoint: n} }
func ack(n id.Checkpoint, a id.Attempt, missing int) history.Event {
	return history.CheckpointAcked{Job: "j", Checkpoint: n, Attempt: a, Missing: missing}
}
func complete(n id.Checkpoint, waited ...id.Attempt) history.Event {
	return history.CheckpointCompleted{Job: "j", Checkpoint: n, Acked: waited, Waited: waited}
}
func abort(n id.Checkpoint) history.Event {
	return history.CheckpointAborted{Job: "j", Checkpoint: n, Reason: "CHECKPOINT_EXPIRED"}
}
func elected(holder string, token id.Token) history.Event {
	return history.LeaderElected{Holder: holder, Token: token}
}

func TestCheckpointIdsIncrease(t *testing.T) {
	tell(t, "checkpointIdsIncrease",
		story{"gaps are normal", job().note(1, "jm-0", trigger(1), trigger(4), trigger(5)), Holds, "", 0, "3 checkpoint ids"},
		story{"the standby goes on where the leader was", job().note(1, "jm-0", elected("jm-0", "x"), trigger(1), trigger(2)).
			note(5, "jm-1", elected("jm-1", "y"), trigger(3)), Holds, "", 0, ""},
		story{"a leader that was replaced triggers the id that it had drawn", job().note(1, "jm-0", elected("jm-0", "x"), trigger(1)).
			note(5, "jm-1", elected("jm-1", "y"), trigger(3)).note(6, "jm-0", trigger(2)), Holds, "", 0, ""},
		story{"an id is used twice", job().note(1, "jm-0", trigger(1), trigger(2)).note(5, "jm-1", trigger(2)), Broken, "id-reused", 5, "triggered twice"},
		story{"a coordinator goes back", job().note(1, "jm-0", trigger(3)).note(2, "jm-0", trigger(2)), Broken, "id-decreased", 2, ""},
		story{"the counter starts anew after failover", job().note(1, "jm-0", elected("jm-0", "x"), trigger(6)).
			note(5, "jm-1", elected("jm-1", "y")).note(6, "jm-1", trigger(1)), Broken, "id-decreased", 6, "the new leader jm-1"},
		story{"no checkpoint", job(), NotDecided, "", 0, ""},
	)
}

func TestNoPartialCheckpointRestored(t *testing.T) {
	tell(t, "noPartialCheckpointRestored",
		story{"acked, stored, completed, restored", job().note(1, "jm", ack(1, sink0, 1), ack(1, sink1, 0), stored(1), complete(1, sink0, sink1), restore(1)), Holds, "", 0, "2 completions and restores"},
		story{"the pointer was written, the leader died", job().note(1, "jm", ack(1, sink0, 0), stored(1)).note(9, "jm-1", restore(1)), Holds, "", 0, ""},
		story{"completed before the metadata", job().note(1, "jm", ack(1, sink0, 0)).note(2, "jm", complete(1, sink0)), Broken, "partial", 2, "before its metadata"},
		story{"completed without an ack", job().note(1, "jm", ack(1, sink0, 1), stored(1)).note(2, "jm", complete(1, sink0, sink1)), Broken, "partial", 2, "sink-1#0"},
		story{"an earlier attempt's ack does not count", job().note(1, "jm", ack(1, sink0, 0), stored(1)).note(2, "jm", complete(1, again)), Broken, "partial", 2, "sink-0#1"},
		story{"restored without metadata", job().note(1, "jm", ack(1, sink0, 0)).note(9, "jm", restore(1)), Broken, "partial", 9, "never stored"},
		story{"restored while it was waiting", job().note(1, "jm", ack(1, sink0, 1), stored(1)).note(9, "jm", restore(1)), Broken, "partial", 9, "still waited"},
		story{"a start from the beginning", job().note(1, "jm", restore(0)), NotDecided, "", 0, ""},
	)
}

func TestNewestCheckpointRestored(t *testing.T) {
	tell(t, "newestCheckpointRestored",
		story{"the newest", job().note(1, "jm", restore(0), complete(1), complete(2), restore(2)), Holds, "", 0, "2 restores"},
		story{"a newer one that nobody saw completed", job().note(1, "jm", complete(1), stored(2), restore(2)), Holds, "", 0, ""},
		story{"an older one", job().note(1, "jm", complete(9), complete(10)).note(4, "jm", restore(9)), Broken, "stale-restore", 4, "although checkpoint 10"},
		story{"from the beginning, though there was one", job().note(1, "jm", complete(1)).note(4, "jm", restore(0)), Broken, "stale-restore", 4, "restores checkpoint 0"},
		story{"an older one, by a leader that has been replaced and does not know it",
			job().note(1, "jm-0", complete(9)).note(2, "jm-1", elected("jm-1", "t2"), complete(10), restore(10)).note(4, "jm-0", restore(9)), Holds, "", 0, "1 restores"},
		story{"one that was removed", job().note(1, "jm", history.CheckpointSubsumed{Job: "j", Checkpoint: 2, By: 3}).note(4, "jm", restore(2)), Broken, "stale-restore", 4, "was removed"},
		story{"nothing was restored", job().note(1, "jm", complete(1)), NotDecided, "", 0, ""},
	)
}

func TestCheckpointRetention(t *testing.T) {
	remove := func(n, by id.Checkpoint) history.Event {
		return history.CheckpointSubsumed{Job: "j", Checkpoint: n, By: by}
	}
	tell(t, "checkpointRetention",
		story{"after the newer one", job().note(1, "jm", complete(1), complete(2), remove(1, 2)), Holds, "", 0, ""},
		story{"after a restore that proves the newer one", job().note(1, "jm", complete(1), restore(2), remove(1, 2)), Holds, "", 0, ""},
		story{"before the newer one", job().note(1, "jm", complete(1), stored(2)).note(2, "jm", remove(1, 2)), Broken, "retention", 2, "before checkpoint 2 was durable"},
		story{"the newest itself", job().note(1, "jm", complete(1), complete(2)).note(2, "jm", remove(2, 1)), Broken, "retention", 2, "not newer"},
		story{"nothing was removed", job().note(1, "jm", complete(1)), NotDecided, "", 0, ""},
	)
}

func TestNotificationsMonotone(t *testing.T) {
	told := func(n id.Checkpoint, a id.Attempt) history.Event {
		return history.CheckpointNotified{Checkpoint: n, Attempt: a}
	}
	stopped := func(n id.Checkpoint, a id.Attempt) history.Event {
		return history.CheckpointAbortNotified{Checkpoint: n, Attempt: a}
	}
	tell(t, "notificationsMonotone",
		story{"completion, then the next", job().note(1, "jm", complete(1), complete(2)).note(2, "tm", told(1, sink0), told(2, sink0), told(2, sink1)), Holds, "", 0, "3 notifications"},
		story{"an abort, then the next completion", job().note(1, "jm", abort(1), abort(1), complete(2)).note(2, "tm", stopped(1, sink0), told(2, sink0)), Holds, "", 0, ""},
		story{"before the completion", job().note(1, "tm", told(1, sink0)).note(2, "jm", complete(1)), Broken, "premature", 1, "before it was complete"},
		story{"an older one afterwards", job().note(1, "jm", complete(1), complete(2)).note(2, "tm", told(2, sink0)).note(3, "tm", told(1, sink0)), Broken, "went-back", 3, ""},
		story{"both on a task", job().note(1, "jm", complete(1)).note(2, "tm", told(1, sink0)).note(3, "tm", stopped(1, sink0)), Broken, "both", 3, ""},
		story{"both on a task, the other way", job().note(1, "jm", complete(1)).note(2, "tm", stopped(1, sink0)).note(3, "tm", told(1, sink0)), Broken, "both", 3, ""},
		story{"completed after the abort", job().note(1, "jm", abort(1)).note(3, "jm", complete(1)), Broken, "decided-twice", 3, ""},
		story{"aborted after the completion", job().note(1, "jm", complete(1)).note(3, "jm", abort(1)), Broken, "decided-twice", 3, ""},
		story{"nobody was told", job().note(1, "jm", complete(1)), NotDecided, "", 0, ""},
	)
}

// owed is a run with one transaction t1, prepared by an attempt for a checkpoint at 3 s and committed at 5 s.
func owed(n id.Checkpoint, by id.Attempt) *build {
	return orders().commit(5, "t1", "0@0=1 0@1=2").
		note(4, "tm", history.SinkPrecommitted{Checkpoint: n, Attempt: by, Transaction: "t1", ProducerID: 7, Epoch: 1})
}

func TestCommitAfterCheckpoint(t *testing.T) {
	tell(t, "commitAfterCheckpoint",
		story{"after its checkpoint", owed(3, sink0).note(4.5, "jm", complete(3)), Holds, "", 0, "1 commits"},
		story{"with a later checkpoint", owed(3, sink0).note(4.5, "jm", abort(3), complete(4)), Holds, "", 0, ""},
		story{"after the restore that found the checkpoint", owed(3, sink0).note(4.5, "jm", restore(3)), Holds, "", 0, ""},
		story{"before its checkpoint", owed(3, sink0).note(6, "jm", complete(3)), Broken, "early-commit", 5, "became durable only at 6s"},
		story{"its checkpoint was aborted", owed(3, sink0).note(4, "jm", complete(2), abort(3)), Broken, "early-commit", 5, "never became durable"},
		story{"never prepared", owed(3, sink0).note(4.5, "jm", complete(3)).commit(9, "t9", "0@2=4"), Broken, "unprepared", 9, "t9"},
		story{"the history knows no preparations", orders().commit(5, "t1", "0@0=1"), NotDecided, "", 0, "sink.precommitted"},
		story{"no transactions are promised", orders().guarantee(plan.AtLeastOnce), NotDecided, "", 0, "at-least-once"},
	)
}

func TestNoCommitFromFencedAttempt(t *testing.T) {
	tell(t, "noCommitFromFencedAttempt",
		story{"its attempt is in the checkpoint", owed(3, sink0).note(4.5, "jm", ack(3, sink0, 0), complete(3)), Holds, "", 0, ""},
		story{"its attempt is in a later checkpoint", owed(3, sink0).note(4.5, "jm", abort(3), ack(4, sink0, 0), complete(4)), Holds, "", 0, ""},
		story{"the attempt was replaced; a later checkpoint has only its successor", owed(3, sink0).note(4.5, "jm", ack(4, again, 0), complete(4)), Broken, "fenced-commit", 5, "sink-0#0"},
		story{"it acked only a checkpoint that was aborted", owed(3, sink0).note(4.5, "jm", ack(3, sink0, 1), abort(3), complete(4)), Broken, "fenced-commit", 5, ""},
		story{"two attempts of one subtask commit for one checkpoint", owed(3, sink0).
			note(4.5, "jm", ack(3, sink0, 1), ack(3, again, 0), complete(3)).
			commit(9, "t2", "0@2=4").note(8.5, "tm", history.SinkPrecommitted{Checkpoint: 3, Attempt: again, Transaction: "t2", ProducerID: 7, Epoch: 1}),
			Broken, "fenced-commit", 9, "two attempts of one subtask"},
		story{"nobody prepared it", owed(3, sink0).note(4.5, "jm", ack(3, sink0, 0), complete(3)).commit(9, "t9", "0@2=4"), Broken, "unprepared", 9, ""},
		story{"nothing was committed", orders(), NotDecided, "", 0, ""},
	)
}

func TestNoHangingTransaction(t *testing.T) {
	step := func(state string) history.Event {
		return history.Transaction{ID: "t1", ProducerID: 7, Epoch: 1, State: state}
	}
	undrained := func(b *build) *build { b.Drained = false; return b }
	long := orders().commit(80, "t1", "0@0=1")
	long.op(plan.KafkaSink).TransactionTimeout = seconds(10)
	long.Output[0].Appended = seconds(5)
	tell(t, "noHangingTransaction",
		story{"all decided", orders().commit(5, "t1", "0@0=1").note(4, "kafka", step("Ongoing"), step("PrepareCommit"), step("CompleteCommit")), Holds, "", 0, ""},
		story{"fenced: it ends under another epoch", orders().note(4, "kafka", step("Ongoing"), step("Fenced"), step("PrepareAbort")).
			note(5, "kafka", history.Transaction{ID: "t1", ProducerID: 8, State: "CompleteAbort"}), Holds, "", 0, ""},
		story{"fenced, and never ended", orders().note(4, "kafka", step("Ongoing"), step("Fenced")), Broken, "hang", 100, "Fenced at the end, undecided since 4s"},
		story{"open, but the run went on", undrained(orders().open(5, "t1", "0@0=1").note(4, "kafka", step("Ongoing"))), Holds, "", 0, ""},
		story{"records are open at the end", orders().open(5, "t1", "0@0=1"), Broken, "hang", 100, "open at the end"},
		story{"undecided at the end", orders().note(4, "kafka", step("Ongoing"), step("PrepareAbort")), Broken, "hang", 100, "PrepareAbort at the end"},
		story{"open for longer than its timeout", long, Broken, "hang", 80, "from 5s to 1m20s"},
		story{"no transactions", orders(), NotDecided, "", 0, ""},
	)
}

func TestNoTornTransaction(t *testing.T) {
	step := func(state string) history.Event {
		return history.Transaction{ID: "t1", ProducerID: 7, Epoch: 1, State: state}
	}
	marker := func(commit bool) history.Event {
		return history.MarkerAppended{ID: "t1", ProducerID: 7, Epoch: 1, Commit: commit}
	}
	halfway := orders().commit(5, "t1", "0@0=1").open(5, "t1", "0@1=2")
	halfway.Drained = false
	tell(t, "noTornTransaction",
		story{"all or nothing", orders().commit(5, "t1", "0@0=1 0@1=2").abort(7, "t2", "0@2=4"), Holds, "", 0, "3 records in 2 transactions"},
		story{"two partitions out of step", partitionsOutOfStep(), Holds, "", 0, "1 transactions"},
		story{"its markers are on their way", halfway, Holds, "", 0, ""},
		story{"a name used for two transactions", orders().commit(5, "t1", "0@0=1").abort(9, "t1", "0@1=2").note(3, "kafka", step("Ongoing")).note(7, "kafka", step("Ongoing")), Holds, "", 0, ""},
		story{"half committed, half aborted", orders().commit(5, "t1", "0@0=1").abort(7, "t1", "0@1=2").note(3, "kafka", step("Ongoing")), Broken, "torn", 7, "committed on partition 0 and aborted"},
		story{"half still open after all is done", orders().commit(5, "t1", "0@0=1").open(7, "t1", "0@1=2"), Broken, "torn", 7, ""},
		story{"read although aborted", orders().commit(5, "t1", "0@0=1").note(5, "kafka", marker(false)), Broken, "aborted-read", 5, "says otherwise"},
		story{"no transactions", orders(), NotDecided, "", 0, ""},
	)
}

func TestKeyGroupsOwnedOnce(t *testing.T) {
	owns := func(a id.Attempt, first, last int) history.Event {
		return history.KeyGroupsOwned{Attempt: a, First: first, Last: last}
	}
	ends := func(a id.Attempt, state string) history.Event {
		return history.ExecutionState{Attempt: a, State: state}
	}
	restored := history.RestoreCompleted{Job: "j"}
	tell(t, "keyGroupsOwnedOnce",
		story{"two subtasks share them", job().note(1, "tm", owns(sink0, 0, 63), owns(sink1, 64, 127), restored), Holds, "", 0, "2 claims"},
		story{"a replacement takes over", job().note(1, "tm", owns(sink0, 0, 63), owns(sink1, 64, 127), ends(sink0, "FAILED"), owns(again, 0, 63), restored), Holds, "", 0, ""},
		story{"a smaller job takes over", job().note(1, "tm", owns(sink0, 0, 63), owns(sink1, 64, 127), ends(sink0, "CANCELED"), ends(sink1, "CANCELED"), owns(again, 0, 127), restored), Holds, "", 0, ""},
		story{"a former leader's attempts do not count", job().note(1, "tm", owns(sink0, 0, 127), owns(id.Attempt{Graph: "g2", Vertex: "sink", Subtask: 1}, 0, 127)), Holds, "", 0, ""},
		story{"an attempt that has ended claims late", job().note(1, "tm", ends(sink0, "FAILED"), owns(sink1, 0, 127), owns(sink0, 0, 127)), Holds, "", 0, ""},
		story{"a subtask beyond the key groups", job().note(1, "tm", owns(sink0, 0, 127), owns(sink1, 128, 127), restored), Holds, "", 0, ""},
		story{"the end of a former attempt does not end its successor", job().note(1, "tm", owns(sink0, 0, 63), owns(again, 0, 63), ends(sink0, "CANCELED")).
			note(2, "tm", owns(sink1, 63, 127)), Broken, "owned-twice", 2, ""},
		story{"the claim of a former attempt comes last", job().note(1, "tm", owns(again, 0, 63), owns(sink0, 64, 127)).
			note(2, "tm", owns(sink1, 63, 127)), Broken, "owned-twice", 2, "key groups 63 to 63"},
		story{"one group has two owners", job().note(1, "tm", owns(sink0, 0, 64)).note(2, "tm", owns(sink1, 64, 127)), Broken, "owned-twice", 2, "key groups 64 to 64"},
		story{"a group has none", job().note(1, "tm", owns(sink0, 0, 62), owns(sink1, 64, 127)).note(2, "jm", restored), Broken, "owned-by-nobody", 2, "63 to 63"},
		story{"no state", job().note(1, "jm", restored), NotDecided, "", 0, ""},
	)
}

func TestSlotOwnedOnce(t *testing.T) {
	give := func(slot int, a id.Allocation) history.Event {
		return history.SlotAllocated{TaskManager: "tm", Slot: slot, Job: "j", Allocation: a}
	}
	free := func(slot int, a id.Allocation) history.Event {
		return history.SlotFreed{TaskManager: "tm", Slot: slot, Allocation: a}
	}
	tell(t, "slotOwnedOnce",
		story{"given, freed, given", job().note(1, "tm", give(0, "a"), give(0, "a"), free(0, "a"), give(0, "b"), give(1, "a")), Holds, "", 0, ""},
		story{"a dead process holds nothing", job().note(1, "tm", give(0, "a")).note(2, "world", history.ProcessStopped{Name: "tm"}).note(3, "tm", give(0, "b"), give(1, "a")), Holds, "", 0, ""},
		story{"given while taken", job().note(1, "tm", give(0, "a")).note(2, "tm", give(0, "b")), Broken, "owned-twice", 2, "while allocation a had it"},
		story{"a late free of a former owner", job().note(1, "tm", give(0, "a"), free(0, "b")).note(2, "tm", give(0, "c")), Broken, "owned-twice", 2, ""},
		story{"one allocation, two slots", job().note(1, "tm-0", give(0, "a")).note(2, "tm-1", give(1, "a")), Broken, "owned-twice", 2, "slot 1 of tm-1"},
		story{"no slots", job(), NotDecided, "", 0, ""},
	)
}

func TestOneLeader(t *testing.T) {
	failover := func() *build {
		return job().note(1, "jm-0", elected("jm-0", "x"), restore(0), complete(1)).note(20, "jm-1", elected("jm-1", "y"), restore(1))
	}
	tell(t, "oneLeader",
		story{"a paused leader wakes up and does nothing", failover().note(30, "jm-0", history.LeaderLost{Holder: "jm-0", Token: "x"}), Holds, "", 0, "1 times a former leader"},
		story{"a replaced leader still restarts what it believes to have", failover().note(30, "jm-0", history.JobStatus{Job: "j", Status: "RESTARTING"}), Holds, "", 0, "1 times"},
		story{"a replaced leader takes the job for finished", failover().note(30, "jm-0", history.JobStatus{Job: "j", Status: "FINISHED"}), Holds, "", 0, "1 times"},
		story{"the leader itself ends the job", failover().note(30, "jm-1", history.JobResultStored{Job: "j", Status: "FINISHED"}), Holds, "", 0, ""},
		story{"a replaced leader stores that the job has finished", failover().note(30, "jm-0", history.JobResultStored{Job: "j", Status: "FINISHED"}), Broken, "stale-leader", 30, "jm-0 stored that job j is FINISHED"},
		story{"the leader dies first", job().note(1, "jm-0", elected("jm-0", "x")).note(5, "world", history.ProcessStopped{Name: "jm-0"}).
			note(20, "jm-1", elected("jm-1", "y")), Holds, "", 0, "one leader at a time"},
		story{"the answer to a completion arrives late, and is restored", job().note(1, "jm-0", elected("jm-0", "x")).
			note(20, "jm-1", elected("jm-1", "y"), restore(2)).note(21, "jm-0", complete(2)), Holds, "", 0, ""},
		story{"a replaced leader completes a checkpoint that its successor does not know", failover().note(30, "jm-0", complete(2)), Broken, "stale-leader", 30, "jm-0 completed checkpoint 2"},
		story{"a token is granted twice", job().note(1, "jm-0", elected("jm-0", "x")).note(9, "jm-1", elected("jm-1", "x")), Broken, "token-reused", 9, ""},
		story{"no elections", job(), NotDecided, "", 0, ""},
	)
}

func TestNoCrash(t *testing.T) {
	tell(t, "noCrash",
		story{"killed is not crashed", job().note(1, "world", history.ProcessStopped{Name: "tm", Cause: "killed"}), Holds, "", 0, ""},
		story{"a failed assertion", job().note(1, "tm", trigger(1)).note(2, "world", history.ProcessStopped{Name: "tm", Cause: "2 owners", Panic: true}), Broken, "crash", 2, "2 owners"},
		story{"an actor found a broken invariant", job().note(2, "kafka", history.Violation{Invariant: "lso", Detail: "went back"}), Broken, "violation", 2, "lso"},
		story{"an empty history", job(), NotDecided, "", 0, ""},
	)
}

func TestJobAlive(t *testing.T) {
	is := func(status string) history.Event {
		return history.JobStatus{Job: "j", Status: status, Cause: "lost tm-1"}
	}
	early := job().note(1, "jm", is("RUNNING")).note(5, "jm", is("RESTARTING"))
	early.Drained = false
	tell(t, "jobAlive",
		story{"it came back", job().note(1, "jm", is("RUNNING"), is("RESTARTING"), is("RUNNING")), Holds, "", 0, ""},
		story{"it finished", job().note(1, "jm", is("RUNNING"), is("FINISHED")), Holds, "", 0, ""},
		story{"a replaced leader suspends its copy", job().note(1, "jm-0", elected("jm-0", "x"), is("RUNNING")).note(9, "jm-1", elected("jm-1", "y"), is("RUNNING")).
			note(20, "jm-0", is("SUSPENDED")), Holds, "", 0, ""},
		story{"it never came back", job().note(1, "jm", is("RUNNING")).note(5, "jm", is("RESTARTING")), Broken, "dead", 100, "RESTARTING since 5s: lost tm-1"},
		story{"it failed", job().note(1, "jm", is("RUNNING")).note(5, "jm", is("FAILED")), Broken, "dead", 5, "FAILED"},
		story{"it ran after it had ended for good",
			job().note(1, "jm", is("FINISHED"), history.JobResultStored{Job: "j", Status: "FINISHED"}).note(5, "jm", is("RUNNING")), Broken, "ran-again", 5, "after its result was stored"},
		story{"nobody could store its result, so it ran again", job().note(1, "jm", is("FINISHED")).note(5, "jm", is("RUNNING")), Holds, "", 0, ""},
		story{"the run ended too early", early, NotDecided, "", 0, "before it could come back"},
		story{"no job", job(), NotDecided, "", 0, ""},
	)
}
