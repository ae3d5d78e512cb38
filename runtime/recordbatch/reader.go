package recordbatch

import (
	"encoding/binary"
	"errors"

	"github.com/flinch-dev/flinch/runtime/record"
)

// Reader walks the records of one batch without allocating. Key, value and origin are views.
type Reader struct {
	Data      []byte // what is still to be read, unpacked
	TimeDelta int64  // ms; see Header.TimeOf
	Delta     int64  // of the offset, to Header.Base
	Key       []byte
	Value     []byte
	Origin    []byte // nil without such a header
	Err       error
}

var errRecord = errors.New("read a record: its fields do not fit into its length; the batch was damaged or made by another encoder")

// Next moves to the next record and says whether there is one. After false, Err says whether the bytes were good.
func (r *Reader) Next() bool {
	if len(r.Data) == 0 || r.Err != nil {
		return false
	}
	size, at := varint(r.Data, 0)
	if at < 0 || size < 1 || size > int64(len(r.Data)-at) {
		r.Err = errRecord
		return false
	}
	end := at + int(size)
	d := r.Data[:end]
	at++ // attributes: none are defined
	r.TimeDelta, at = varint(d, at)
	r.Delta, at = varint(d, at)
	r.Key, at = field(d, at)
	r.Value, at = field(d, at)
	r.Origin, at = originOf(d, at)
	if at != end {
		r.Err = errRecord
		return false
	}
	r.Data = r.Data[end:]
	return true
}

// Long is the value as a number.
func (r *Reader) Long() int64 { return Value(r.Value) }

// From says which source record this one stands for, and for how many.
func (r *Reader) From() (record.Origin, int64) { return Origin(r.Origin) }

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

// originOf finds the one header that matters. The others have to fit, too.
func originOf(d []byte, at int) (found []byte, next int) {
	const prefix = OriginPrefix
	if at >= 0 && len(d)-at == len(prefix)+OriginSize && string(d[at:at+len(prefix)]) == prefix {
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
		if string(name) == OriginKey && len(value) == OriginSize {
			found = value
		}
	}
	return found, at
}

// MarkerKind reads a control batch: whether it is an end marker, and whether that commits.
func MarkerKind(data []byte) (commit, ok bool) {
	r := Reader{Data: data[HeaderSize:]}
	if !r.Next() || len(r.Key) < 4 {
		return false, false
	}
	kind := binary.BigEndian.Uint16(r.Key[2:])
	return kind == 1, kind <= 1
}
