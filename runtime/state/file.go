package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// A file of keyed state:
//
//	magic, version │ maxParallelism, first group, last group │ length of each group's block │ blocks │ CRC-32C
//
// A block has the values of one key group, by namespace and then by key: key length, key, namespace, and
// the two integers, all as varints. With the lengths a reader can pass over groups that are not its own.

const (
	magic   = "FLKS"
	version = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frozen is a heap at one moment.
type frozen struct {
	groups         snapshot.Groups
	maxParallelism int
	tables         []part
	size           int
}

type part struct {
	namespace int64
	pages     [][]entry
}

func (s *frozen) Size() int { return s.size + 2*s.groups.Len() + 16 }

func (s *frozen) Bytes() []byte {
	type value struct {
		namespace int64
		*entry
	}
	blocks := make([][]value, s.groups.Len())
	for _, t := range s.tables {
		for _, page := range t.pages {
			for i := range page {
				g := int(page[i].group) - s.groups.First
				blocks[g] = append(blocks[g], value{t.namespace, &page[i]})
			}
		}
	}
	body := make([]byte, 0, s.size)
	lengths := make([]int, len(blocks))
	for g, block := range blocks {
		slices.SortFunc(block, func(a, b value) int {
			return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.key, b.key))
		})
		start := len(body)
		for _, v := range block {
			body = binary.AppendUvarint(body, uint64(len(v.key)))
			body = append(body, v.key...)
			body = binary.AppendVarint(body, v.namespace)
			body = binary.AppendVarint(body, v.value[0])
			body = binary.AppendVarint(body, v.value[1])
		}
		lengths[g] = len(body) - start
	}
	file := make([]byte, 0, len(body)+4*len(blocks)+32)
	file = append(file, magic...)
	file = append(file, version)
	file = binary.AppendUvarint(file, uint64(s.maxParallelism))
	file = binary.AppendUvarint(file, uint64(s.groups.First))
	file = binary.AppendUvarint(file, uint64(s.groups.Len()))
	for _, n := range lengths {
		file = binary.AppendUvarint(file, uint64(n))
	}
	file = append(file, body...)
	return binary.BigEndian.AppendUint32(file, crc32.Checksum(file, castagnoli))
}

// decode hands to put every value of a file whose key group is in groups. Nothing is handed out before the
// checksum was found right.
func decode(file []byte, groups snapshot.Groups, maxParallelism int, put func(key []byte, namespace int64, v Value, group int)) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("read a state file of %d bytes: %s", len(file), fmt.Sprintf(format, args...))
	}
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
	for g, length := range lengths {
		group := int(first) + g
		block := reader{rest: r.bytes(length)}
		if !groups.Contains(group) {
			continue
		}
		for len(block.rest) > 0 {
			key := block.bytes(block.uvarint())
			namespace := block.varint()
			v := Value{block.varint(), block.varint()}
			if block.bad {
				return refuse("a value of key group %d is cut off", group)
			}
			if is := plan.KeyGroup(key, maxParallelism); is != group {
				return refuse("key %q is of key group %d and stands in that of %d", key, is, group)
			}
			put(key, namespace, v, group)
		}
	}
	if r.bad || len(r.rest) > 0 {
		return refuse("its blocks are not as long as its header says")
	}
	return nil
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
