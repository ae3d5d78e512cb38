package jobmanager

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/checkpoint"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// move takes an execution to a state.
func (j *jobMaster) move(env mailbox.Env, e *execution, to executionState, cause string) {
	if !e.state.mayBecome(to) {
		panic(fmt.Sprintf("job %s: %s cannot move from %s to %s", j.job.ID, e.attempt, e.state, to))
	}
	e.state = to
	if e.since == nil {
		e.since = map[executionState]int64{}
	}
	e.since[to] = env.Now().UnixMilli()
	env.Note(history.ExecutionState{Job: j.job.ID, Attempt: e.attempt, State: string(to), TaskManager: e.taskManager.Process(), Cause: cause})
}

// submitted handles the answer to a deployment.
func (j *jobMaster) submitted(env mailbox.Env, m wire.TaskSubmitted) {
	e := j.graph.of(m.Attempt)
	switch {
	case e == nil:
		j.stale(env, m, m.Attempt)
	case m.Refused == "":
		e.submitted = true
	case e.state == deploying:
		// The slot is not ours, whatever we believe: without this the next attempt would be refused as well.
		j.pool.remove(e.allocation)
		env.Send(e.taskManager, wire.FreeSlot{Allocation: e.allocation, Cause: "a deployment to it was refused"})
		j.declare(env, j.pool.needed)
		j.fail(env, e, fmt.Sprintf("deploy %s to %s: refused, %s", e.attempt, e.taskManager, m.Refused))
	}
}

// stale notes a message about an attempt that is not the present one. It changes nothing.
func (j *jobMaster) stale(env mailbox.Env, m mailbox.Msg, a id.Attempt) {
	env.Note(history.AttemptFenced{By: string(j.self), Word: m.Word(), Attempt: a, Token: j.token})
}

// changed handles a task's word on its state. What is not a legal move came too late.
func (j *jobMaster) changed(env mailbox.Env, m wire.TaskStateChanged) {
	e := j.graph.of(m.Attempt)
	if e == nil {
		j.stale(env, m, m.Attempt)
		return
	}
	to := executionState(m.State)
	e.submitted = true // a word from the task itself is as good as the answer to its deployment
	switch {
	case e.state == canceling && (to == canceled || to == failed || to == finished):
		j.canceled(env, e)
	case !e.state.mayBecome(to):
	case to == failed:
		j.fail(env, e, m.Cause)
	case to == canceled:
		j.fail(env, e, fmt.Sprintf("%s was cancelled by %s: %s", e.attempt, e.taskManager, orUnsaid(m.Cause)))
	case to == finished:
		j.move(env, e, finished, "")
		j.taskLost(env, e)
		j.launched(env)
		j.taskEnded(env)
	default:
		j.move(env, e, to, "")
		j.launched(env)
	}
}

func orUnsaid(cause string) string {
	if cause == "" {
		return "it did not say why"
	}
	return cause
}

// cancel ends an execution. One that no TaskManager has is over at once.
func (j *jobMaster) cancel(env mailbox.Env, e *execution) {
	switch {
	case e.state.terminal() || e.state == canceling:
	case !e.state.deployed():
		j.move(env, e, canceled, "")
	case !j.beats.knows(e.taskManager):
		j.move(env, e, canceled, "its TaskManager is lost")
		j.taskLost(env, e)
	default:
		j.move(env, e, canceling, "")
		j.taskLost(env, e)
		j.sendCancel(env, e)
	}
}

func (j *jobMaster) sendCancel(env mailbox.Env, e *execution) {
	env.Send(e.taskManager, wire.CancelTask{Attempt: e.attempt})
	env.After(j.recancel(), cancelOverdue{e.attempt})
}

func (j *jobMaster) canceled(env mailbox.Env, e *execution) {
	j.move(env, e, canceled, "")
	j.taskEnded(env)
}

// taskLost tells those who wait for an attempt that nothing more will come of it.
func (j *jobMaster) taskLost(env mailbox.Env, e *execution) {
	for _, s := range j.sources {
		s.lost(e.attempt)
	}
	j.checkpoint.Lost(env, e.attempt)
}

// taskEnded sees whether a restart can go on, or the job is over.
func (j *jobMaster) taskEnded(env mailbox.Env) {
	ended := j.graph.every(func(e *execution) bool { return e.state.terminal() })
	switch {
	case j.outcome != nil:
	case j.status == statusFailing && ended:
		j.terminate(env, statusFailed, j.failure)
	case j.status == statusCancelling && ended:
		j.terminate(env, statusCanceled, "")
	case j.status == statusRunning && j.graph.every(func(e *execution) bool { return e.state == finished }):
		j.terminate(env, statusFinished, "")
	default:
		j.goOn(env)
	}
}

func (j *jobMaster) endOfData(env mailbox.Env, a id.Attempt) {
	e := j.graph.of(a)
	if e == nil || e.endOfData {
		return
	}
	e.endOfData = true
	// The last checkpoint is asked for as soon as no task has anything left to read.
	if j.graph.every(func(e *execution) bool { return e.state == finished || e.state == running && e.endOfData }) {
		j.checkpoint.TriggerFinal(env)
	}
}

// Plan says who takes part in a checkpoint now. The triggers go to the running tasks that have no running
// producer; barriers reach the others.
func (j *jobMaster) Plan() (checkpoint.Plan, string) {
	var p checkpoint.Plan
	for _, v := range j.job.Vertices {
		sv := snapshot.Vertex{Vertex: v.ID, Parallelism: v.Parallelism, Subtasks: make([]snapshot.Task, v.Parallelism), Finished: make([]bool, v.Parallelism)}
		for i := range v.Parallelism {
			s := id.Subtask{Vertex: v.ID, Index: i}
			e := j.graph.tasks[s]
			switch e.state {
			case finished:
				if !j.conf.Checkpointing.AfterTasksFinish {
					return p, fmt.Sprintf("%s has finished, and execution.checkpointing.checkpoints-after-tasks-finish is false", e.attempt)
				}
				sv.Finished[i] = true
			case running:
				t := checkpoint.Target{Attempt: e.attempt, TaskManager: e.taskManager}
				p.Wait = append(p.Wait, t)
				if !j.hasRunningProducer(s) {
					p.Trigger = append(p.Trigger, t)
				}
			default:
				return p, fmt.Sprintf("NOT_ALL_REQUIRED_TASKS_RUNNING: %s is %s", e.attempt, e.state)
			}
		}
		p.Vertices = append(p.Vertices, sv)
	}
	if len(p.Wait) == 0 {
		return p, "every task has finished"
	}
	return p, ""
}

func (j *jobMaster) hasRunningProducer(s id.Subtask) bool {
	for _, edge := range j.job.Inputs(s.Vertex) {
		for _, p := range producers(j.job, edge, s.Index) {
			if j.graph.tasks[p].state == running {
				return true
			}
		}
	}
	return false
}

// Deployed are the present attempts that a TaskManager has, and that are not being cancelled.
func (j *jobMaster) Deployed() []checkpoint.Target {
	var all []checkpoint.Target
	for _, e := range j.graph.all() {
		if e.state == initializing || e.state == running {
			all = append(all, checkpoint.Target{Attempt: e.attempt, TaskManager: e.taskManager})
		}
	}
	return all
}

// Running says whether an attempt is the present one, and RUNNING.
func (j *jobMaster) Running(a id.Attempt) bool {
	e := j.graph.of(a)
	return e != nil && e.state == running
}
