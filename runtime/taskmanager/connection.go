package taskmanager

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// connection is a job that has slots here, and the JobMaster that we are, or mean to be, connected to for it.
type connection struct {
	leader    wire.Leader
	connected bool
	tries     int
	timer     uint64 // of the next try
	offer     uint64 // of an offer without an answer
	silence   uint64 // of heartbeat.timeout
}

// jobMasterChanged moves to a job's new leader: the tasks of the old one end, its slots are kept for a while
// and offered to the new one.
func (t *TaskManager) jobMasterChanged(env mailbox.Env, job id.Job, l wire.Leader) {
	c := t.jobs[job]
	if c == nil || c.leader == l && c.connected {
		return
	}
	if c.leader != l {
		t.lose(env, job, "another JobMaster leads the job")
		if c = t.jobs[job]; c == nil {
			return
		}
		c.leader = l
		c.tries = 0
	}
	t.connect(env, job, c)
}

func (t *TaskManager) connect(env mailbox.Env, job id.Job, c *connection) {
	c.timer = t.timer()
	if c.connected {
		return
	}
	env.Send(mailbox.Addr(c.leader.Addr), wire.Fenced{Token: c.leader.Token, M: wire.RegisterAtJobMaster{Job: job, TaskManager: t.self}})
	env.After(t.backoff(c.tries), retryConnection{job, c.timer})
	c.tries++
}

func (t *TaskManager) connected(env mailbox.Env, from mailbox.Addr, r wire.RegisteredAtJobMaster) {
	c := t.jobs[r.Job]
	if c == nil || c.connected || string(from) != c.leader.Addr || r.Token != c.leader.Token {
		return
	}
	c.connected, c.tries, c.timer = true, 0, 0
	t.hearJobMaster(env, r.Job, c)
	t.offer(env, r.Job, c)
}

// offer offers every slot that the job has and has not taken.
func (t *TaskManager) offer(env mailbox.Env, job id.Job, c *connection) {
	var slots []wire.Slot
	for i, s := range t.slots {
		if s.state == allocated && s.job == job {
			slots = append(slots, wire.Slot{Index: i, Job: job, Allocation: s.allocation})
		}
	}
	c.offer = 0
	if len(slots) == 0 || !c.connected {
		return
	}
	env.Send(mailbox.Addr(c.leader.Addr), wire.Fenced{Token: c.leader.Token, M: wire.OfferSlots{Job: job, TaskManager: t.self, Slots: slots}})
	c.offer = t.timer()
	env.After(t.conf.RPC.AskTimeout, retryOffer{job, c.offer})
}

// accepted takes the answer to an offer: what is not wanted is given back.
func (t *TaskManager) accepted(env mailbox.Env, a wire.SlotsAccepted) {
	c := t.jobs[a.Job]
	if c == nil || !c.connected || a.Token != c.leader.Token {
		return
	}
	c.offer = 0
	for _, allocation := range a.Offered {
		s := t.slotOf(allocation)
		switch {
		case s == nil:
		case !slices.Contains(a.Accepted, allocation):
			t.free(env, allocation, "the JobMaster has no use for it")
		case s.state == allocated:
			s.move(active)
			s.timeout = 0
		}
	}
}

func (t *TaskManager) hearJobMaster(env mailbox.Env, job id.Job, c *connection) {
	c.silence = t.timer()
	env.After(t.conf.Heartbeat.Timeout, jobMasterSilent{job, c.silence})
}

// heartbeatFromJobMaster answers with what is deployed here, and gives back slots that the JobMaster does not
// count as its own any more.
func (t *TaskManager) heartbeatFromJobMaster(env mailbox.Env, from mailbox.Addr, h wire.HeartbeatFromJobMaster) {
	c := t.jobs[h.Job]
	if c == nil || !c.connected || string(from) != c.leader.Addr || h.Token != c.leader.Token {
		return
	}
	t.hearJobMaster(env, h.Job, c)
	env.Send(from, wire.HeartbeatToJobMaster{Job: h.Job, Token: h.Token, Attempts: t.deployed(h.Job)})
	for _, s := range slices.Clone(t.slots) {
		if s.state == active && s.job == h.Job && !slices.Contains(h.Allocations, s.allocation) {
			t.free(env, s.allocation, "the JobMaster does not count it as its own")
		}
	}
}

// disconnected handles a goodbye: the other side has given us up. We start anew.
func (t *TaskManager) disconnected(env mailbox.Env, m wire.DisconnectTaskManager) {
	if m.Job == "" {
		if m.Token == t.manager.leader.Token {
			t.disconnect(env, m.Cause)
		}
		return
	}
	if c := t.jobs[m.Job]; c != nil && m.Token == c.leader.Token {
		t.lose(env, m.Job, m.Cause)
	}
}

// lose ends the connection to a JobMaster: all tasks of the job fail, its slots wait to be offered again.
func (t *TaskManager) lose(env mailbox.Env, job id.Job, cause string) {
	c := t.jobs[job]
	c.connected, c.silence, c.offer, c.tries = false, 0, 0, 0
	t.cancelAll(env, func(e *execution) bool { return e.job == job })
	for i := range t.slots {
		if s := &t.slots[i]; s.state == active && s.job == job {
			s.move(allocated)
			t.armSlot(env, i)
		}
	}
	c.timer = t.timer()
	env.After(t.backoff(0), retryConnection{job, c.timer})
}
