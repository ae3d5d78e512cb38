package taskmanager

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// slotState is where a slot is.
type slotState string

// The states of a slot. An allocated slot is promised to a job; it is active once that job's JobMaster has
// accepted it. Tasks may come before the word of acceptance does, so both take deployments.
const (
	free      slotState = ""
	allocated slotState = "allocated"
	active    slotState = "active"
)

var slotMoves = map[slotState][]slotState{
	free:      {allocated},
	allocated: {active, free},
	active:    {allocated, free},
}

type slot struct {
	state      slotState
	job        id.Job
	allocation id.Allocation
	timeout    uint64 // taskmanager.slot.timeout, while allocated
}

func (s *slot) move(to slotState) {
	for _, legal := range slotMoves[s.state] {
		if legal == to {
			s.state = to
			return
		}
	}
	panic(fmt.Sprintf("slot of job %s: no move from %q to %q", s.job, s.state, to))
}

// report is how the slots look, for the ResourceManager.
func (t *TaskManager) report() []wire.Slot {
	all := make([]wire.Slot, len(t.slots))
	for i, s := range t.slots {
		all[i] = wire.Slot{Index: i, Job: s.job, Allocation: s.allocation}
	}
	return all
}

func (t *TaskManager) slotOf(allocation id.Allocation) *slot {
	for i := range t.slots {
		if t.slots[i].state != free && t.slots[i].allocation == allocation {
			return &t.slots[i]
		}
	}
	return nil
}

// requestSlot gives a slot to a job, if the ResourceManager that we are registered with says so.
func (t *TaskManager) requestSlot(env mailbox.Env, from mailbox.Addr, r wire.RequestSlot) {
	refuse := func(why string, owner wire.Slot) {
		env.Send(from, wire.Fenced{Token: r.Token, M: wire.SlotRequested{Slot: r.Slot, Allocation: r.Allocation, Refused: why, Owner: owner}})
	}
	if !t.manager.registered || r.Token != t.manager.leader.Token {
		env.Note(history.AttemptFenced{By: string(t.self), Word: r.Word(), Token: r.Token})
		refuse("not registered with this ResourceManager", wire.Slot{})
		return
	}
	if r.Slot < 0 || r.Slot >= len(t.slots) {
		refuse(fmt.Sprintf("there are %d slots", len(t.slots)), wire.Slot{})
		return
	}
	s := &t.slots[r.Slot]
	if s.state != free && s.allocation != r.Allocation {
		refuse("the slot is taken", wire.Slot{Index: r.Slot, Job: s.job, Allocation: s.allocation})
		return
	}
	if s.state == free {
		s.move(allocated)
		s.job, s.allocation = r.Job, r.Allocation
		env.Note(history.SlotAllocated{TaskManager: string(t.self), Slot: r.Slot, Job: r.Job, Allocation: r.Allocation})
		t.armSlot(env, r.Slot)
	}
	env.Send(from, wire.Fenced{Token: r.Token, M: wire.SlotRequested{Slot: r.Slot, Allocation: r.Allocation}})
	c := t.jobs[r.Job]
	if c == nil {
		c = &connection{leader: wire.Leader{Addr: string(r.JobMaster), Token: r.JobToken}}
		t.jobs[r.Job] = c
		t.connect(env, r.Job, c)
	} else if c.connected {
		t.offer(env, r.Job, c)
	}
}

// armSlot frees a slot that nobody takes within taskmanager.slot.timeout.
func (t *TaskManager) armSlot(env mailbox.Env, i int) {
	s := &t.slots[i]
	s.timeout = t.timer()
	env.After(t.conf.TaskManager.SlotTimeout, slotTimeout{i, s.allocation, s.timeout})
}

func (t *TaskManager) slotTimeout(env mailbox.Env, m slotTimeout) {
	if s := &t.slots[m.Slot]; s.state == allocated && s.timeout == m.N {
		t.free(env, m.Allocation, "nobody has taken it within taskmanager.slot.timeout")
	}
}

// free ends an allocation, with the tasks in it.
func (t *TaskManager) free(env mailbox.Env, allocation id.Allocation, cause string) {
	s := t.slotOf(allocation)
	if s == nil {
		return
	}
	t.cancelAll(env, func(e *execution) bool { return e.allocation == allocation })
	job := s.job
	index := 0
	for i := range t.slots {
		if &t.slots[i] == s {
			index = i
		}
	}
	s.move(free)
	*s = slot{}
	env.Note(history.SlotFreed{TaskManager: string(t.self), Slot: index, Allocation: allocation, Cause: cause})
	t.tellManager(env, wire.SlotAvailable{TaskManager: t.self, Instance: t.manager.instance, Slot: index, Allocation: allocation})
	for i := range t.slots {
		if t.slots[i].state != free && t.slots[i].job == job {
			return
		}
	}
	delete(t.jobs, job) // its last slot is gone: there is nothing to say to that JobMaster any more
}
