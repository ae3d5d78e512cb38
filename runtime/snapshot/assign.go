package snapshot

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
)

// GroupsOf returns the key groups that a subtask owns. With more subtasks than key groups some own none:
// their range has First > Last.
func GroupsOf(subtask, maxParallelism, parallelism int) Groups {
	return Groups{
		First: (subtask*maxParallelism + parallelism - 1) / parallelism,
		Last:  ((subtask+1)*maxParallelism - 1) / parallelism,
	}
}

// Overlaps says whether two ranges have a key group in common.
func (r Groups) Overlaps(o Groups) bool { return max(r.First, o.First) <= min(r.Last, o.Last) }

// Len is the number of key groups in the range.
func (r Groups) Len() int { return max(r.Last-r.First+1, 0) }

// Assign deals a vertex's state out to parallelism subtasks, and returns what each of them restores.
//
// At the parallelism of the snapshot everyone gets its own back; only union lists are shared out anew, and a
// broadcast list that somebody lacks. At another one, keyed handles go to everyone whose key groups they
// touch (the reader drops the others), and lists are dealt out by their Mode.
//
// maxParallelism is that of the snapshot. The caller must have refused a parallelism above it.
func Assign(v Vertex, maxParallelism, parallelism int) []Task {
	tasks := make([]Task, parallelism)
	for _, op := range operators(v) {
		old := make([]Operator, len(v.Subtasks))
		for i, t := range v.Subtasks {
			old[i] = t.Of(op)
		}
		dealt := make([]Operator, parallelism)
		for i := range dealt {
			dealt[i].Operator = op
		}
		same := len(v.Subtasks) == parallelism
		if same {
			for i, o := range old {
				dealt[i].Keyed = o.Keyed
			}
		} else {
			assignKeyed(dealt, old, maxParallelism)
		}
		assignLists(dealt, old, same)
		for i := range tasks {
			tasks[i].Operators = append(tasks[i].Operators, dealt[i])
		}
	}
	return tasks
}

// operators returns the operators of a vertex in chain order. A subtask that had finished may have none.
func operators(v Vertex) []id.Operator {
	var ops []id.Operator
	for _, t := range v.Subtasks {
		for _, o := range t.Operators {
			if !slices.Contains(ops, o.Operator) {
				ops = append(ops, o.Operator)
			}
		}
	}
	return ops
}

func assignKeyed(dealt, old []Operator, maxParallelism int) {
	for i := range dealt {
		own := GroupsOf(i, maxParallelism, len(dealt))
		for _, o := range old {
			for _, h := range o.Keyed {
				if h.Groups.Overlaps(own) {
					dealt[i].Keyed = append(dealt[i].Keyed, h)
				}
			}
		}
	}
}

// assignLists deals out the operator lists. Order is that of the old subtasks, and within one that of its
// lists. Where the extra elements of one split list end, the next list begins, so that many short lists do
// not all fall to the first subtasks.
func assignLists(dealt, old []Operator, same bool) {
	start := 0
	for _, l := range lists(old) {
		switch {
		case l.Mode == Split && !same:
			start = deal(dealt, List{l.Name, l.Mode, concat(old, l.Name)}, start)
		case l.Mode == Union:
			all := List{l.Name, l.Mode, concat(old, l.Name)}
			for i := range dealt {
				dealt[i].Lists = append(dealt[i].Lists, all)
			}
		default: // a broadcast list, or everyone's own
			for i := range dealt {
				own, there := l, true
				if same {
					own, there = find(old[i], l.Name)
				}
				if !there && l.Mode == Broadcast {
					own, there = l, true
				}
				if there {
					dealt[i].Lists = append(dealt[i].Lists, own)
				}
			}
		}
	}
}

// deal hands out a split list in contiguous blocks, from subtask start on. It returns the first subtask
// that got no extra element.
func deal(dealt []Operator, l List, start int) int {
	n := len(dealt)
	base, extra := len(l.Items)/n, len(l.Items)%n
	at := 0
	for k := range n {
		size := base
		if k < extra {
			size++
		}
		to := &dealt[(start+k)%n]
		to.Lists = append(to.Lists, List{l.Name, l.Mode, l.Items[at : at+size : at+size]})
		at += size
	}
	return (start + extra) % n
}

// lists returns the first copy of each named list.
func lists(old []Operator) []List {
	var all []List
	for _, o := range old {
		for _, l := range o.Lists {
			if !slices.ContainsFunc(all, func(other List) bool { return other.Name == l.Name }) {
				all = append(all, l)
			}
		}
	}
	return all
}

func concat(old []Operator, name string) [][]byte {
	var items [][]byte
	for _, o := range old {
		l, _ := find(o, name)
		items = append(items, l.Items...)
	}
	return items
}

func find(o Operator, name string) (List, bool) {
	for _, l := range o.Lists {
		if l.Name == name {
			return l, true
		}
	}
	return List{}, false
}
