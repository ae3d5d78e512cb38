package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/flinch-dev/flinch/runtime/record"
)

// A record batch of format 2, byte by byte:
//
//	 0 base offset   8 length of the rest   12 leader epoch   16 magic   17 crc (of all that follows)
//	21 attributes   23 last offset delta   27 base timestamp   35 max timestamp
//	43 producer id   51 epoch   53 base sequence   57 count   61 records
//
// Base offset and leader epoch are outside the crc: the leader sets them without touching the rest.
const headerSize = 61

// Attribute bits.
const (
	compression   int16 = 0x07
	transactional int16 = 0x10
	control       int16 = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is what the model reads of a batch.
type header struct {
	base       int64
	size       int // of the whole batch
	attributes int16
	lastDelta  int32
	baseTime   int64
	maxTime    int64
	pid        int64
	epoch      int16
	sequence   int32
	count      int32
}

func (h *header) transactional() bool { return h.attributes&transactional != 0 }
func (h *header) control() bool       { return h.attributes&control != 0 }

// lastSequence of a batch; sequences wrap from 2^31-1 to 0.
func (h *header) lastSequence() int32 { return (h.sequence + h.count - 1) & 0x7fffffff }

// parseHeader reads the header of the first batch in data, and checks what it announces against the bytes.
func parseHeader(data []byte) (header, error) {
	if len(data) < headerSize {
		return header{}, fmt.Errorf("read a record batch: %d bytes are less than its header", len(data))
	}
	be := binary.BigEndian
	h := header{
		base:       int64(be.Uint64(data)),
		attributes: int16(be.Uint16(data[21:])),
		lastDelta:  int32(be.Uint32(data[23:])),
		baseTime:   int64(be.Uint64(data[27:])),
		maxTime:    int64(be.Uint64(data[35:])),
		pid:        int64(be.Uint64(data[43:])),
		epoch:      int16(be.Uint16(data[51:])),
		sequence:   int32(be.Uint32(data[53:])),
		count:      int32(be.Uint32(data[57:])),
	}
	length := int32(be.Uint32(data[8:]))
	h.size = int(length) + 12
	switch {
	case length < headerSize-12 || h.size > len(data):
		return h, fmt.Errorf("read a record batch: it announces %d bytes, but %d are there", h.size, len(data))
	case data[16] != 2:
		return h, fmt.Errorf("read a record batch: format %d is not supported, send format 2", data[16])
	case h.count < 0 || h.lastDelta != h.count-1 || int(h.count) > h.size:
		return h, fmt.Errorf("read a record batch: it announces %d records up to offset delta %d", h.count, h.lastDelta)
	}
	return h, nil
}

// checksum says whether the batch that h was read from is whole.
func (h *header) checksum(data []byte) bool {
	return crc32.Checksum(data[21:h.size], castagnoli) == binary.BigEndian.Uint32(data[17:])
}

// builder encodes records into one batch. The zero builder is ready.
type builder struct {
	data     []byte
	n        int32
	baseTime int64
	maxTime  int64
}

// originKey is the header of an output record that names the source records it stands for.
const originKey = "origin"

const originSize = 4 + 8 + 8 // partition, offset, count

// add appends a record. Output records carry their origin in a header, input records have none.
func (b *builder) add(r *record.Record, origin bool) {
	if b.n == 0 {
		if b.data == nil {
			b.data = make([]byte, headerSize, 1024)
		}
		b.baseTime, b.maxTime = int64(r.Time), int64(r.Time)
	}
	b.maxTime = max(b.maxTime, int64(r.Time))
	delta := int64(r.Time) - b.baseTime
	size := 1 + varintSize(delta) + varintSize(int64(b.n)) + varintSize(int64(len(r.Key))) + len(r.Key) + 1 + 8 + 1
	if origin {
		size += 1 + len(originKey) + 1 + originSize
	}
	d := b.data
	d = binary.AppendVarint(d, int64(size))
	d = append(d, 0)
	d = binary.AppendVarint(d, delta)
	d = binary.AppendVarint(d, int64(b.n))
	d = binary.AppendVarint(d, int64(len(r.Key)))
	d = append(d, r.Key...)
	d = append(d, 8<<1)
	d = binary.BigEndian.AppendUint64(d, uint64(r.Value))
	if origin {
		d = append(d, 1<<1, byte(len(originKey))<<1)
		d = append(d, originKey...)
		d = append(d, originSize<<1)
		d = binary.BigEndian.AppendUint32(d, uint32(r.Origin.Partition))
		d = binary.BigEndian.AppendUint64(d, uint64(r.Origin.Offset))
		d = binary.BigEndian.AppendUint64(d, uint64(r.Count))
	} else {
		d = append(d, 0)
	}
	b.data = d
	b.n++
}

// seal writes the header and returns the batch, which may not change any more.
func (b *builder) seal(attributes int16, pid int64, epoch int16, sequence int32) []byte {
	d, be := b.data, binary.BigEndian
	be.PutUint64(d, 0)
	be.PutUint32(d[8:], uint32(len(d)-12))
	be.PutUint32(d[12:], 0)
	d[16] = 2
	be.PutUint16(d[21:], uint16(attributes))
	be.PutUint32(d[23:], uint32(b.n-1))
	be.PutUint64(d[27:], uint64(b.baseTime))
	be.PutUint64(d[35:], uint64(b.maxTime))
	be.PutUint64(d[43:], uint64(pid))
	be.PutUint16(d[51:], uint16(epoch))
	be.PutUint32(d[53:], uint32(sequence))
	be.PutUint32(d[57:], uint32(b.n))
	be.PutUint32(d[17:], crc32.Checksum(d[21:], castagnoli))
	return d
}

// controlBatch is the marker that ends a transaction in a partition: one record whose key says how.
func controlBatch(pid int64, epoch int16, commit bool, coordinatorEpoch int32, now int64) []byte {
	b := builder{data: make([]byte, headerSize, headerSize+20), n: 1, baseTime: now, maxTime: now}
	kind := byte(0)
	if commit {
		kind = 1
	}
	b.data = append(b.data, 15<<1, 0, 0, 0, 4<<1, 0, 0, 0, kind, 6<<1, 0, 0)
	b.data = binary.BigEndian.AppendUint32(b.data, uint32(coordinatorEpoch))
	b.data = append(b.data, 0)
	return b.seal(transactional|control, pid, epoch, -1)
}

// markerKind reads a control batch: whether it is an end marker, and whether that commits.
func markerKind(data []byte) (commit, ok bool) {
	r := recordReader{data: data[headerSize:]}
	if !r.next() || len(r.key) < 4 {
		return false, false
	}
	kind := binary.BigEndian.Uint16(r.key[2:])
	return kind == 1, kind <= 1
}

// recordReader walks the records of one batch without allocating. Key, value and origin are views.
type recordReader struct {
	data      []byte
	timeDelta int64
	delta     int64
	key       []byte
	value     []byte
	origin    []byte // nil without such a header
	err       error
}

var errRecord = errors.New("read a record: its fields do not fit into its length; the batch was damaged or made by another encoder")

// next moves to the next record and says whether there is one. After false, err says whether the bytes were good.
func (r *recordReader) next() bool {
	if len(r.data) == 0 || r.err != nil {
		return false
	}
	size, w := binary.Varint(r.data)
	if w <= 0 || size < 1 || size > int64(len(r.data)-w) {
		r.err = errRecord
		return false
	}
	d := r.data[w : w+int(size)]
	r.data = r.data[w+int(size):]
	d = d[1:] // attributes: none are defined
	var ok bool
	if r.timeDelta, d, ok = readVarint(d); ok {
		if r.delta, d, ok = readVarint(d); ok {
			if r.key, d, ok = readBytes(d); ok {
				if r.value, d, ok = readBytes(d); ok {
					ok = r.headers(d)
				}
			}
		}
	}
	if !ok {
		r.err = errRecord
	}
	return ok
}

func (r *recordReader) headers(d []byte) bool {
	r.origin = nil
	n, d, ok := readVarint(d)
	if !ok || n < 0 || n > int64(len(d)) {
		return false
	}
	for range n {
		var name, value []byte
		if name, d, ok = readBytes(d); !ok {
			return false
		}
		if value, d, ok = readBytes(d); !ok {
			return false
		}
		if string(name) == originKey && len(value) == originSize {
			r.origin = value
		}
	}
	return len(d) == 0
}

// long is the value as an int64, 0 if it is not one.
func (r *recordReader) long() int64 {
	if len(r.value) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(r.value))
}

// from is the origin header: which source record this one stands for, and for how many. Without one it is the
// zero origin and 1.
func (r *recordReader) from() (record.Origin, int64) {
	if r.origin == nil {
		return record.Origin{}, 1
	}
	be := binary.BigEndian
	return record.Origin{Partition: int32(be.Uint32(r.origin)), Offset: int64(be.Uint64(r.origin[4:]))},
		int64(be.Uint64(r.origin[12:]))
}

func readVarint(d []byte) (int64, []byte, bool) {
	v, w := binary.Varint(d)
	if w <= 0 {
		return 0, nil, false
	}
	return v, d[w:], true
}

// readBytes reads a length and that many bytes; -1 is null.
func readBytes(d []byte) (value, rest []byte, ok bool) {
	n, d, ok := readVarint(d)
	if !ok || n < -1 || n > int64(len(d)) {
		return nil, nil, false
	}
	if n == -1 {
		return nil, d, true
	}
	return d[:n:n], d[n:], true
}

func varintSize(v int64) int {
	u := uint64(v)<<1 ^ uint64(v>>63)
	n := 1
	for u >= 0x80 {
		u >>= 7
		n++
	}
	return n
}
