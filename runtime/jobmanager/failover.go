package jobmanager

import (
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/checkpoint"
	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// restart is a restart that is due when its backoff is over and every task that it concerns has ended.
type restart struct {
	id       int
	members  []id.Subtask
	versions []int // of the members: a newer failure of one of them owns it
	global   bool
	due      bool
}

// fail ends an execution by failure, and restarts what must restart with it.
func (j *jobMaster) fail(env mailbox.Env, e *execution, cause string) {
	if j.outcome != nil || !e.state.mayBecome(failed) {
		return
	}
	cause = fmt.Sprintf("%s: %s", e.attempt, orUnsaid(cause))
	j.move(env, e, failed, cause)
	j.taskLost(env, e)
	members := j.graph.region(e.attempt.Of())
	if j.conf.JobManager.FailoverStrategy == config.FailoverFull {
		members = j.graph.order
	}
	j.failedOver(env, e, members, false, cause)
}

// giveUp fails an execution that may be running on: it is told to end.
func (j *jobMaster) giveUp(env mailbox.Env, e *execution, cause string) {
	if e.state.deployed() {
		env.Send(e.taskManager, wire.CancelTask{Attempt: e.attempt})
	}
	j.fail(env, e, cause)
}

// FailGlobally restarts the whole job.
func (j *jobMaster) FailGlobally(env mailbox.Env, cause string) {
	if j.outcome == nil {
		j.failedOver(env, nil, j.graph.order, true, cause)
	}
}

// failedOver asks the restart strategy, cancels, and schedules the restart. e is the execution that has failed, or
// nil.
func (j *jobMaster) failedOver(env mailbox.Env, e *execution, members []id.Subtask, global bool, cause string) {
	switch j.status {
	case statusFailing, statusCancelling:
		j.taskEnded(env)
		return
	}
	// A global restart that is not done yet resets the sources' coordinators too, so whatever fails before
	// belongs to it.
	if slices.ContainsFunc(j.restarts, func(r *restart) bool { return r.global }) ||
		slices.ContainsFunc(j.launches, func(l *launch) bool { return l.global && !l.deployed }) {
		members, global = j.graph.order, true
	}
	answer := j.strategy.failure(env.Now(), env.Rand("restart.jitter"))
	j.failures.add(env.Now(), e, cause, answer.merged)
	if !answer.restart {
		j.failJob(env, cause)
		return
	}
	if !answer.merged {
		j.attempts++
	}
	r := &restart{global: global}
	j.restartID++
	r.id = j.restartID
	for _, s := range members {
		e := j.graph.tasks[s]
		e.version++
		r.members = append(r.members, s)
		r.versions = append(r.versions, e.version)
	}
	env.Note(history.RestartScheduled{Job: j.job.ID, Attempt: j.attempts, Backoff: answer.backoff.Milliseconds(), Cause: cause, Regions: vertices(members)})
	j.restarts = append(j.restarts, r)
	j.leave()
	if j.status != statusRestarting {
		j.enter(env, statusRestarting, cause)
	}
	j.checkpoint.Stop(env, checkpoint.JobFailover)
	for _, s := range members {
		j.cancel(env, j.graph.tasks[s])
	}
	env.After(answer.backoff, restartDue{r.id})
}

func vertices(members []id.Subtask) []string {
	var names []string
	for _, s := range members {
		if !slices.Contains(names, string(s.Vertex)) {
			names = append(names, string(s.Vertex))
		}
	}
	return names
}

func (j *jobMaster) restartDue(env mailbox.Env, n int) {
	for _, r := range j.restarts {
		if r.id == n {
			r.due = true
		}
	}
	j.goOn(env)
}

// goOn runs the restarts that are due and whose tasks have all ended. Tasks that a newer failure has touched
// are left to the newer restart.
func (j *jobMaster) goOn(env mailbox.Env) {
	for _, r := range slices.Clone(j.restarts) {
		var mine []id.Subtask
		ready := r.due
		for i, s := range r.members {
			if e := j.graph.tasks[s]; e.version == r.versions[i] {
				mine = append(mine, s)
				ready = ready && e.state.terminal()
			}
		}
		if !ready && len(mine) > 0 {
			continue
		}
		j.restarts = slices.DeleteFunc(j.restarts, func(o *restart) bool { return o == r })
		if len(mine) > 0 {
			j.launch(env, mine, r.global)
		}
	}
}

// failJob ends the job: its restart strategy has given up.
func (j *jobMaster) failJob(env mailbox.Env, cause string) {
	j.failure = cause
	j.end(env, statusFailing, cause)
}

func (j *jobMaster) cancelJob(env mailbox.Env) {
	switch {
	case j.outcome != nil || j.status == statusCancelling || j.status == statusFailing:
	case j.status == statusInitializing:
		j.terminate(env, statusCanceled, "")
	default:
		j.end(env, statusCancelling, "")
	}
}

// end cancels everything; the job is over when all tasks have ended.
func (j *jobMaster) end(env mailbox.Env, status, cause string) {
	j.restarts, j.launches = nil, nil
	j.enter(env, status, cause)
	j.checkpoint.Stop(env, checkpoint.Suspend)
	for _, e := range j.graph.all() {
		j.cancel(env, e)
	}
	j.taskEnded(env)
}
