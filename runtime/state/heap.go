package state

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// heap keeps values in memory, in one table per namespace: expiring a namespace drops its table, and no
// table ever has to delete a single entry.
type heap struct {
	groups         snapshot.Groups
	maxParallelism int
	tables         map[int64]*table
	last           *table // the one used last: most records go where the one before went
	n              int
	expired        []entry // scratch
}

// NewHeap opens an empty backend in memory for a range of key groups.
func NewHeap(groups snapshot.Groups, maxParallelism int) Backend {
	return &heap{groups: groups, maxParallelism: maxParallelism, tables: map[int64]*table{}}
}

func (h *heap) table(namespace int64) *table {
	if h.last != nil && h.last.namespace == namespace {
		return h.last
	}
	t := h.tables[namespace]
	if t == nil {
		t = newTable(namespace)
		h.tables[namespace] = t
	}
	h.last = t
	return t
}

func (h *heap) Add(key []byte, namespace int64, delta Value) Value {
	t := h.table(namespace)
	hash := hashKey(key)
	i, found := t.find(key, hash)
	if !found {
		group := plan.KeyGroup(key, h.maxParallelism)
		if !h.groups.Contains(group) {
			panic(fmt.Sprintf("state: key %q is of key group %d, but this subtask owns %d to %d: its record was sent to the wrong one",
				key, group, h.groups.First, h.groups.Last))
		}
		t.insert(entry{key: string(key), value: delta, hash: hash, group: uint16(group)})
		h.n++
		return delta
	}
	v := &t.writable(i).value
	v[0] += delta[0]
	v[1] += delta[1]
	return *v
}

func (h *heap) Expire(until int64, f func(key []byte, namespace int64, v Value)) {
	var due []int64
	for namespace := range h.tables { // in any order: sorted below
		if 0 < namespace && namespace <= until {
			due = append(due, namespace)
		}
	}
	slices.Sort(due)
	var key []byte
	for _, namespace := range due {
		all := h.expired[:0]
		for _, page := range h.tables[namespace].pages {
			all = append(all, page...)
		}
		slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
		h.expired = all
		delete(h.tables, namespace)
		h.last = nil
		h.n -= len(all)
		for _, e := range all {
			key = append(key[:0], e.key...)
			f(key, namespace, e.value)
		}
		clear(all) // or the scratch would keep the keys alive
	}
}

func (h *heap) Len() int { return h.n }

// Freeze takes the pages of every table as they are. What is written from now on copies its page first.
func (h *heap) Freeze() Snapshot {
	s := &frozen{groups: h.groups, maxParallelism: h.maxParallelism}
	for namespace, t := range h.tables { // in any order: Bytes sorts
		s.tables = append(s.tables, part{namespace, slices.Clone(t.pages)})
		s.size += t.bytes
		t.epoch++
	}
	return s
}

func (h *heap) Restore(file []byte) error {
	return decode(file, h.groups, h.maxParallelism, func(key []byte, namespace int64, v Value, group int) {
		t := h.table(namespace)
		hash := hashKey(key)
		if i, found := t.find(key, hash); found {
			t.writable(i).value = v
			return
		}
		t.insert(entry{key: string(key), value: v, hash: hash, group: uint16(group)})
		h.n++
	})
}
