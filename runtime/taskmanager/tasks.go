package taskmanager

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/task"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// execution is one task that runs here.
type execution struct {
	attempt    id.Attempt
	addr       mailbox.Addr
	job        id.Job
	jobName    string
	name       string // of the vertex
	allocation id.Allocation
	jobMaster  mailbox.Addr // that deployed it
	token      id.Token
}

// submit deploys a task, if it comes from the JobMaster of a slot of ours.
func (t *TaskManager) submit(env mailbox.Env, from mailbox.Addr, m wire.SubmitTask) {
	d := m.Task
	answer := func(refused string) {
		if refused != "" {
			env.Note(history.AttemptFenced{By: string(t.self), Word: m.Word(), Attempt: d.Attempt, Token: m.Token})
		}
		env.Send(from, wire.Fenced{Token: m.Token, M: wire.TaskSubmitted{Attempt: d.Attempt, Refused: refused}})
	}
	c, s := t.jobs[d.Job], t.slotOf(d.Allocation)
	switch {
	case c == nil || !c.connected || c.leader.Token != m.Token:
		answer("not connected to this JobMaster for the job")
	case s == nil || s.job != d.Job:
		answer(fmt.Sprintf("no slot here has allocation %s for the job", d.Allocation))
	case t.tasks[d.Attempt] != nil:
		answer("") // deployed before: the answer was lost
	default:
		e := &execution{attempt: d.Attempt, addr: wire.TaskAddr(t.self, d.Attempt), job: d.Job, jobName: d.JobName,
			name: plan.ChainName(d.Chain), allocation: d.Allocation, jobMaster: from, token: m.Token}
		t.tasks[d.Attempt] = e
		env.Spawn("task-"+d.Attempt.String(), task.New(task.Config{Task: d, JobMaster: from, Token: m.Token, TaskManager: t.self,
			Kafka: t.cfg.Kafka, ObjectStore: t.cfg.ObjectStore}))
		answer("")
	}
}

// cancel ends a task. One that is not here is as good as cancelled, and the JobMaster must hear so.
func (t *TaskManager) cancel(env mailbox.Env, from mailbox.Addr, a id.Attempt) {
	if e := t.tasks[a]; e != nil {
		env.Send(e.addr, wire.CancelTask{Attempt: a})
		return
	}
	for _, job := range t.jobIDs() {
		if c := t.jobs[job]; c.leader.Addr == string(from) {
			env.Send(from, wire.Fenced{Token: c.leader.Token, M: wire.TaskStateChanged{Job: job, Attempt: a, State: string(task.Canceled)}})
		}
	}
}

// cancelAll ends all tasks that a condition holds for. Nobody is told: whoever deployed them is gone, or
// has said so.
func (t *TaskManager) cancelAll(env mailbox.Env, which func(*execution) bool) {
	for _, e := range t.sorted() {
		if which(e) {
			env.Send(e.addr, wire.CancelTask{Attempt: e.attempt})
		}
	}
}

// triggerCheckpoint passes a trigger on. An attempt that is not here refuses.
func (t *TaskManager) triggerCheckpoint(env mailbox.Env, from mailbox.Addr, m wire.TriggerCheckpoint) {
	if t.tasks[m.Attempt] == nil {
		if c := t.jobs[m.Job]; c != nil {
			env.Send(from, wire.Fenced{Token: c.leader.Token, M: wire.TriggerRefused{Job: m.Job, Attempt: m.Attempt,
				Checkpoint: m.Checkpoint, Cause: "the attempt is not on " + string(t.self)}})
		}
		return
	}
	t.forward(env, m.Attempt, m)
}

// forward passes a message to a task. The attempt is the capability: for an unknown one, nothing happens.
func (t *TaskManager) forward(env mailbox.Env, a id.Attempt, m mailbox.Msg) {
	e := t.tasks[a]
	if e == nil {
		env.Note(history.AttemptFenced{By: string(t.self), Word: m.Word(), Attempt: a})
		return
	}
	env.Send(e.addr, m)
}

// ended forgets a task, and whatever it was still asking of Kafka: its successor works under the same names.
func (t *TaskManager) ended(env mailbox.Env, a id.Attempt) {
	delete(t.tasks, a)
	env.Send(t.cfg.Kafka, wire.KafkaClose{Asker: wire.TaskAddr(t.self, a)})
}

// exited handles a task that ended without a word: it has failed, and the JobMaster must know why.
func (t *TaskManager) exited(env mailbox.Env, m mailbox.Exited) {
	for _, e := range t.sorted() {
		if e.addr == m.Child {
			t.ended(env, e.attempt)
			env.Send(e.jobMaster, wire.Fenced{Token: e.token, M: wire.TaskStateChanged{Job: e.job, Attempt: e.attempt,
				State: string(task.Failed), Cause: m.Err}})
		}
	}
}

// deployed lists the attempts of a job, sorted.
func (t *TaskManager) deployed(job id.Job) []id.Attempt {
	var all []id.Attempt
	for _, e := range t.sorted() {
		if e.job == job {
			all = append(all, e.attempt)
		}
	}
	return all
}

// listed lists the tasks of all jobs, sorted.
func (t *TaskManager) listed() []wire.TaskOfJob {
	var all []wire.TaskOfJob
	for _, e := range t.sorted() {
		all = append(all, wire.TaskOfJob{Job: e.job, JobName: e.jobName, Name: e.name, Attempt: e.attempt})
	}
	return all
}

func (t *TaskManager) sorted() []*execution {
	return slices.SortedFunc(maps.Values(t.tasks), func(a, b *execution) int { return cmp.Compare(a.addr, b.addr) })
}

func (t *TaskManager) jobIDs() []id.Job { return slices.Sorted(maps.Keys(t.jobs)) }
