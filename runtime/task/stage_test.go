package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// stage has one task. The test plays everybody else: the JobMaster, the tasks before and after it, the Kafka
// client and the object store; and it lets the task's uploads run when it likes.
type stage struct {
	*Task
	t       *testing.T
	env     *mailboxtest.Env
	seq     [2]uint64 // of the next buffer on each input channel
	uploads []*worker
	ack     snapshot.Task // the last one
	asked   uint64        // of Kafka or the object store, last
	told    []string
	err     error // that the task ended with
}

// worker is an upload with a world of its own, and the timers in it.
type worker struct {
	mailboxtest.Child
	env    *mailboxtest.Env
	timers []mailbox.Msg
}

const job id.Job = "job"

func attempt(vertex id.Vertex, subtask int) id.Attempt {
	return id.Attempt{Graph: "graph", Vertex: vertex, Subtask: subtask, Number: 1}
}

// summing is a task that sums per key: two sources feed it, and one task takes what comes out.
func summing() wire.Deployment {
	return wire.Deployment{Job: job, Attempt: attempt("sum", 0), Parallelism: 1, MaxParallelism: 128,
		Chain: []plan.Operator{{Name: "sum", Kind: plan.KeyedSum}},
		Inputs: []wire.Input{{From: "source", Producers: []wire.Producer{
			{Attempt: attempt("source", 0), Task: wire.TaskAddr("tm-0", attempt("source", 0))},
			{Attempt: attempt("source", 1), Task: wire.TaskAddr("tm-1", attempt("source", 1))}}}},
		Outputs: []wire.Output{{To: "next", Partitioner: plan.Hash, Channels: 1}},
		Config:  map[string]string{"execution.checkpointing.dir": "s3://flink"}}
}

// copying is a source of a Kafka topic, chained to a sink of another.
func copying() wire.Deployment {
	return wire.Deployment{Job: job, Attempt: attempt("copy", 0), Parallelism: 1, MaxParallelism: 128, Chain: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource, Topic: "in"},
		{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.ExactlyOnce, TransactionPrefix: "p", TransactionTimeout: time.Minute}}}
}

func setUp(t *testing.T, d wire.Deployment) *stage {
	s := &stage{t: t, env: mailboxtest.New(wire.TaskAddr("tm", d.Attempt))}
	s.Task = New(Config{Task: d, JobMaster: "jm", Token: "token", TaskManager: "tm", Kafka: "tm/kafka", ObjectStore: "objectstore"})
	s.receive(s.env.Addr, mailbox.Started{})
	return s
}

// receive gives the task a message, and then what it sends to itself.
func (s *stage) receive(from mailbox.Addr, m mailbox.Msg) {
	s.t.Helper()
	if s.err != nil {
		s.t.Fatalf("the task has ended (%v), and gets %q", s.err, m.Word())
	}
	s.err = s.Receive(s.env, from, m)
	effects := s.env.Take()
	if s.err != nil && !errors.Is(s.err, mailbox.ErrDone) {
		return // then they never happen
	}
	var own []mailbox.Msg
	for _, effect := range effects {
		if mail, ok := effect.(mailboxtest.Mail); ok && mail.To == s.env.Addr {
			own = append(own, mail.M)
			continue
		}
		s.tell(effect)
	}
	for _, m := range own {
		s.receive(s.env.Addr, m)
	}
}

func (s *stage) tell(effect any) {
	if words := s.words(effect); words != "" {
		s.told = append(s.told, words)
	}
}

// words tells a story's effects: "*" is what is noted, "->" what goes to the next task.
func (s *stage) words(effect any) string {
	switch e := effect.(type) {
	case mailboxtest.Child:
		s.uploads = append(s.uploads, &worker{Child: e, env: mailboxtest.New(e.Addr)})
		return "upload starts"
	case history.SourcePosition:
		return fmt.Sprintf("* %s %d", e.Kind(), e.Next)
	case history.KeyGroupsOwned, history.SinkWrite:
		return ""
	case history.Event:
		return "* " + e.Kind()
	case mailboxtest.Mail:
		switch m := e.M.(type) {
		case wire.Fenced:
			return s.toJobMaster(m)
		case Ended:
			return "ended " + string(m.State)
		case wire.RequestPartition:
			return fmt.Sprintf("request %s", m.Producer.Of())
		case wire.Buffer:
			return "-> " + element(m)
		case wire.Credit:
			return ""
		case wire.KafkaFetch:
			s.asked = m.Req
			return fmt.Sprintf("fetch %d@%d", m.Partition, m.Offset)
		case wire.KafkaInitProducer:
			s.asked = m.Req
		case wire.KafkaFlush:
			s.asked = m.Req
		case wire.KafkaProduce:
			return fmt.Sprintf("produce %d", m.Records.N)
		case wire.BlobPut:
			s.asked = m.Req
			return "put " + m.Path
		case wire.BlobGet:
			s.asked = m.Req
			return "get " + m.Path
		case wire.BlobDelete:
			return fmt.Sprint("delete ", m.Paths)
		}
		return e.M.Word()
	}
	return "" // timers
}

func (s *stage) toJobMaster(f wire.Fenced) string {
	if f.Token != "token" {
		s.t.Errorf("%q has the token %q", f.M.Word(), f.Token)
	}
	switch m := f.M.(type) {
	case wire.TaskStateChanged:
		return m.State
	case wire.AcknowledgeCheckpoint:
		s.ack = m.State
		return fmt.Sprint("ack ", m.Checkpoint)
	case wire.DeclineCheckpoint:
		return fmt.Sprintf("decline %d: %s", m.Checkpoint, m.Reason)
	case wire.TriggerRefused:
		return fmt.Sprintf("refuse %d: %s", m.Checkpoint, m.Cause)
	case wire.SnapshotStarted:
		return fmt.Sprint("started ", m.Checkpoint)
	case wire.RegisterReader:
		return fmt.Sprint("reader ", m.Restored)
	}
	return f.M.Word()
}

// element is a buffer in words: its records and watermark, or what else it is.
func element(b wire.Buffer) string {
	switch b.Element {
	case wire.Barrier:
		return fmt.Sprint("barrier ", b.Checkpoint)
	case wire.CancelMarker:
		return fmt.Sprint("cancel ", b.Checkpoint)
	case wire.EndOfInput:
		return "end of input"
	case wire.EndOfPartition:
		return "end of partition"
	}
	var all []string
	for r := range b.Records.All() {
		all = append(all, fmt.Sprintf("%s=%d", r.Key, r.Value))
	}
	if b.Watermark > record.MinTime {
		all = append(all, fmt.Sprint("watermark ", b.Watermark))
	}
	return strings.Join(all, " ")
}

// does compares what was told since the last time.
func (s *stage) does(want ...string) {
	s.t.Helper()
	if s.err != nil && !errors.Is(s.err, mailbox.ErrDone) {
		s.t.Fatalf("the task failed: %v", s.err)
	}
	if !slices.Equal(s.told, want) {
		s.t.Errorf("got\n  %s\nwant\n  %s", strings.Join(s.told, "\n  "), strings.Join(want, "\n  "))
	}
	s.told = nil
}

// fails says that the task has just failed, and why.
func (s *stage) fails(want string) {
	s.t.Helper()
	if s.err == nil || s.err.Error() != want {
		s.t.Errorf("the task ended with\n  %v\nwant\n  %s", s.err, want)
	}
}

// in brings something on an input channel: "a=5 b=1" are records, "watermark 9", "barrier 1", "cancel 1", "end of
// input" and "end of partition" what they say.
func (s *stage) in(channel int, what string) {
	s.t.Helper()
	b := wire.Buffer{Input: channel, Seq: s.seq[channel], Watermark: record.MinTime}
	s.seq[channel]++
	word, rest, _ := strings.Cut(what, " ")
	switch {
	case word == "barrier":
		b.Element = wire.Barrier
		_, _ = fmt.Sscan(rest, &b.Checkpoint)
	case word == "cancel":
		b.Element = wire.CancelMarker
		_, _ = fmt.Sscan(rest, &b.Checkpoint)
	case what == "end of input":
		b.Element = wire.EndOfInput
	case what == "end of partition":
		b.Element = wire.EndOfPartition
	case word == "watermark":
		_, _ = fmt.Sscan(rest, &b.Watermark)
	default:
		for f := range strings.FieldsSeq(what) {
			r := record.Record{Count: 1}
			key, value, _ := strings.Cut(f, "=")
			r.Key = []byte(key)
			_, _ = fmt.Sscan(value, &r.Value)
			b.Records.Append(r)
		}
	}
	s.receive("", b)
}

// timeout is the buffer timeout: what is being built leaves.
func (s *stage) timeout() { s.receive(s.env.Addr, flush{}) }

// upload gives the youngest upload a message; Started lets it begin.
func (s *stage) upload(m mailbox.Msg) {
	s.t.Helper()
	w := s.uploads[len(s.uploads)-1]
	err := w.Actor.Receive(w.env, "", m)
	for _, effect := range w.env.Take() {
		if timer, ok := effect.(*mailboxtest.Timer); ok {
			w.timers = append(w.timers, timer.M)
		}
		if mail, ok := effect.(mailboxtest.Mail); ok && mail.To == s.env.Addr {
			s.receive(w.Addr, mail.M)
			continue
		}
		s.tell(effect)
	}
	if errors.Is(err, mailbox.ErrDone) {
		s.receive(w.Addr, mailbox.Exited{Child: w.Addr})
	}
}

// overdue lets the time pass that the youngest upload gives the store.
func (s *stage) overdue() {
	s.t.Helper()
	w := s.uploads[len(s.uploads)-1]
	timers := w.timers
	w.timers = nil
	for _, m := range timers {
		s.upload(m)
	}
}

// running is a task whose neighbours are connected.
func running(t *testing.T, d wire.Deployment) *stage {
	t.Helper()
	s := setUp(t, d)
	s.receive("tm-2/next", wire.RequestPartition{Producer: d.Attempt, Consumer: attempt("next", 0), Credit: 100})
	s.told = nil
	return s
}

// snapshot brings the barriers of a checkpoint on both channels.
func (s *stage) snapshot(n id.Checkpoint) {
	s.t.Helper()
	s.timeout()
	s.told = nil
	s.in(0, fmt.Sprint("barrier ", n))
	s.in(1, fmt.Sprint("barrier ", n))
	s.does("* alignment.started", "* barrier.aligned", fmt.Sprint("-> barrier ", n), "* snapshot.taken", fmt.Sprint("started ", n), "upload starts")
}

// ready answers the sink's last request for a producer.
func (s *stage) ready(epoch int16) {
	s.t.Helper()
	s.receive("tm/kafka", wire.KafkaProducerReady{Req: s.asked, ProducerID: 7, Epoch: epoch, TransactionalID: fmt.Sprintf("p-0-%d", 1+s.snapshots.started)})
}

// fetched answers the source's last fetch with the records at some offsets.
func (s *stage) fetched(offsets ...int64) {
	s.t.Helper()
	answer := wire.KafkaFetched{Req: s.asked, Next: offsets[len(offsets)-1] + 1}
	for _, o := range offsets {
		answer.Records.Append(record.Record{Key: []byte("k"), Count: 1, Origin: record.Origin{Offset: o}})
	}
	s.receive("tm/kafka", answer)
}

// copier is a running copy task without splits.
func copier(t *testing.T) *stage {
	s := setUp(t, copying())
	s.ready(0)
	s.ready(1)
	s.told = nil
	return s
}
