package connector

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

var filesOnce = plan.Operator{Name: "files", Kind: plan.FileSink, Path: "out", Guarantee: plan.ExactlyOnce}

const (
	pending1 = "out/.pending/part-0-0000000001-sink-0#3@grap"
	pending2 = "out/.pending/part-0-0000000002-sink-0#3@grap"
	final1   = "out/part-0-0000000001"
	final2   = "out/part-0-0000000002"
)

// answer is what the store says to the last request; the sink tells whether it fails of it.
func (s *stage) answer(m mailbox.Msg) error {
	s.t.Helper()
	if !s.store.Handle(s.env, m) {
		s.t.Fatalf("nobody wants %q", m.Word())
	}
	_, err := s.Handle(s.env, m)
	return err
}

// done and data answer what has to go well.
func (s *stage) done() {
	s.t.Helper()
	if err := s.answer(wire.BlobDone{Req: s.asked}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) data(text, failed string) {
	s.t.Helper()
	if err := s.answer(wire.BlobData{Req: s.asked, Data: []byte(text), Err: failed}); err != nil {
		s.t.Fatal(err)
	}
}

// filed takes a file sink through a checkpoint with one record.
func (s *stage) filed(n id.Checkpoint, pending string) []snapshot.List {
	s.t.Helper()
	s.write("a")
	s.PreCommit(s.env, n)
	s.does("put " + pending)
	s.done()
	s.env.Take()
	return s.Snapshot(s.env, n)
}

func openedFiles(t *testing.T, op plan.Operator) *stage {
	s := setUp(t, op)
	if err := s.Open(s.env, 0, snapshot.Operator{}); err != nil {
		t.Fatal(err)
	}
	s.does()
	return s
}

// In progress, a part is in the writer's memory; pending, it is durable under a name that no reader looks at;
// finished, it has its name. Between the second and the third lies the checkpoint.
func TestAPartIsInProgressPendingFinished(t *testing.T) {
	s := openedFiles(t, filesOnce)
	s.Write(s.env, []record.Record{{Key: []byte("a"), Value: 5, Count: 1, Time: 3, Origin: record.Origin{Partition: 2, Offset: 9}}})
	s.write("b")
	s.Flush(s.env)
	s.does() // nothing leaves before the barrier

	s.PreCommit(s.env, 1)
	put := s.env.Take()[0].(mailboxtest.Mail).M.(wire.BlobPut)
	lines := strings.SplitAfter(string(put.Data), "\n")
	if want := `{"key":"a","value":5,"count":1,"time":3,"partition":2,"offset":9}` + "\n"; put.Path != pending1 || len(lines) != 3 || lines[0] != want {
		t.Errorf("%s is %q", put.Path, lines)
	}
	if !s.Busy() || s.Writable() {
		t.Error("the barrier may leave before the part is durable")
	}
	s.asked = put.Req
	s.done()
	s.does("* pre-committed " + final1 + " for 1, 2 records")
	state := items(s.Snapshot(s.env, 1))
	if s.Busy() || s.Settled(1) || len(state) != 1 || !strings.Contains(state[0], pending1) {
		t.Errorf("the part is owed; the state is %s", state)
	}

	s.Complete(s.env, 1)
	s.does("get " + pending1)
	s.Complete(s.env, 1)
	s.does() // asked once
	s.data(string(put.Data), "")
	s.does("put " + final1)
	s.done()
	s.does("delete ["+pending1+"]", "* committed "+final1)
	if !s.Settled(1) || len(items(s.Snapshot(s.env, 2))) > 0 {
		t.Error("it is finished, and still owed")
	}
	s.PreCommit(s.env, 2)
	s.does() // the next part has none of the old records
}

func TestAnEmptyPartIsNotWritten(t *testing.T) {
	s := openedFiles(t, filesOnce)
	s.PreCommit(s.env, 1)
	s.does()
	if s.Busy() || len(items(s.Snapshot(s.env, 1))) > 0 {
		t.Error("there is something to wait for, or to owe")
	}
}

// The part of an aborted checkpoint is finished with the next that completes, and before that one's own.
func TestPartsAreFinishedInOrder(t *testing.T) {
	s := openedFiles(t, filesOnce)
	s.filed(1, pending1)
	if state := items(s.filed(2, pending2)); len(state) != 2 {
		t.Errorf("the state is %s", state)
	}
	s.Complete(s.env, 2)
	s.does("get " + pending1)
	s.data("one\n", "")
	s.does("put " + final1)
	s.done()
	s.does("delete ["+pending1+"]", "* committed "+final1, "get "+pending2)
}

// A restore finishes what was pending at the checkpoint. A part that the first run had finished is not there any
// more under its pending name: nothing is left to do. What was in progress at the crash is in no state.
func TestARestoreFinishesWhatWasPending(t *testing.T) {
	s := openedFiles(t, filesOnce)
	s.filed(1, pending1)
	lists := s.filed(2, pending2)
	slices.Reverse(lists[0].Items) // the parts of several subtasks may come in any order
	s.write("in progress")

	s = setUp(t, filesOnce)
	if err := s.Open(s.env, 2, snapshot.Operator{Lists: lists}); err != nil {
		t.Fatal(err)
	}
	s.does("get " + pending1)
	s.data("", "not-found")
	s.does("get " + final1)
	s.data("one\n", "")
	s.does("* committed again "+final1, "get "+pending2)
	s.data("two\n", "")
	s.does("put " + final2)
	s.done()
	s.does("delete ["+pending2+"]", "* committed again "+final2)
	s.PreCommit(s.env, 3)
	s.does()
}

// A part that is there under neither name is lost output: the sink fails with a word, and does not go on.
func TestAPartThatIsNowhereIsALoss(t *testing.T) {
	s := openedFiles(t, filesOnce)
	lists := s.filed(1, pending1)
	s = setUp(t, filesOnce)
	if err := s.Open(s.env, 1, snapshot.Operator{Lists: lists}); err != nil {
		t.Fatal(err)
	}
	s.does("get " + pending1)
	s.data("", "not-found")
	s.does("get " + final1)
	if err := s.answer(wire.BlobData{Req: s.asked, Err: "not-found"}); err == nil || !strings.Contains(err.Error(), "may be lost") {
		t.Errorf("its failure is %v", err)
	}
	s.does()
}

// What belongs to a later checkpoint stays pending.
func TestOnlyWhatIsDueIsFinished(t *testing.T) {
	s := openedFiles(t, filesOnce)
	s.filed(1, pending1)
	s.filed(2, pending2)
	s.Complete(s.env, 1)
	s.does("get " + pending1)
	s.data("one\n", "")
	s.does("put " + final1)
	s.done()
	s.does("delete ["+pending1+"]", "* committed "+final1)
	if !s.Settled(1) || s.Settled(2) {
		t.Error("the first is finished, the second is owed")
	}
}

// Without exactly-once the part has its name at once, and the attempt's in it: a repetition is another file.
func TestOtherGuaranteesWriteTheFinalFile(t *testing.T) {
	for _, g := range []plan.Guarantee{plan.AtLeastOnce, plan.None} {
		op := filesOnce
		op.Guarantee = g
		s := openedFiles(t, op)
		s.write("a")
		s.PreCommit(s.env, 1)
		s.does("put " + final1 + "-sink-0#3@grap")
		s.done()
		s.does()
		if len(items(s.Snapshot(s.env, 1))) > 0 || !s.Settled(1) {
			t.Errorf("%s: there is something owed", g)
		}
		s.Complete(s.env, 1)
		s.does()
	}
}

// A store that fails for good fails the task: before the barrier, or with the commit still owed.
func TestWhatFailsAFileSink(t *testing.T) {
	refuse := func(s *stage, m func(req uint64) mailbox.Msg) error {
		var overdue mailbox.Msg
		for _, effect := range s.env.Take() {
			s.words(effect) // which request it is
			if timer, ok := effect.(*mailboxtest.Timer); ok {
				overdue = timer.M
			}
		}
		if err := s.answer(m(s.asked)); err != nil { // the first of two tries
			s.t.Fatal(err)
		}
		s.store.Handle(s.env, overdue)
		return s.answer(m(s.asked))
	}
	done := func(req uint64) mailbox.Msg { return wire.BlobDone{Req: req, Err: "unavailable"} }
	data := func(req uint64) mailbox.Msg { return wire.BlobData{Req: req, Err: "unavailable"} }
	for _, c := range []struct {
		why  string
		fail func(s *stage) error
		want string
	}{
		{"the part is not written", func(s *stage) error {
			s.write("a")
			s.PreCommit(s.env, 1)
			return refuse(s, done)
		}, "pre-commit checkpoint 1: write " + pending1 + " in the object store: unavailable after 2 tries"},
		{"the part is not read", func(s *stage) error {
			s.filed(1, pending1)
			s.Complete(s.env, 1)
			return refuse(s, data)
		}, "commit " + final1 + ": read " + pending1 + " in the object store: unavailable after 2 tries"},
		{"the part is not finished", func(s *stage) error {
			s.filed(1, pending1)
			s.Complete(s.env, 1)
			s.does("get " + pending1)
			s.data("one\n", "")
			return refuse(s, done)
		}, "commit " + final1 + ": write " + final1 + " in the object store: unavailable after 2 tries"},
		{"the state is damaged", func(s *stage) error {
			return s.Open(s.env, 4, snapshot.Operator{Lists: []snapshot.List{{Name: "parts", Items: [][]byte{[]byte("{")}}}})
		}, "restore the file sink files: a part in the checkpoint does not decode: unexpected end of JSON input"},
	} {
		t.Run(c.why, func(t *testing.T) {
			if err := c.fail(openedFiles(t, filesOnce)); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// The lines of a part are what a file source reads.
func TestALineIsReadAsItWasWritten(t *testing.T) {
	s := openedFiles(t, filesOnce)
	s.Write(s.env, []record.Record{{Key: []byte(`"é"`), Value: -5, Count: 2, Time: -3}})
	s.PreCommit(s.env, 1)
	var line Line
	if err := json.Unmarshal(s.env.Take()[0].(mailboxtest.Mail).M.(wire.BlobPut).Data, &line); err != nil {
		t.Fatal(err)
	}
	if line != (Line{Key: `"é"`, Value: -5, Count: 2, Time: -3}) {
		t.Errorf("read %+v", line)
	}
}
