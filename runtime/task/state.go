package task

import "fmt"

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

func (t *Task) move(to State) {
	for _, legal := range moves[t.state] {
		if legal == to {
			t.state = to
			return
		}
	}
	panic(fmt.Sprintf("task %s: no move from %s to %s", t.cfg.Task.Attempt, t.state, to))
}
