package checkpoint

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Acknowledge counts a task's part. It counts for an attempt, never for a subtask: what an earlier attempt
// sends late must not complete a checkpoint of the present one.
func (c *Coordinator) Acknowledge(env mailbox.Env, m wire.AcknowledgeCheckpoint) {
	defer c.check()
	p := c.find(m.Checkpoint)
	switch {
	case p == nil:
		// Aborted: nobody will ever refer to these files. An id that was completed comes here too, when an ack
		// arrives twice; its files are in use.
		if slices.Contains(c.aborted, m.Checkpoint) {
			c.discard(env, filesOf(m.State))
		}
	case slices.Contains(p.acked, m.Attempt): // twice
	case p.phase == snapshottingSources, !p.missing[m.Attempt]: // not asked: not a part of it
		c.discard(env, filesOf(m.State))
	default:
		delete(p.missing, m.Attempt)
		p.acked = append(p.acked, m.Attempt)
		p.latestAck = env.Now()
		*p.slot(m.Attempt) = m.State
		env.Note(history.CheckpointAcked{Job: c.id, Checkpoint: p.id, Attempt: m.Attempt, Missing: len(p.missing)})
		if len(p.missing) == 0 {
			p.move(acknowledged)
			c.storeNext(env)
		}
	}
}

// Decline aborts a checkpoint with the reason that a task gives.
func (c *Coordinator) Decline(env mailbox.Env, m wire.DeclineCheckpoint) {
	defer c.check()
	p := c.find(m.Checkpoint)
	if p == nil || !slices.ContainsFunc(p.plan.Wait, func(t Target) bool { return t.Attempt == m.Attempt }) {
		return
	}
	c.abort(env, p, Reason(m.Reason), &m.Attempt)
}

// Lost aborts the checkpoints that wait for an attempt that is over.
func (c *Coordinator) Lost(env mailbox.Env, a id.Attempt) {
	for _, p := range slices.Clone(c.pending) {
		if p.missing[a] {
			c.abort(env, p, TaskFailure, nil)
		}
	}
}
