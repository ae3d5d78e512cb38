package checker

import (
	"cmp"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// keyGroupsOwnedOnce (S2): among the live attempts of a vertex in one execution graph no key group has two
// owners, and when a restore is complete none is without one. An attempt lives until the JobMaster has seen
// it end or has deployed a newer one of the same subtask; those of a former leader are not counted.
func keyGroupsOwnedOnce(run *Run) Result {
	type vertex struct {
		graph id.Token
		id    id.Vertex
	}
	type claim struct {
		entry history.Entry
		history.KeyGroupsOwned
	}
	live := map[vertex]map[int]claim{} // by subtask: the newest attempt's claim
	ended := map[id.Attempt]bool{}
	var order []vertex
	looked := 0
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.ExecutionState:
			switch ev.State {
			case "CANCELED", "FAILED", "FINISHED":
				ended[ev.Attempt] = true
				v := vertex{ev.Attempt.Graph, ev.Attempt.Vertex}
				if c, ok := live[v][ev.Attempt.Subtask]; ok && c.Attempt == ev.Attempt {
					delete(live[v], ev.Attempt.Subtask)
				}
			}
		case history.KeyGroupsOwned:
			looked++
			if ended[ev.Attempt] || ev.First > ev.Last {
				continue // noted on its way out, or a subtask beyond the key groups: it owns nothing
			}
			v := vertex{ev.Attempt.Graph, ev.Attempt.Vertex}
			if live[v] == nil {
				live[v] = map[int]claim{}
				order = append(order, v)
			}
			subtasks := live[v]
			for _, other := range subtasks {
				if other.Attempt.Subtask == ev.Attempt.Subtask || other.Last < ev.First || ev.Last < other.First {
					continue
				}
				return brokenAt("owned-twice", tidy([]history.Entry{other.entry, e}), "key groups %d to %d of %s belong to %s and to %s",
					max(ev.First, other.First), min(ev.Last, other.Last), ev.Attempt.Vertex, other.Attempt, ev.Attempt)
			}
			if old, ok := subtasks[ev.Attempt.Subtask]; !ok || old.Attempt.Number <= ev.Attempt.Number {
				subtasks[ev.Attempt.Subtask] = claim{e, ev}
			}
		case history.RestoreCompleted:
			if len(order) == 0 {
				continue
			}
			// The graph that has just been restored is the one of the newest claim.
			newest := order[len(order)-1].graph
			for _, v := range order {
				if v.graph != newest {
					continue
				}
				var claims []claim
				for _, c := range live[v] {
					claims = append(claims, c)
				}
				slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(a.First, b.First) })
				next := 0
				for _, c := range claims {
					if c.First != next {
						return brokenAt("owned-by-nobody", []history.Entry{c.entry, e}, "key groups %d to %d of %s have no owner after the restore", next, c.First-1, v.id)
					}
					next = c.Last + 1
				}
			}
		}
	}
	return holds(looked, "%d claims of key groups, none overlapping", looked)
}

// slotOwnedOnce (H6): a slot serves one allocation at a time, and an allocation has one slot. What a process
// held is free when it ends.
func slotOwnedOnce(run *Run) Result {
	type slot struct {
		process string
		index   int
	}
	owner := map[slot]history.Entry{}
	home := map[id.Allocation]slot{}
	allocation := func(e history.Entry) id.Allocation { return e.Event.(history.SlotAllocated).Allocation }
	looked := 0
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.ProcessStopped:
			for s, by := range owner {
				if s.process == ev.Name {
					delete(home, allocation(by))
					delete(owner, s)
				}
			}
		case history.SlotFreed:
			s := slot{e.Process, ev.Slot}
			if by, ok := owner[s]; ok && (ev.Allocation == "" || allocation(by) == ev.Allocation) {
				delete(home, allocation(by))
				delete(owner, s)
			}
		case history.SlotAllocated:
			looked++
			s := slot{e.Process, ev.Slot}
			if by, ok := owner[s]; ok && allocation(by) != ev.Allocation {
				return brokenAt("owned-twice", []history.Entry{by, e}, "slot %d of %s was given to allocation %s while allocation %s had it", ev.Slot, e.Process, ev.Allocation, allocation(by))
			}
			if other, ok := home[ev.Allocation]; ok && other != s {
				return brokenAt("owned-twice", tidy([]history.Entry{owner[other], e}), "allocation %s has slot %d of %s and slot %d of %s", ev.Allocation, other.index, other.process, ev.Slot, e.Process)
			}
			owner[s], home[ev.Allocation] = e, s
		}
	}
	return holds(looked, "%d slots allocated, none twice at a time", looked)
}
