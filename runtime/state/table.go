package state

import (
	"encoding/binary"
	"math/bits"
)

// table is a hash table that only grows, with open addressing. Its entries are in pages, so that a snapshot
// shares them with the table until one of the two would see the other's writes:
//
//	slots: hash, place ──▶ pages: [entry entry ...] [entry ...]
//	                              epoch 3            epoch 4     (table's: 4; the first page is copied
//	                                                              before it is written to)
type table struct {
	namespace int64
	slots     []uint64 // the upper half is the hash, the lower half the entry's number plus 1; 0 is free
	pages     [][]entry
	epochs    []uint32 // when each page was last copied or begun
	epoch     uint32   // grows with every snapshot
	n         int
	bytes     int // about how long the table is in a file
}

type entry struct {
	key   string
	value Value
	hash  uint32
	group uint16
}

// A page is small, since the first write after a snapshot copies it whole.
const pageSize = 64

func newTable(namespace int64) *table { return &table{namespace: namespace, slots: make([]uint64, 16)} }

// find returns the number of a key's entry.
func (t *table) find(key []byte, hash uint32) (int, bool) {
	mask := uint32(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			return 0, false
		}
		if uint32(s>>32) == hash {
			i := int(uint32(s)) - 1
			if t.pages[i/pageSize][i%pageSize].key == string(key) {
				return i, true
			}
		}
	}
}

// insert adds an entry whose key is not there.
func (t *table) insert(e entry) {
	if 4*(t.n+1) > 3*len(t.slots) {
		t.grow()
	}
	if t.n%pageSize == 0 {
		t.pages = append(t.pages, nil)
		t.epochs = append(t.epochs, t.epoch)
	}
	// Appending needs no copy of a page that a snapshot has: the snapshot's part of it is not touched.
	last := &t.pages[len(t.pages)-1]
	*last = append(*last, e)
	t.place(e.hash, t.n)
	t.n++
	t.bytes += len(e.key) + 12
}

func (t *table) place(hash uint32, i int) {
	mask := uint32(len(t.slots) - 1)
	at := hash & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = uint64(hash)<<32 | uint64(i+1)
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	for _, s := range old {
		if s != 0 {
			t.place(uint32(s>>32), int(uint32(s))-1)
		}
	}
}

// writable returns an entry that may be changed.
func (t *table) writable(i int) *entry {
	p := i / pageSize
	if t.epochs[p] != t.epoch {
		page := make([]entry, len(t.pages[p]), pageSize)
		copy(page, t.pages[p])
		t.pages[p], t.epochs[p] = page, t.epoch
	}
	return &t.pages[p][i%pageSize]
}

// hashKey spreads keys over slots. It has nothing to do with key groups and never leaves the process.
func hashKey(key []byte) uint32 {
	const odd = 0x9e3779b97f4a7c15
	h := uint64(len(key)) * odd
	for len(key) >= 8 {
		h = (bits.RotateLeft64(h, 23) ^ binary.LittleEndian.Uint64(key)) * odd
		key = key[8:]
	}
	var rest uint64
	for i, b := range key {
		rest |= uint64(b) << (8 * i)
	}
	h = (bits.RotateLeft64(h, 23) ^ rest) * odd
	return uint32((h ^ h>>29) * 0xbf58476d1ce4e5b9 >> 32)
}
