package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"

	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// A file of keyed state:
//
//	magic, version │ maxParallelism, first group, last group │ length of each group's block │ blocks │ CRC-32C
//
// A block has the values of one key group: key length, key, namespace, and the two integers, all as varints. They are
// in the order of namespace, then of the key's hash, then of the key; a reader does not rely on it. With the lengths it
// can pass over groups that are not its own.

const (
	magic   = "FLKS"
	version = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frozen is a heap at one moment.
type frozen struct {
	groups         snapshot.Groups
	maxParallelism int
	tables         []part // by namespace
	size           int
}

type part struct {
	namespace int64
	pages     []*page
	long      []string
}

// entries are those in pages, in order.
func entries(pages []*page) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for _, p := range pages {
			for i := range p {
				if e := &p[i]; e.size != 0 && !yield(e) {
					return
				}
			}
		}
	}
}

func (s *frozen) Size() int { return s.size + 2*s.groups.Len() + 16 }

func (s *frozen) Bytes() []byte {
	blocks := make([][]byte, s.groups.Len())
	for g := range blocks {
		blocks[g] = make([]byte, 0, s.size/len(blocks)*5/4) // keys are spread evenly, or nearly
	}
	for _, t := range s.tables {
		for e := range entries(t.pages) {
			key := e.keyOf(t.long)
			b := blocks[int(e.group)-s.groups.First]
			b = binary.AppendUvarint(b, uint64(len(key)))
			b = append(b, key...)
			b = binary.AppendVarint(b, t.namespace)
			b = binary.AppendVarint(b, e.value[0])
			b = binary.AppendVarint(b, e.value[1])
			blocks[int(e.group)-s.groups.First] = b
		}
	}
	length := 0
	for _, b := range blocks {
		length += len(b)
	}
	file := make([]byte, 0, length+4*len(blocks)+32)
	file = append(file, magic...)
	file = append(file, version)
	file = binary.AppendUvarint(file, uint64(s.maxParallelism))
	file = binary.AppendUvarint(file, uint64(s.groups.First))
	file = binary.AppendUvarint(file, uint64(s.groups.Len()))
	for _, b := range blocks {
		file = binary.AppendUvarint(file, uint64(len(b)))
	}
	for _, b := range blocks {
		file = append(file, b...)
	}
	return binary.BigEndian.AppendUint32(file, crc32.Checksum(file, castagnoli))
}

// block has the values of one key group in a file.
type block struct {
	group int
	data  []byte
}

// blocksOf returns the blocks of a file whose key groups are in groups.
func blocksOf(file []byte, groups snapshot.Groups, maxParallelism int) ([]block, error) {
	refuse := func(format string, args ...any) ([]block, error) { return nil, refusal(file, format, args...) }
	if len(file) < len(magic)+1+4 || !bytes.HasPrefix(file, []byte(magic)) {
		return refuse("it does not begin as one; is the handle's path right?")
	}
	if v := file[len(magic)]; v != version {
		return refuse("its format is version %d, and this program reads version %d", v, version)
	}
	end := len(file) - 4
	if sum, want := crc32.Checksum(file[:end], castagnoli), binary.BigEndian.Uint32(file[end:]); sum != want {
		return refuse("its checksum is %08x and should be %08x: the bytes are damaged; restore from another checkpoint", sum, want)
	}
	r := reader{rest: file[len(magic)+1 : end]}
	most, first, count := r.uvarint(), r.uvarint(), r.uvarint()
	switch {
	case r.bad || first > most || count > most-first || count > uint64(len(r.rest)):
		return refuse("its header makes no sense: key groups from %d, %d of them, of %d", first, count, most)
	case most != uint64(maxParallelism):
		return refuse("it has %d key groups in all and this job has %d; max parallelism is fixed once there is state", most, maxParallelism)
	}
	lengths := make([]uint64, count)
	for g := range lengths {
		lengths[g] = r.uvarint()
	}
	var own []block
	for g, length := range lengths {
		if b := (block{int(first) + g, r.bytes(length)}); groups.Contains(b.group) {
			own = append(own, b)
		}
	}
	if r.bad || len(r.rest) > 0 {
		return refuse("its blocks are not as long as its header says")
	}
	return own, nil
}

func refusal(file []byte, format string, args ...any) error {
	return fmt.Errorf("read a state file of %d bytes: %s", len(file), fmt.Sprintf(format, args...))
}

// each hands out the values of a block, up to one that is cut off: then it says so.
func (b block) each(f func(key []byte, namespace int64, v Value)) (whole bool) {
	r := reader{rest: b.data}
	for len(r.rest) > 0 {
		key := r.bytes(r.uvarint())
		namespace := r.varint()
		v := Value{r.varint(), r.varint()}
		if r.bad {
			return false
		}
		f(key, namespace, v)
	}
	return true
}

// reader reads from bytes until they end or make no sense; from then on it is bad and reads zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) advance(n int) {
	if n <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.advance(n)
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.advance(n)
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
