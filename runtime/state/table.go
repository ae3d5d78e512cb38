package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// table is a hash table that only grows, with open addressing, in the order of hash and then of key: an entry stands
// where its hash says, or as soon after as there is room. So whoever reads it from one end to the other has its
// entries sorted, and a file of it needs no sorting. To find a key takes one place in memory, seldom two.
//
//	hash 0                                                             hash max
//	  [· a · b c · ·][· · d e f · g][· · · · · · ·] ... [· y · · · z ·][· ·]
//	   page, epoch 3  page, epoch 4                                     room for what is pushed over the end
//
// Pages are shared with snapshots until one of the two would see the other's writes: a page that is older than the
// table's epoch is copied before it is written to.
type table struct {
	namespace int64
	pages     []*page
	epochs    []uint32 // when each page was last copied or begun
	epoch     uint32   // grows with every snapshot
	shift     uint     // a hash without its lowest so many bits is a place
	long      []string // keys that have no room in their entries
	n         int
	bytes     int // about how long the table is in a file
}

// A page is small, since the first write after a snapshot copies it whole.
type page [pageSize]entry

const (
	pageBits = 6
	pageSize = 1 << pageBits
)

// entry is one line of the processor's cache, and has no pointer: the collector of garbage does not look at it.
type entry struct {
	value Value
	hash  uint32
	group uint16
	size  uint8 // 0: there is none; isLong: the key is in table.long, at the number that is here; else its length plus 1
	key   [shortKey]byte
}

const (
	shortKey = 41
	isLong   = shortKey + 2
)

func newTable(namespace int64) *table {
	t := &table{namespace: namespace}
	t.makeRoom(pageBits)
	return t
}

// makeRoom gives the table 2^width places and a page behind them. They are empty.
func (t *table) makeRoom(width uint) {
	t.shift = 32 - width
	n := 1<<(width-pageBits) + 1
	t.pages, t.epochs = make([]*page, 0, n), make([]uint32, 0, n)
	for range n {
		t.addPage()
	}
}

func (t *table) addPage() {
	t.pages, t.epochs = append(t.pages, new(page)), append(t.epochs, t.epoch)
}

// at returns an entry to be read; writable one that may be changed.
func (t *table) at(i int) *entry { return &t.pages[i>>pageBits][i&(pageSize-1)] }

func (t *table) writable(i int) *entry {
	p := i >> pageBits
	if t.epochs[p] != t.epoch {
		t.pages[p], t.epochs[p] = (*page)(slices.Clone(t.pages[p][:])), t.epoch // memory that is not cleared first
	}
	return &t.pages[p][i&(pageSize-1)]
}

// find returns the place of a key's entry, or else the place where it belongs.
func (t *table) find(key []byte, hash uint32) (i int, found bool) {
	for i = int(hash >> t.shift); ; i++ {
		e := t.at(i)
		if e.size == 0 || e.hash > hash {
			return i, false
		}
		if e.hash == hash {
			if order := t.compare(e, key); order >= 0 {
				return i, order == 0
			}
		}
	}
}

// compare compares the key of an entry with another.
func (t *table) compare(e *entry, key []byte) int {
	switch e.size {
	case isLong:
		return cmp.Compare(t.long[e.number()], string(key))
	default:
		return bytes.Compare(e.key[:e.size-1], key)
	}
}

// number is where a long key is.
func (e *entry) number() uint32 { return binary.LittleEndian.Uint32(e.key[:]) }

// keyOf returns the key of an entry of a table or of a snapshot of it.
func (e *entry) keyOf(long []string) []byte {
	if e.size == isLong {
		return []byte(long[e.number()])
	}
	return e.key[:e.size-1]
}

// insert puts a key in the place where find has found that it belongs.
func (t *table) insert(i int, key []byte, hash uint32, group int, v Value) {
	e := entry{value: v, hash: hash, group: uint16(group)}
	if len(key) <= shortKey {
		e.size = uint8(len(key) + 1)
		copy(e.key[:], key)
	} else {
		e.size = isLong
		binary.LittleEndian.PutUint32(e.key[:], uint32(len(t.long)))
		t.long = append(t.long, string(key))
	}
	t.push(i, e)
	t.n++
	t.bytes += len(key) + 12
	if 4*t.n > 3<<(32-t.shift) {
		t.grow(33 - t.shift)
	}
}

// push puts an entry in a place, and what is there behind it, up to the first place that is free. The last place of
// all always is.
func (t *table) push(i int, e entry) {
	for e.size != 0 {
		w := t.writable(i)
		e, *w = *w, e
		i++
	}
	if i == len(t.pages)<<pageBits {
		t.addPage()
	}
}

// reserve makes room for n more entries. Who adds them in the order of hash needs it: in a table that grew with them
// they would crowd at its beginning.
func (t *table) reserve(n int) {
	if width := uint(bits.Len(uint(4 * (t.n + n) / 3))); width > 32-t.shift {
		t.grow(width)
	}
}

// grow spreads the entries over 2^width places, in the order in which they are.
func (t *table) grow(width uint) {
	old := t.pages
	t.makeRoom(width)
	next := 0
	for _, page := range old {
		for i := range page {
			if e := &page[i]; e.size != 0 {
				next = max(next, int(e.hash>>t.shift))
				t.push(next, *e)
				next++
			}
		}
	}
}

// hashKey spreads keys over the table. It has nothing to do with key groups, but orders the entries of a file.
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
