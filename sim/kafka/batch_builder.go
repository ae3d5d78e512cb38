package kafka

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/flinch-dev/flinch/runtime/record"
)

// builder encodes records into one batch. The zero builder is ready.
type builder struct {
	data     []byte
	n        int32
	baseTime int64
	maxTime  int64
}

// An output record names the source records that it stands for in a header. What comes before its value are the
// number of headers, its name, and how long both are; a length n is written as 2n.
const (
	originKey    = "origin"
	originSize   = 4 + 8 + 8 // partition, offset, count
	originPrefix = "\x02\x0c" + originKey + "\x28"
)

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
		size += len(originPrefix) - 1 + originSize
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
		d = append(d, originPrefix...)
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
	b := builder{data: make([]byte, headerSize, headerSize+17), n: 1, baseTime: now, maxTime: now}
	kind := byte(0)
	if commit {
		kind = 1
	}
	b.data = append(b.data, 16<<1, 0, 0, 0, 4<<1, 0, 0, 0, kind, 6<<1, 0, 0)
	b.data = binary.BigEndian.AppendUint32(b.data, uint32(coordinatorEpoch))
	b.data = append(b.data, 0)
	return b.seal(transactional|control, pid, epoch, -1)
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
