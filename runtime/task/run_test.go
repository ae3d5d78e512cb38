package task

import (
	"errors"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

func TestATaskStartsInSteps(t *testing.T) {
	s := setUp(t, summing())
	s.does("INITIALIZING", "RUNNING", "request source-0", "request source-1")
	if s.env.Worked[mailbox.Start] != 1 {
		t.Error("starting a task is work")
	}
}

// Records go through the chain, wait for company, and leave with the buffer timeout. Nothing leaves before the
// next task has asked for its partition.
func TestRecordsGoThrough(t *testing.T) {
	s := setUp(t, summing())
	s.told = nil
	s.in(0, "a=1 b=2")
	s.in(1, "a=3")
	s.timeout()
	s.does()
	s.receive("tm-2/next", wire.RequestPartition{Producer: attempt("sum", 0), Credit: 2})
	s.does("-> a=1 b=2 a=4")
	if s.env.Worked[mailbox.Process] != 3 {
		t.Errorf("it worked for %d records", s.env.Worked[mailbox.Process])
	}
	s.receive("tm-2/other", wire.RequestPartition{Producer: attempt("sum", 1), Credit: 2}) // of another attempt: nothing to it
	s.receive("tm-2/other", wire.RequestPartition{Producer: attempt("sum", 0), Credit: 2})
	s.fails("open channel 0 of output 0 for tm-2/other: tm-2/next has it already")
}

// A task ends at once when it is told to, whatever it is doing, and says so to both who must know.
func TestATaskIsCancelled(t *testing.T) {
	for _, s := range []*stage{running(t, summing()), setUp(t, copying())} {
		s.told = nil
		s.receive("tm", wire.CancelTask{Attempt: s.cfg.Task.Attempt})
		s.does("CANCELED", "ended CANCELED")
		if !errors.Is(s.err, mailbox.ErrDone) {
			t.Errorf("it goes on: %v", s.err)
		}
	}
}

// A source and a sink that both use the object store share one client: each hears the answers to its own requests.
func TestFilesAreCopied(t *testing.T) {
	d := copying()
	d.Chain = []plan.Operator{{Name: "source", Kind: plan.FileSource, Path: "in"}, {Name: "sink", Kind: plan.FileSink, Path: "out", Guarantee: plan.ExactlyOnce}}
	const pending, final = "out/.pending/part-0-0000000001-copy-0#1@grap", "out/part-0-0000000001"
	s := running(t, d)
	s.receive("tm", wire.AssignSplits{Attempt: d.Attempt, Splits: []wire.Split{{Path: "in/a"}}})
	first := s.asked
	s.receive("objectstore", wire.BlobData{Req: first, Data: []byte(`{"key":"a","value":5}`)})
	s.receive("jm", wire.TriggerCheckpoint{Job: job, Attempt: d.Attempt, Checkpoint: 1})
	s.does("get in/a", "splits-assigned", "put "+pending)
	put := s.asked
	s.receive("tm", wire.AssignSplits{Attempt: d.Attempt, Splits: []wire.Split{{Path: "in/b"}}})
	s.does("get in/b", "splits-assigned")
	s.receive("objectstore", wire.BlobData{Req: s.asked})
	s.receive("objectstore", wire.BlobDone{Req: put})
	s.does("* sink.precommitted", "* source.position [1 0]", "* snapshot.taken", "started 1", "upload starts")
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: d.Attempt, Checkpoint: 1})
	s.receive("objectstore", wire.BlobData{Req: s.asked, Data: []byte("lines")})
	s.receive("objectstore", wire.BlobDone{Req: s.asked})
	s.does("* checkpoint.notified", "get "+pending, "put "+final, "delete ["+pending+"]", "* sink.committed")
}

// Without credit nothing leaves, and with too much waiting nothing is read: back-pressure. Barriers need no
// credit, but do not overtake.
func TestBackPressureStopsTheTask(t *testing.T) {
	s := setUp(t, summing())
	s.receive("tm-2/next", wire.RequestPartition{Producer: attempt("sum", 0), Credit: 1})
	s.told = nil
	for range 4 {
		s.in(0, "a=1")
		s.timeout()
	}
	s.does("-> a=1") // two more may wait; the third makes the task stop
	s.in(0, "barrier 1")
	s.in(1, "barrier 1")
	s.in(1, "a=1")
	s.timeout()
	s.does()
	s.receive("tm-2/next", wire.Credit{N: 10})
	s.does("-> a=2", "-> a=3", "-> a=4", "* alignment.started", "* barrier.aligned", "-> barrier 1", "* snapshot.taken", "started 1", "upload starts")
	s.timeout()
	s.does("-> a=5")
}

// A producer that is not there yet is asked again, with a wait that doubles up to taskmanager.network.
// request-backoff.max; then the attempt fails.
func TestAProducerThatIsNotThere(t *testing.T) {
	d := summing()
	d.Config["taskmanager.network.request-backoff.max"] = "300 ms"
	s := setUp(t, d)
	s.told = nil
	lost := mailbox.Undeliverable{To: wire.TaskAddr("tm-1", attempt("source", 1)), M: wire.RequestPartition{Producer: attempt("source", 1), Input: 1}}
	s.receive("", lost)
	s.receive(s.env.Addr, request{1})
	s.does("request source-1")
	s.receive("", lost)
	s.receive("", lost)
	s.fails("task sum-0#1@grap: the partition of source-1#1@grap was not found at tm-1/task-source-1#1@grap within taskmanager.network.request-backoff.max")
}

// A broken connection to a producer may have lost records, so the attempt fails. One to a consumer is the
// consumer's business, and a gap says the same as a break.
func TestBrokenConnections(t *testing.T) {
	s := running(t, summing())
	s.receive("", mailbox.Disconnected{Process: "tm-2"})
	s.does()
	s.receive("", mailbox.Disconnected{Process: "tm-1"})
	s.fails("task sum-0#1@grap: the connection to tm-1, which runs source-1#1@grap, was closed; it may have died")

	s = running(t, summing())
	s.seq[0]++
	s.in(0, "a=1")
	s.fails("receive buffer 1 of the channel from source-0#1@grap: buffer 0 was expected, the connection lost some")
}

func TestWhatATaskDoesNotUnderstand(t *testing.T) {
	s := running(t, summing())
	s.receive("tm", wire.SubmitJob{})
	s.fails(`task sum-0#1@grap: no handler for "submit-job"`)
	d := summing()
	d.Config["execution.checkpointing.mode"] = "SOMETIMES"
	if s = setUp(t, d); s.err == nil || !strings.HasPrefix(s.err.Error(), "task sum-0#1@grap: read the job's configuration: ") {
		t.Errorf("a bad configuration: %v", s.err)
	}
	d = summing()
	d.Chain = append(d.Chain, plan.Operator{Name: "x", Kind: plan.FileSource})
	if s = setUp(t, d); s.err == nil || s.err.Error() != "task sum-0#1@grap: build its operators: operator x: a file-source cannot stand in the middle of a chain" {
		t.Errorf("a bad chain: %v", s.err)
	}
}
