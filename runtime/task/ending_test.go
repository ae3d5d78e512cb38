package task

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The end of a bounded job: when the last channel has ended, windows fire, and downstream and the JobMaster hear
// of it. Then a checkpoint has to complete that began after that, since sinks commit with it; and only when
// everything has left is the task FINISHED.
func TestTheEndOfInput(t *testing.T) {
	d := summing()
	d.Chain = []plan.Operator{{Name: "window", Kind: plan.Tumble, Window: 10 * time.Millisecond}}
	s := running(t, d)
	s.in(0, "a=1")
	s.in(1, "a=2")
	s.snapshot(1)
	s.in(0, "end of input")
	s.timeout()
	s.does()
	s.in(1, "end of input")
	s.does("end-of-data", fmt.Sprint("-> a=3 watermark ", record.MaxTime), "-> end of input")
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: d.Attempt, Checkpoint: 1})
	s.does("* checkpoint.notified") // it began too early to count
	s.snapshot(2)
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: d.Attempt, Checkpoint: 2})
	s.does("* checkpoint.notified", "-> end of partition", "FINISHED", "ended FINISHED")
	if !errors.Is(s.err, mailbox.ErrDone) {
		t.Errorf("it goes on: %v", s.err)
	}
}

// What is still to be sent holds the end up: a task that is gone has no buffers.
func TestATaskFinishesWhenAllHasLeft(t *testing.T) {
	s := setUp(t, summing())
	s.receive("tm-2/next", wire.RequestPartition{Producer: attempt("sum", 0)})
	s.in(0, "a=1")
	for channel := range 2 {
		s.in(channel, "end of input")
		s.in(channel, "barrier 1")
	}
	s.told = nil
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: attempt("sum", 0), Checkpoint: 1})
	s.does("* checkpoint.notified")
	s.receive("tm-2/next", wire.Credit{N: 1})
	s.does(fmt.Sprint("-> a=1 watermark ", record.MaxTime), "-> end of input", "-> barrier 1", "-> end of partition", "FINISHED", "ended FINISHED")
}

// A sink has still to commit when its input has ended, and is FINISHED when that is answered.
func TestASinkFinishesWhenItHasCommitted(t *testing.T) {
	d := copying()
	d.Chain, d.Inputs = d.Chain[1:], summing().Inputs
	s := setUp(t, d)
	s.ready(0)
	s.ready(1)
	s.in(0, "a=1")
	for channel := range 2 {
		s.in(channel, "end of input")
		s.in(channel, "barrier 1")
	}
	s.receive("tm/kafka", wire.KafkaFlushed{Req: s.asked, TransactionalID: "p-0-1", ProducerID: 7, Epoch: 1, Records: 1})
	s.told = nil
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: d.Attempt, Checkpoint: 1})
	s.does("* checkpoint.notified", "kafka-end-txn")
	s.receive("tm/kafka", wire.KafkaTxnEnded{TransactionalID: "p-0-1"})
	s.does("* sink.committed", "FINISHED", "ended FINISHED")
}

// A bounded source ends by itself: its last watermark is the end of time.
func TestABoundedSourceEnds(t *testing.T) {
	d := copying()
	d.Chain = []plan.Operator{{Name: "source", Kind: plan.FileSource, Path: "in", Watermarks: true}}
	d.Outputs = summing().Outputs
	s := running(t, d)
	s.receive("tm", wire.AssignSplits{Attempt: d.Attempt, Splits: []wire.Split{{Path: "in/a"}}, NoMore: true})
	s.does("get in/a", "splits-assigned")
	s.receive("objectstore", wire.BlobData{Req: s.asked, Data: []byte(`{"key":"a","value":5,"time":3}`)})
	s.does("end-of-data", fmt.Sprint("-> a=5 watermark ", record.MaxTime), "-> end of input")
}

// A channel that is closed counts as one that has delivered its barrier.
func TestAClosedChannelIsAligned(t *testing.T) {
	s := running(t, summing())
	s.in(0, "barrier 1")
	s.in(1, "end of input")
	s.in(1, "end of partition")
	s.does("* alignment.started", "* barrier.aligned", "-> barrier 1", "* snapshot.taken", "started 1", "upload starts")
	s.in(0, "barrier 2")
	s.does("* alignment.started", "* barrier.aligned", "-> barrier 2", "* snapshot.taken", "started 2", "upload starts")
}

// A job that makes up its records and drops them needs nobody, and ends like any other.
func TestRowsThatGoNowhere(t *testing.T) {
	d := copying()
	d.Chain = []plan.Operator{{Name: "rows", Kind: plan.DataGen, Keys: 10, Rows: 3000}, {Name: "end", Kind: plan.Blackhole}}
	s := setUp(t, d)
	s.does("INITIALIZING", "reader []", "RUNNING")
	s.receive("jm", wire.AssignSplits{Attempt: d.Attempt, Splits: []wire.Split{{End: 3000}}, NoMore: true})
	s.does("splits-assigned", "end-of-data") // 1024 rows, and by messages to itself the others
	s.receive("jm", wire.TriggerCheckpoint{Attempt: d.Attempt, Checkpoint: 1})
	s.does("* source.position [3000]", "* snapshot.taken", "started 1", "upload starts")
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: d.Attempt, Checkpoint: 1})
	s.does("* checkpoint.notified", "FINISHED", "ended FINISHED")
}
