package jobmanager

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// slotPool has the slots that TaskManagers have given to the job. All vertices share slots, as is Flink's
// default: slot group k holds subtask k of every vertex, so the job needs as many slots as its widest vertex
// has subtasks.
type slotPool struct {
	needed int
	slots  []pooledSlot // in the order of their coming
}

type pooledSlot struct {
	allocation  id.Allocation
	taskManager mailbox.Addr
	group       int // -1: free
}

func newSlotPool(job *plan.Job) *slotPool {
	p := &slotPool{}
	for _, v := range job.Vertices {
		p.needed = max(p.needed, v.Parallelism)
	}
	return p
}

// offer says whether a slot is taken. It can be repeated.
func (p *slotPool) offer(a id.Allocation, from mailbox.Addr) bool {
	for _, s := range p.slots {
		if s.allocation == a {
			return s.taskManager == from
		}
	}
	if len(p.slots) >= p.needed {
		return false
	}
	p.slots = append(p.slots, pooledSlot{a, from, -1})
	return true
}

// of returns the slot of a group, or nil.
func (p *slotPool) of(group int) *pooledSlot {
	for i := range p.slots {
		if p.slots[i].group == group {
			return &p.slots[i]
		}
	}
	return nil
}

// assign finds slots for all of the groups, or for none. A group keeps the slot that it has.
func (p *slotPool) assign(groups []int) bool {
	var free []*pooledSlot
	for i := range p.slots {
		if p.slots[i].group < 0 {
			free = append(free, &p.slots[i])
		}
	}
	var without []int
	for _, g := range groups {
		if p.of(g) == nil {
			without = append(without, g)
		}
	}
	if len(without) > len(free) {
		return false
	}
	for i, g := range without {
		free[i].group = g
	}
	return true
}

// drop removes the slots of a TaskManager.
func (p *slotPool) drop(taskManager mailbox.Addr) {
	p.slots = slices.DeleteFunc(p.slots, func(s pooledSlot) bool { return s.taskManager == taskManager })
}

// remove removes one slot.
func (p *slotPool) remove(a id.Allocation) {
	p.slots = slices.DeleteFunc(p.slots, func(s pooledSlot) bool { return s.allocation == a })
}

// on lists the allocations on a TaskManager.
func (p *slotPool) on(taskManager mailbox.Addr) []id.Allocation {
	var all []id.Allocation
	for _, s := range p.slots {
		if s.taskManager == taskManager {
			all = append(all, s.allocation)
		}
	}
	return all
}
