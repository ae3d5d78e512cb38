package task

import (
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/channel"
	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/connector"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/operator"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Config is what a task is started with.
type Config struct {
	Task        wire.Deployment
	JobMaster   mailbox.Addr
	Token       id.Token // of the JobMaster
	TaskManager mailbox.Addr
	Kafka       mailbox.Addr
	ObjectStore mailbox.Addr
}

// Ended tells the TaskManager, the parent, that the task has ended, and how: FINISHED or CANCELED. A task that
// failed says nothing; its parent hears of it by Exited.
type Ended struct {
	Attempt id.Attempt
	State   State
}

// Word names the message.
func (Ended) Word() string { return "task-ended" }

// Task is one attempt to run a subtask.
type Task struct {
	cfg   Config
	conf  config.Config
	state State

	gate    *channel.Gate
	align   *channel.Alignment
	outputs []*channel.Output
	reader  connector.Reader // of a source, else nil
	source  plan.Operator
	offsets connector.OffsetCommitter // of a source that commits its offsets, else nil
	chain   *operator.Chain
	row     [rowMax]record.Record // being processed
	env     mailbox.Env           // of the message being handled
	sink    connector.Sink        // of a sink, else nil
	target  plan.Operator
	store   *blob.Client
	io      io

	loading   int   // state handles not yet there
	loaded    int64 // bytes
	retries   map[int]int
	flushing  bool // the timer of the buffer timeout is armed
	proceeds  bool // a proceed message is under way
	repeating bool // the timer of sayAgain is armed
	failure   error
	snapshots snapshots
	ending    ending
}

// New returns the task of a deployment. It is started by its first message.
func New(cfg Config) *Task {
	return &Task{cfg: cfg, state: Deploying, retries: map[int]int{}}
}

// Receive handles one message, and then goes on with the work. An error is the failure of the attempt; its
// TaskManager reports it.
func (t *Task) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	t.env = env
	switch m := m.(type) {
	case mailbox.Started:
		if err := t.initialize(env); err != nil {
			return err
		}
	case wire.CancelTask:
		t.enter(env, Canceled)
		return mailbox.ErrDone
	case wire.Buffer:
		if err := t.gate.Put(env, m); err != nil {
			return err
		}
	case wire.Credit:
		if m.Edge >= 0 && m.Edge < len(t.outputs) {
			t.outputs[m.Edge].Credit(m.Channel, m.N)
		}
	case wire.RequestPartition:
		if err := t.open(from, m); err != nil {
			return err
		}
	case request:
		t.gate.Request(env, m.Channel)
	case mailbox.Undeliverable:
		if err := t.undeliverable(env, m); err != nil {
			return err
		}
	case mailbox.Disconnected:
		if err := t.disconnected(env, m); err != nil {
			return err
		}
	case wire.AssignSplits:
		t.assign(env, m)
	case wire.TriggerCheckpoint:
		t.trigger(env, m)
	case wire.NotifyCheckpointComplete:
		t.complete(env, m.Checkpoint)
	case wire.NotifyCheckpointAborted:
		t.aborted(env, m)
	case stored:
		t.stored(env, m)
	case mailbox.Exited:
		if err := t.uploadExited(m); err != nil {
			return err
		}
	case flush:
		t.flush(env)
	case proceed:
		t.proceeds = false
	case wire.RequestTaskIO:
		t.tellIO(env, from, m)
	case sayAgain:
		t.repeating = false
		t.sayAgain(env)
	default:
		if err := t.answer(env, m); err != nil {
			return err
		}
	}
	if t.failure != nil {
		return t.failure
	}
	return t.run(env)
}

// answer hands an answer to whichever part of the task asked. All parts share one client of the object store,
// since answers are told apart by its numbers; what such an answer did to the reader or the sink, they say when
// they are asked next.
func (t *Task) answer(env mailbox.Env, m mailbox.Msg) error {
	handled := t.store.Handle(env, m)
	if t.reader != nil {
		mine, err := t.reader.Handle(env, m)
		if err != nil {
			return err
		}
		handled = handled || mine
	}
	if t.sink != nil {
		mine, err := t.sink.Handle(env, m)
		if err != nil {
			return err
		}
		handled = handled || mine
	}
	if !handled {
		return fmt.Errorf("task %s: no handler for %q", t.cfg.Task.Attempt, m.Word())
	}
	return nil
}

// open lets a consumer have one of our channels. A consumer of another attempt is refused: it will learn
// from its JobMaster that it is out of date.
func (t *Task) open(from mailbox.Addr, m wire.RequestPartition) error {
	if m.Producer != t.cfg.Task.Attempt || m.Edge < 0 || m.Edge >= len(t.outputs) {
		return nil
	}
	return t.outputs[m.Edge].Open(m.Channel, from, m.Input, m.Credit)
}

// undeliverable handles mail that did not arrive. A producer that is not there yet is asked again, with
// Flink's back-off; everything else is noticed by those whose business it is.
func (t *Task) undeliverable(env mailbox.Env, m mailbox.Undeliverable) error {
	if to, ok := m.M.(wire.Fenced); ok {
		switch s, ok := to.M.(wire.TaskStateChanged); {
		case ok && s.Again:
			if !t.repeating { // one timer, however many messages came back
				t.repeating = true
				env.After(sayAgainPause, sayAgain{})
			}
			return nil
		case ok:
			return fmt.Errorf("task %s: its JobMaster %s could not be told that it is %s, and would wait for ever", t.cfg.Task.Attempt, m.To, s.State)
		}
	}
	r, ok := m.M.(wire.RequestPartition)
	if !ok {
		if t.sink != nil {
			if mine, err := t.sink.Handle(env, m); mine || err != nil {
				return err
			}
		}
		t.store.Handle(env, m)
		return nil
	}
	network := t.conf.TaskManager.Network
	wait := network.RequestBackoffInitial << t.retries[r.Input]
	if wait > network.RequestBackoffMax {
		return fmt.Errorf("task %s: the partition of %s was not found at %s within taskmanager.network.request-backoff.max",
			t.cfg.Task.Attempt, r.Producer, m.To)
	}
	t.retries[r.Input]++
	env.After(wait, request{r.Input})
	return nil
}

// disconnected fails the task if one of its producers was on the other end: what it had sent may be lost.
// A lost consumer is not our failure.
func (t *Task) disconnected(env mailbox.Env, m mailbox.Disconnected) error {
	if m.Process == t.cfg.JobMaster.Process() {
		t.sayAgain(env)
	}
	if t.state != Running || t.gate == nil {
		return nil
	}
	for i := range t.gate.Channels() {
		if p := t.gate.Producer(i); p.Task.Process() == m.Process {
			return fmt.Errorf("task %s: the connection to %s, which runs %s, was closed; it may have died",
				t.cfg.Task.Attempt, m.Process, p.Attempt)
		}
	}
	return nil
}

// assign takes splits from the enumerator and says so.
func (t *Task) assign(env mailbox.Env, m wire.AssignSplits) {
	if t.reader == nil {
		return
	}
	t.reader.Assign(env, m.Splits, m.NoMore)
	t.tell(env, wire.SplitsAssigned{Job: t.cfg.Task.Job, Req: m.Req, Attempt: t.cfg.Task.Attempt})
}

// tell sends a message to the JobMaster, with the token that it had when it deployed us.
func (t *Task) tell(env mailbox.Env, m mailbox.Msg) {
	env.Send(t.cfg.JobMaster, wire.Fenced{Token: t.cfg.Token, M: m})
}

// operators lists the chain by name.
func (t *Task) operators() []id.Operator {
	var names []id.Operator
	for _, op := range t.cfg.Task.Chain {
		names = append(names, op.Name)
	}
	return slices.Clip(names)
}

// The timers and notes-to-self of a task.
type (
	request struct{ Channel int } // ask a producer again
	flush   struct{}              // the buffer timeout
	proceed struct{}              // there is more to do
	// sayAgain tells the JobMaster our state once more.
	sayAgain struct{}
)

const sayAgainPause = time.Second

func (sayAgain) Word() string { return "say-again" }

func (request) Word() string { return "request-again" }
func (flush) Word() string   { return "flush" }
func (proceed) Word() string { return "proceed" }
