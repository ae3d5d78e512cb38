package state

import (
	"bytes"
	"fmt"
	"maps"
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
	expired        []keyed        // scratch
	hashes         [rowMax]uint32 // scratch
	fetched        uint32         // means nothing: it is there so that fetching is not left out
}

// rowMax is how many entries are fetched at once: they have to stay near until it is their turn.
const rowMax = 128

// keyed is a value with its key.
type keyed struct {
	key   []byte
	value Value
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

// Memory is far away, and a processor waits for many places in it as long as for one, if nothing that it does in
// between needs one of them. So all entries of a row are fetched first, and then changed.
func (h *heap) Add(row []Change) {
	for len(row) > 0 {
		some := row[:min(len(row), len(h.hashes))]
		row = row[len(some):]
		for i := range some {
			h.hashes[i] = hashKey(some[i].Key)
		}
		for i := range some {
			t := h.table(some[i].Namespace)
			at := int(h.hashes[i] >> t.shift)
			h.fetched += t.at(at).hash + t.at(at+1).hash // most keys are in one of the two
		}
		for i := range some {
			h.add(&some[i], h.hashes[i])
		}
	}
}

func (h *heap) add(c *Change, hash uint32) {
	t := h.table(c.Namespace)
	i, found := t.find(c.Key, hash)
	if !found {
		group := plan.KeyGroup(c.Key, h.maxParallelism)
		if !h.groups.Contains(group) {
			panic(fmt.Sprintf("state: key %q is of key group %d, but this subtask owns %d to %d: its record was sent to the wrong one",
				c.Key, group, h.groups.First, h.groups.Last))
		}
		t.insert(i, c.Key, hash, group, c.Value)
		h.n++
		return
	}
	v := &t.writable(i).value
	v[0] += c.Value[0]
	v[1] += c.Value[1]
	c.Value = *v
}

func (h *heap) Expire(until int64, f func(key []byte, namespace int64, v Value)) {
	var due []int64
	for namespace := range h.tables { // in any order: sorted below
		if 0 < namespace && namespace <= until {
			due = append(due, namespace)
		}
	}
	slices.Sort(due)
	for _, namespace := range due {
		t := h.tables[namespace]
		all := h.expired[:0]
		for e := range entries(t.pages) {
			all = append(all, keyed{e.keyOf(t.long), e.value})
		}
		slices.SortFunc(all, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
		h.expired = all
		delete(h.tables, namespace)
		h.last = nil
		h.n -= len(all)
		for _, e := range all {
			f(e.key, namespace, e.value)
		}
		clear(all) // or the scratch would keep the pages alive
	}
}

func (h *heap) Len() int { return h.n }

// Freeze takes the pages of every table as they are. What is written from now on copies its page first.
func (h *heap) Freeze() Snapshot {
	s := &frozen{groups: h.groups, maxParallelism: h.maxParallelism}
	for _, namespace := range slices.Sorted(maps.Keys(h.tables)) {
		t := h.tables[namespace]
		s.tables = append(s.tables, part{namespace, slices.Clone(t.pages), t.long})
		s.size += t.bytes
		t.epoch++
	}
	return s
}

// Restore looks at a file twice: whether every value is where it belongs and how many there are of each namespace, and
// then at the values.
func (h *heap) Restore(file []byte) error {
	blocks, err := blocksOf(file, h.groups, h.maxParallelism)
	if err != nil {
		return err
	}
	values := map[int64]int{}
	for _, b := range blocks {
		whole := b.each(func(key []byte, namespace int64, _ Value) {
			values[namespace]++
			if is := plan.KeyGroup(key, h.maxParallelism); is != b.group && err == nil {
				err = refusal(file, "key %q is of key group %d and stands in that of %d", key, is, b.group)
			}
		})
		if !whole {
			err = refusal(file, "a value of key group %d is cut off", b.group)
		}
		if err != nil {
			return err
		}
	}
	for namespace, n := range values { // in any order: each has a table of its own
		h.table(namespace).reserve(n)
	}
	for _, b := range blocks {
		b.each(func(key []byte, namespace int64, v Value) { h.put(key, namespace, v, b.group) })
	}
	return nil
}

func (h *heap) put(key []byte, namespace int64, v Value, group int) {
	t := h.table(namespace)
	hash := hashKey(key)
	i, found := t.find(key, hash)
	if found {
		t.writable(i).value = v
		return
	}
	t.insert(i, key, hash, group, v)
	h.n++
}
