package jobmanager

import (
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// registerTaskManager adds a TaskManager. One that was here already has lost its connection to us, and with
// it has ended its tasks: whatever we believe to be on it is gone.
func (j *jobMaster) registerTaskManager(env mailbox.Env, m wire.RegisterAtJobMaster) {
	at := m.TaskManager
	if len(j.pool.on(at)) > 0 {
		j.beats.forget(at)
		j.gone(env, at, fmt.Sprintf("%s has registered again: its tasks have ended", at))
	}
	j.beats.watch(env, at)
	env.Note(history.Registered{TaskManager: string(at), At: string(j.self)})
	env.Send(at, wire.RegisteredAtJobMaster{Job: j.job.ID, Token: j.token})
}

// offered takes the slots that the job needs, from a TaskManager that is registered.
func (j *jobMaster) offered(env mailbox.Env, from mailbox.Addr, m wire.OfferSlots) {
	answer := wire.SlotsAccepted{Job: j.job.ID, Token: j.token}
	for _, s := range m.Slots {
		answer.Offered = append(answer.Offered, s.Allocation)
		if j.beats.knows(m.TaskManager) && j.outcome == nil && j.pool.offer(s.Allocation, m.TaskManager) {
			answer.Accepted = append(answer.Accepted, s.Allocation)
		}
	}
	env.Send(from, answer)
	j.deployReady(env)
}

// beat asks everybody for a sign of life, and says what we believe in.
func (j *jobMaster) beat(env mailbox.Env) {
	for _, at := range j.beats.due(env) {
		if at == j.manager {
			continue // it asks us
		}
		var attempts []id.Attempt
		for _, e := range j.graph.all() {
			if e.taskManager == at && e.state.deployed() && e.submitted {
				attempts = append(attempts, e.attempt)
			}
		}
		env.Send(at, wire.HeartbeatFromJobMaster{Job: j.job.ID, Token: j.token, Allocations: j.pool.on(at), Attempts: attempts})
	}
}

// heartbeat compares what a TaskManager has with what we believe. What only it knows is cancelled; what only
// we know is over: the message that would have said so was lost.
func (j *jobMaster) heartbeat(env mailbox.Env, from mailbox.Addr, m wire.HeartbeatToJobMaster) {
	if !j.beats.knows(from) {
		return
	}
	j.beats.alive(env, from)
	for _, a := range m.Attempts {
		if e := j.graph.of(a); e == nil || !e.state.deployed() {
			env.Send(from, wire.CancelTask{Attempt: a})
		}
	}
	for _, e := range j.graph.all() {
		if e.taskManager != from || !e.submitted || !e.state.deployed() || slices.Contains(m.Attempts, e.attempt) {
			continue
		}
		if e.state == canceling {
			j.canceled(env, e)
		} else {
			j.fail(env, e, fmt.Sprintf("%s does not have %s any more", from, e.attempt))
		}
	}
}

// lost gives a peer up.
func (j *jobMaster) lost(env mailbox.Env, at mailbox.Addr, cause string) {
	if at == j.manager {
		j.registered = false
		j.register(env)
		return
	}
	env.Send(at, wire.DisconnectTaskManager{Job: j.job.ID, Token: j.token, Cause: fmt.Sprintf("the JobMaster has given %s up: %s", at, cause)})
	j.gone(env, at, fmt.Sprintf("%s is lost: %s", at, cause))
}

// gone removes a TaskManager's slots, and fails what runs in them.
func (j *jobMaster) gone(env mailbox.Env, at mailbox.Addr, cause string) {
	j.pool.drop(at)
	for _, s := range j.graph.order {
		// One failure may cancel or restart others that were there: look at each anew.
		if e := j.graph.tasks[s]; e.taskManager == at && e.state.deployed() {
			if e.state == canceling {
				j.canceled(env, e)
			} else {
				j.fail(env, e, cause)
			}
		}
	}
	if j.outcome == nil {
		j.declare(env, j.pool.needed)
	}
}
