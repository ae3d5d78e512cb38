package recordbatch

import (
	"encoding/binary"

	"github.com/flinch-dev/flinch/runtime/record"
)

// AddRaw appends a record whose key and value are bytes of somebody else's making. A nil value is null: a tombstone.
func (b *Builder) AddRaw(key, value []byte, at record.EventTime) {
	if b.N == 0 {
		if b.Data == nil {
			b.Data = make([]byte, HeaderSize, 512)
		}
		b.baseTime, b.maxTime = int64(at), int64(at)
	}
	b.maxTime = max(b.maxTime, int64(at))
	body := []byte{0} // attributes
	body = binary.AppendVarint(body, int64(at)-b.baseTime)
	body = binary.AppendVarint(body, int64(b.N))
	body = binary.AppendVarint(body, int64(len(key)))
	body = append(body, key...)
	if value == nil {
		body = binary.AppendVarint(body, -1)
	} else {
		body = binary.AppendVarint(body, int64(len(value)))
		body = append(body, value...)
	}
	body = append(body, 0) // no headers
	b.Data = binary.AppendVarint(b.Data, int64(len(body)))
	b.Data = append(b.Data, body...)
	b.N++
}
