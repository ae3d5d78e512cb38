package task

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/operator"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// upload is the asynchronous part of a snapshot: an actor of its own, so that it competes with its task for
// the processor but does not hold it up. It serialises what was frozen, makes it durable, and reports.
type upload struct {
	task       mailbox.Addr
	path       string
	checkpoint id.Checkpoint
	attempt    id.Attempt
	inline     int64
	store      mailbox.Addr
	frozen     []operator.Frozen
	state      snapshot.Task

	client  *blob.Client
	open    int
	written []string
	failed  string
	ended   bool // reported, or told to discard
}

// stored reports to the task. discard tells the child that nobody wants its state any more.
type (
	stored struct {
		Checkpoint id.Checkpoint
		State      snapshot.Task
		Failed     string
	}
	discard struct{}
)

func (stored) Word() string  { return "snapshot-stored" }
func (discard) Word() string { return "snapshot-discard" }

func (u *upload) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m.(type) {
	case mailbox.Started:
		u.client = blob.NewClient(u.store, storeTimeout, storeTries)
		u.start(env)
	case discard:
		u.ended = true
	default:
		u.client.Handle(env, m)
	}
	if u.open > 0 || !u.ended && u.failed == "" {
		return nil
	}
	if len(u.written) > 0 {
		// Nobody will ever refer to these files. Deleting is best effort: a failure leaves an orphan.
		env.Send(u.store, wire.BlobDelete{Paths: u.written})
	}
	if !u.ended {
		env.Send(u.task, stored{Checkpoint: u.checkpoint, Failed: u.failed})
	}
	return mailbox.ErrDone
}

// uploadExited handles the end of a child: it reports what went wrong itself, so an error is our own bug.
func (t *Task) uploadExited(m mailbox.Exited) error {
	if m.Err != "" {
		return fmt.Errorf("task %s: %s ended: %s", t.cfg.Task.Attempt, m.Child, m.Err)
	}
	return nil
}

func (u *upload) start(env mailbox.Env) {
	for i, f := range u.frozen {
		data := f.Bytes()
		env.Work(mailbox.Serialize, len(data))
		at := len(u.state.Operators)
		u.state.Operators = append(u.state.Operators, snapshot.Operator{Operator: f.Operator})
		h := snapshot.Handle{Size: int64(len(data)), Groups: f.Groups}
		if h.Size <= u.inline {
			h.Inline = data
			u.state.Operators[at].Keyed = []snapshot.Handle{h}
			continue
		}
		h.Path = fmt.Sprintf("%s/%s-%d", u.path, u.attempt, i)
		u.open++
		u.client.Put(env, h.Path, data, func(env mailbox.Env, err error) {
			u.open--
			u.written = append(u.written, h.Path)
			if err != nil {
				u.failed = err.Error()
			}
			u.state.Operators[at].Keyed = []snapshot.Handle{h}
			if u.open == 0 && u.failed == "" && !u.ended {
				u.done(env)
			}
		})
	}
	if u.open == 0 {
		u.done(env)
	}
}

// done hands the state over. From here on the files are the task's, and soon the JobMaster's.
func (u *upload) done(env mailbox.Env) {
	env.Send(u.task, stored{Checkpoint: u.checkpoint, State: u.state})
	u.written, u.ended = nil, true
}
