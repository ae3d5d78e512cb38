package kafka

import (
	"encoding/binary"
	"errors"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

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
	size, at := varint(r.data, 0)
	if at < 0 || size < 1 || size > int64(len(r.data)-at) {
		r.err = errRecord
		return false
	}
	end := at + int(size)
	d := r.data[:end]
	at++ // attributes: none are defined
	r.timeDelta, at = varint(d, at)
	r.delta, at = varint(d, at)
	r.key, at = field(d, at)
	r.value, at = field(d, at)
	r.origin, at = origin(d, at)
	if at != end {
		r.err = errRecord
		return false
	}
	r.data = r.data[end:]
	return true
}

// long is the value as a number.
func (r *recordReader) long() int64 { return recordbatch.Value(r.value) }

// from says which source record this one stands for, and for how many.
func (r *recordReader) from() (record.Origin, int64) { return recordbatch.Origin(r.origin) }

// The fields of a record are read one after the other, at a position in its bytes. Behind a field that does not fit
// the position is -1, and stays so.

func varint(d []byte, at int) (int64, int) {
	if uint(at) < uint(len(d)) && d[at] < 0x80 { // most are one byte
		return int64(d[at]>>1) ^ -int64(d[at]&1), at + 1
	}
	return longVarint(d, at)
}

func longVarint(d []byte, at int) (int64, int) {
	if at < 0 || at > len(d) {
		return 0, -1
	}
	if len(d)-at >= 2 && d[at+1] < 0x80 { // most of the others are two bytes
		u := uint64(d[at]&0x7f) | uint64(d[at+1])<<7
		return int64(u>>1) ^ -int64(u&1), at + 2
	}
	v, n := binary.Varint(d[at:])
	if n <= 0 {
		return 0, -1
	}
	return v, at + n
}

// field is a length and that many bytes; -1 is null.
func field(d []byte, at int) ([]byte, int) {
	if uint(at) < uint(len(d)) && d[at] < 0x80 && d[at]&1 == 0 && int(d[at]>>1) < len(d)-at { // most are short
		end := at + 1 + int(d[at]>>1)
		return d[at+1 : end : end], end
	}
	n, at := varint(d, at)
	switch {
	case at < 0 || n < -1 || n > int64(len(d)-at):
		return nil, -1
	case n == -1:
		return nil, at
	}
	end := at + int(n)
	return d[at:end:end], end
}

// origin is the one header that matters. The others have to fit, too.
func origin(d []byte, at int) (found []byte, next int) {
	const prefix = recordbatch.OriginPrefix
	if at >= 0 && len(d)-at == len(prefix)+recordbatch.OriginSize && string(d[at:at+len(prefix)]) == prefix {
		return d[at+len(prefix):], len(d) // it is the only one
	}
	n, at := varint(d, at)
	if n < 0 {
		return nil, -1
	}
	for ; n > 0 && at >= 0; n-- {
		var name, value []byte
		name, at = field(d, at)
		value, at = field(d, at)
		if string(name) == recordbatch.OriginKey && len(value) == recordbatch.OriginSize {
			found = value
		}
	}
	return found, at
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
