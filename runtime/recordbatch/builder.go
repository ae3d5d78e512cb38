package recordbatch

import (
	"encoding/binary"
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
const HeaderSize = 61

// Attribute bits.
const (
	Compression   int16 = 0x07
	LogAppendTime int16 = 0x08 // all records have the time of the append, which is the batch's latest time
	Transactional int16 = 0x10
	Control       int16 = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the crc of a batch that begins with data.
func Checksum(data []byte) uint32 { return crc32.Checksum(data[21:], castagnoli) }

// Builder encodes records into one batch. The zero Builder is ready.
type Builder struct {
	Data     []byte // so far; nil, or with room for a header
	N        int32
	baseTime int64
	maxTime  int64
}

// Add appends a record. Output records carry their origin in a header, input records have none.
func (b *Builder) Add(r *record.Record, origin bool) {
	if b.N == 0 {
		if b.Data == nil {
			b.Data = make([]byte, HeaderSize, 1024)
		}
		b.baseTime, b.maxTime = int64(r.Time), int64(r.Time)
	}
	b.maxTime = max(b.maxTime, int64(r.Time))
	delta := int64(r.Time) - b.baseTime
	size := 1 + varintSize(delta) + varintSize(int64(b.N)) + varintSize(int64(len(r.Key))) + len(r.Key) + 1 + 8 + 1
	if origin {
		size += len(OriginPrefix) - 1 + OriginSize
	}
	d := b.Data
	d = binary.AppendVarint(d, int64(size))
	d = append(d, 0)
	d = binary.AppendVarint(d, delta)
	d = binary.AppendVarint(d, int64(b.N))
	d = binary.AppendVarint(d, int64(len(r.Key)))
	d = append(d, r.Key...)
	d = append(d, 8<<1)
	d = binary.BigEndian.AppendUint64(d, uint64(r.Value))
	if origin {
		d = append(d, OriginPrefix...)
		d = binary.BigEndian.AppendUint32(d, uint32(r.Origin.Partition))
		d = binary.BigEndian.AppendUint64(d, uint64(r.Origin.Offset))
		d = binary.BigEndian.AppendUint64(d, uint64(r.Count))
	} else {
		d = append(d, 0)
	}
	b.Data = d
	b.N++
}

// MaxTime is the latest time of a record, in milliseconds.
func (b *Builder) MaxTime() int64 { return b.maxTime }

// Seal writes the header and returns the batch, which may not change any more.
func (b *Builder) Seal(attributes int16, pid int64, epoch int16, sequence int32) []byte {
	d, be := b.Data, binary.BigEndian
	be.PutUint64(d, 0)
	be.PutUint32(d[8:], uint32(len(d)-12))
	be.PutUint32(d[12:], 0)
	d[16] = 2
	be.PutUint16(d[21:], uint16(attributes))
	be.PutUint32(d[23:], uint32(b.N-1))
	be.PutUint64(d[27:], uint64(b.baseTime))
	be.PutUint64(d[35:], uint64(b.maxTime))
	be.PutUint64(d[43:], uint64(pid))
	be.PutUint16(d[51:], uint16(epoch))
	be.PutUint32(d[53:], uint32(sequence))
	be.PutUint32(d[57:], uint32(b.N))
	be.PutUint32(d[17:], Checksum(d))
	return d
}

// Marker is the control batch that ends a transaction in a partition: one record whose key says how.
func Marker(pid int64, epoch int16, commit bool, coordinatorEpoch int32, now int64) []byte {
	b := Builder{Data: make([]byte, HeaderSize, HeaderSize+17), N: 1, baseTime: now, maxTime: now}
	kind := byte(0)
	if commit {
		kind = 1
	}
	b.Data = append(b.Data, 16<<1, 0, 0, 0, 4<<1, 0, 0, 0, kind, 6<<1, 0, 0)
	b.Data = binary.BigEndian.AppendUint32(b.Data, uint32(coordinatorEpoch))
	b.Data = append(b.Data, 0)
	return b.Seal(Transactional|Control, pid, epoch, -1)
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
