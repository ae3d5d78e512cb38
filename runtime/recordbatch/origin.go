package recordbatch

import (
	"encoding/binary"

	"github.com/flinch-dev/flinch/runtime/record"
)

// An output record names the source records that it stands for in a header. What comes before its value are the
// number of headers, its name, and how long both are; a length n is written as 2n.
const (
	OriginKey    = "origin"
	OriginSize   = 4 + 8 + 8 // partition, offset, count
	OriginPrefix = "\x02\x0c" + OriginKey + "\x28"
)

// Origin reads an origin header: which source record this one stands for, and for how many. Without one it is the
// zero origin and 1.
func Origin(header []byte) (record.Origin, int64) {
	if len(header) != OriginSize {
		return record.Origin{}, 1
	}
	be := binary.BigEndian
	return record.Origin{Partition: int32(be.Uint32(header)), Offset: int64(be.Uint64(header[4:]))},
		int64(be.Uint64(header[12:]))
}

// Value is a record's value as a number, 0 if it is none: topics may have been written by other programs.
func Value(value []byte) int64 {
	if len(value) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(value))
}
