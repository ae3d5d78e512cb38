package task

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Aligned barriers: a channel waits from its barrier on until the last channel has delivered its own. So the
// snapshot holds exactly what came before the barriers; and the barrier leaves in the same place of the output.
func TestBarriersAlign(t *testing.T) {
	s := running(t, summing())
	s.in(0, "a=1")
	s.in(0, "barrier 1")
	s.does("* alignment.started")
	s.in(0, "a=10") // waits
	s.in(1, "a=2")
	s.timeout()
	s.does("-> a=1 a=3")
	s.in(1, "barrier 1")
	s.does("* barrier.aligned", "-> barrier 1", "* snapshot.taken", "started 1", "upload starts")
	s.timeout()
	s.does("-> a=13")
	s.upload(mailbox.Started{})
	s.does("* snapshot.stored", "ack 1")

	again := summing()
	again.Restore, again.State = 1, s.ack
	s = running(t, again)
	s.in(0, "a=10")
	s.timeout()
	s.does("-> a=13") // 1+2 were in the snapshot, the 10 that waited was not
}

// At-least-once does not wait: what was read too early is read again after a failure.
func TestAtLeastOnceDoesNotBlock(t *testing.T) {
	d := summing()
	d.Config["execution.checkpointing.mode"] = "AT_LEAST_ONCE"
	s := running(t, d)
	s.in(0, "barrier 1")
	s.in(0, "a=10")
	s.timeout()
	s.does("* alignment.started", "-> a=10")
	s.in(1, "barrier 1")
	s.does("* barrier.aligned", "-> barrier 1", "* snapshot.taken", "started 1", "upload starts")
}

// The synchronous part freezes the state; the asynchronous part is another actor's. Meanwhile the task goes on,
// and what it does now is not in the snapshot.
func TestTheUploadDoesNotHoldTheTaskUp(t *testing.T) {
	d := summing()
	d.Config["execution.checkpointing.data-inline-threshold"] = "0"
	s := running(t, d)
	s.in(0, "a=1")
	s.snapshot(1)
	s.in(0, "a=10")
	s.timeout()
	s.does("-> a=11")
	s.upload(mailbox.Started{})
	s.does("put s3://flink/job/chk-1/sum-0#1@grap-0")
	put := s.asked
	s.in(1, "a=100")
	s.upload(wire.BlobDone{Req: put})
	s.does("* snapshot.stored", "ack 1")
	h := s.ack.Of("sum").Keyed
	if len(h) != 1 || h[0].Path != "s3://flink/job/chk-1/sum-0#1@grap-0" || h[0].Inline != nil || h[0].Size == 0 || h[0].Groups != (snapshot.Groups{First: 0, Last: 127}) {
		t.Errorf("the ack refers to %+v", h)
	}
}

// A store that fails is said to be what declines the checkpoint. The job decides how many of these it tolerates;
// the task goes on, and leaves no file behind.
func TestAFailedUploadDeclinesTheCheckpoint(t *testing.T) {
	d := summing()
	d.Config["execution.checkpointing.data-inline-threshold"] = "0"
	d.Chain = append(d.Chain, plan.Operator{Name: "count", Kind: plan.KeyedCount})
	s := running(t, d)
	s.in(0, "a=1")
	s.snapshot(1)
	s.upload(mailbox.Started{})
	s.does("put s3://flink/job/chk-1/sum-0#1@grap-0", "put s3://flink/job/chk-1/sum-0#1@grap-1")
	for range storeTries - 1 {
		s.overdue()
		s.does("put s3://flink/job/chk-1/sum-0#1@grap-0", "put s3://flink/job/chk-1/sum-0#1@grap-1")
	}
	s.upload(wire.BlobDone{Req: 1, Err: "unavailable"})
	s.does() // the other file may be on its way: deleting it now would be too early
	s.upload(wire.BlobDone{Req: 2})
	s.does("delete [s3://flink/job/chk-1/sum-0#1@grap-0 s3://flink/job/chk-1/sum-0#1@grap-1]", "decline 1: CHECKPOINT_ASYNC_EXCEPTION")
	s.in(0, "a=1")
	s.snapshot(2)
}

// A checkpoint that is cancelled upstream is over for this task: the channels that waited go on, the JobMaster and
// the next task hear of it once, and a barrier that comes all the same starts nothing.
func TestACancelMarkerReleasesTheChannels(t *testing.T) {
	s := running(t, summing())
	s.in(0, "barrier 1")
	s.in(0, "a=10")
	s.in(1, "cancel 1")
	s.does("* alignment.started", "decline 1: CHECKPOINT_DECLINED_ON_CANCELLATION_BARRIER", "-> cancel 1")
	s.timeout()
	s.does("-> a=10")
	s.in(0, "cancel 1")
	s.in(1, "barrier 1")
	s.does()
	s.snapshot(2)
}

// A barrier of a newer checkpoint ends the alignment of the older one.
func TestANewerBarrierSubsumesTheAlignment(t *testing.T) {
	s := running(t, summing())
	s.in(0, "barrier 1")
	s.in(0, "a=10")
	s.in(1, "barrier 2")
	s.does("* alignment.started", "decline 1: CHECKPOINT_DECLINED_SUBSUMED", "* alignment.started")
	s.timeout()
	s.does("-> a=10")
	s.in(0, "barrier 2")
	s.does("* barrier.aligned", "-> barrier 2", "* snapshot.taken", "started 2", "upload starts")
}

// The JobMaster's word that a checkpoint is aborted may come before its barriers. Then they align, so that the
// channels stay in step, but no snapshot is taken, and the next task is told not to wait.
func TestAnAbortBeforeTheBarriers(t *testing.T) {
	s := running(t, summing())
	s.receive("tm", wire.NotifyCheckpointAborted{Attempt: attempt("sum", 0), Checkpoint: 1})
	s.does("* checkpoint.abort-notified")
	s.in(0, "barrier 1")
	s.in(0, "a=10")
	s.in(1, "barrier 1")
	s.does("* alignment.started", "* barrier.aligned", "-> cancel 1")
	s.timeout()
	s.does("-> a=10")
	s.snapshot(2)
}

// An abort while the state is being uploaded: what was written is deleted, and nobody acknowledges anything.
func TestAnAbortDuringTheUpload(t *testing.T) {
	d := summing()
	d.Config["execution.checkpointing.data-inline-threshold"] = "0"
	s := running(t, d)
	s.in(0, "a=1")
	s.snapshot(1)
	s.upload(mailbox.Started{})
	s.does("put s3://flink/job/chk-1/sum-0#1@grap-0")
	s.receive("tm", wire.NotifyCheckpointAborted{Attempt: attempt("sum", 0), Checkpoint: 1})
	s.does("snapshot-discard", "* checkpoint.abort-notified")
	s.upload(discard{})
	s.does() // nor here
	s.upload(wire.BlobDone{Req: s.asked})
	s.does("delete [s3://flink/job/chk-1/sum-0#1@grap-0]")
}

// A completion stands for all checkpoints before it, and old news is none. An abort brings along the newest
// completion, which repairs a notification that was lost.
func TestCompletionsOnlyGoForward(t *testing.T) {
	s := running(t, summing())
	for _, n := range []id.Checkpoint{2, 2, 1} {
		s.receive("tm", wire.NotifyCheckpointComplete{Attempt: attempt("sum", 0), Checkpoint: n})
	}
	s.does("* checkpoint.notified")
	s.receive("tm", wire.NotifyCheckpointAborted{Attempt: attempt("sum", 0), Checkpoint: 5, LatestCompleted: 4})
	s.does("* checkpoint.notified", "* checkpoint.abort-notified")
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: attempt("sum", 0), Checkpoint: 4})
	s.does()
}

// A source starts when its splits are known, from where its state says; the enumerator hears what it has, and
// gives it the rest. The state of a snapshot is the offset of the next record, of the sink what it owes.
func TestASourceAndASinkInASnapshot(t *testing.T) {
	s := setUp(t, copying())
	s.does("INITIALIZING", "reader []", "kafka-init-producer")
	s.receive("jm", wire.TriggerCheckpoint{Job: job, Attempt: attempt("copy", 0), Checkpoint: 1})
	s.does("refuse 1: the task is INITIALIZING")
	s.ready(0)
	s.does("kafka-close-producer", "kafka-init-producer")
	s.ready(1)
	s.does("RUNNING")
	s.receive("tm", wire.AssignSplits{Req: 3, Attempt: attempt("copy", 0), Splits: []wire.Split{{Partition: 0, Offset: 40}}})
	s.does("fetch 0@40", "splits-assigned")
	s.fetched(40, 41)
	s.does("fetch 0@42")
	fetch := s.asked

	s.receive("jm", wire.TriggerCheckpoint{Job: job, Attempt: attempt("copy", 0), Checkpoint: 1})
	s.does("produce 2", "kafka-flush")
	flush := s.asked
	s.asked = fetch
	s.fetched(42)
	s.does("fetch 0@43") // it came, and is not handed out: it belongs after the cut
	s.receive("tm/kafka", wire.KafkaFlushed{Req: flush, TransactionalID: "p-0-1", ProducerID: 7, Epoch: 1, Records: 2})
	s.does("* sink.precommitted", "kafka-close-producer", "* source.position [42]", "kafka-init-producer", "* snapshot.taken", "started 1", "upload starts")
	s.ready(0)
	s.upload(mailbox.Started{})
	s.does("* snapshot.stored", "ack 1")
	text := fmt.Sprintf("%s %s", s.ack.Of("source").Lists, s.ack.Of("sink").Lists)
	if !strings.Contains(text, `"Offset":42`) || !strings.Contains(text, `"Transaction":"p-0-1","ProducerID":7,"Epoch":1`) {
		t.Errorf("the state is %s", text)
	}
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: attempt("copy", 0), Checkpoint: 1})
	s.does("* checkpoint.notified", "kafka-end-txn")

	again := copying()
	again.Restore, again.State = 1, s.ack
	s = setUp(t, again)
	s.does("INITIALIZING", "fetch 0@42", "reader [{0  42 0}]", "* source.position [42]", "kafka-end-txn", "* task.restored")
	s.receive("tm/kafka", wire.KafkaTxnEnded{TransactionalID: "p-0-1"})
	s.ready(0)
	s.ready(1)
	s.does("* sink.committed", "kafka-init-producer", "kafka-close-producer", "kafka-init-producer", "RUNNING")
	s.receive("jm", wire.TriggerCheckpoint{Job: job, Attempt: attempt("copy", 0), Checkpoint: 1})
	s.does() // of a former life
}

// Who watches the source's consumer group sees its offsets move with the checkpoints that are complete, and never before.
// It can be switched off.
func TestTheOffsetsOfAGroup(t *testing.T) {
	for follows, want := range map[string][]string{
		"true":  {"* checkpoint.notified", "kafka-commit-offsets", "kafka-end-txn"},
		"false": {"* checkpoint.notified", "kafka-end-txn"},
	} {
		d := copying()
		d.Chain[0].Group = "watchers"
		d.Config = map[string]string{"commit.offsets.on.checkpoint": follows}
		s := setUp(t, d)
		s.ready(0)
		s.ready(1)
		s.receive("tm", wire.AssignSplits{Req: 3, Attempt: attempt("copy", 0), Splits: []wire.Split{{Partition: 0, Offset: 40}}})
		s.does("INITIALIZING", "reader []", "kafka-init-producer", "kafka-close-producer", "kafka-init-producer", "RUNNING", "fetch 0@40", "splits-assigned")
		s.fetched(40, 41)
		s.does("fetch 0@42")
		s.receive("jm", wire.TriggerCheckpoint{Job: job, Attempt: attempt("copy", 0), Checkpoint: 1})
		s.does("produce 2", "kafka-flush")
		s.receive("tm/kafka", wire.KafkaFlushed{Req: s.asked, TransactionalID: "p-0-1", ProducerID: 7, Epoch: 1, Records: 2})
		s.does("* sink.precommitted", "kafka-close-producer", "* source.position [42]", "kafka-init-producer", "* snapshot.taken", "started 1", "upload starts")
		s.receive("tm", wire.NotifyCheckpointComplete{Attempt: attempt("copy", 0), Checkpoint: 1})
		s.does(want...)
	}
}

// Triggers that come while one is being prepared wait for it, and are taken one after the other.
func TestTriggersWaitForEachOther(t *testing.T) {
	s := copier(t)
	for n := range id.Checkpoint(3) {
		s.receive("jm", wire.TriggerCheckpoint{Job: job, Attempt: attempt("copy", 0), Checkpoint: n + 1})
	}
	s.does("kafka-flush")
	for n := range id.Checkpoint(3) {
		s.receive("tm/kafka", wire.KafkaFlushed{Req: s.asked, TransactionalID: fmt.Sprintf("p-0-%d", n+1), ProducerID: 7, Epoch: 1})
		s.does("kafka-close-producer", "* source.position []", "kafka-init-producer", "* snapshot.taken", fmt.Sprint("started ", n+1), "upload starts")
		s.receive("tm/kafka", wire.KafkaProducerReady{Req: s.asked, ProducerID: 7, Epoch: 1, TransactionalID: fmt.Sprintf("p-0-%d", n+2)})
		if n < 2 {
			s.does("kafka-flush")
		}
	}
	s.does()
	s.receive("jm", wire.TriggerCheckpoint{Job: job, Attempt: attempt("copy", 0), Checkpoint: 3})
	s.does() // it was started before
}
