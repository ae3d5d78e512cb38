package task

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// State is where an execution is, as Flink names it, from the task's side.
type State string

// The states of a task.
const (
	Deploying    State = "DEPLOYING"
	Initializing State = "INITIALIZING" // state is being loaded, what is owed is being committed
	Running      State = "RUNNING"
	Finished     State = "FINISHED"
	Canceled     State = "CANCELED"
	Failed       State = "FAILED"
)

var moves = map[State][]State{
	Deploying:    {Initializing, Canceled, Failed},
	Initializing: {Running, Canceled, Failed},
	Running:      {Finished, Canceled, Failed},
}

// enter moves to a state and says so: to the JobMaster, on the same way as everything else that it hears from
// this task, so that the order is kept; and to the TaskManager, when it is the end.
func (t *Task) enter(env mailbox.Env, to State) {
	t.move(to)
	t.tell(env, wire.TaskStateChanged{Job: t.cfg.Task.Job, Attempt: t.cfg.Task.Attempt, State: string(to)})
	if len(moves[to]) == 0 {
		env.Send(t.cfg.TaskManager, Ended{t.cfg.Task.Attempt, to})
	}
}

// sayAgain repeats the states that the task has been through: the connection that broke may have lost the word of
// them. What the JobMaster has heard before is no legal move, and does nothing.
func (t *Task) sayAgain(env mailbox.Env) {
	for _, s := range []State{Initializing, Running} {
		if t.state == Running || t.state == s {
			t.tell(env, wire.TaskStateChanged{Job: t.cfg.Task.Job, Attempt: t.cfg.Task.Attempt, State: string(s), Again: true})
		}
	}
}

func (t *Task) move(to State) {
	for _, legal := range moves[t.state] {
		if legal == to {
			t.state = to
			return
		}
	}
	panic(fmt.Sprintf("task %s: no move from %s to %s", t.cfg.Task.Attempt, t.state, to))
}
