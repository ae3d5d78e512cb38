package kafka

import (
	"encoding/binary"
	"fmt"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

const headerSize = recordbatch.HeaderSize

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

func (h *header) transactional() bool { return h.attributes&recordbatch.Transactional != 0 }
func (h *header) control() bool       { return h.attributes&recordbatch.Control != 0 }

// codec is Kafka's number of the compression, 0 for none.
func (h *header) codec() int16 { return h.attributes & recordbatch.Compression }

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
		return header{}, fmt.Errorf("read a record batch: it announces %d bytes, but %d are there", h.size, len(data))
	case data[16] != 2:
		return header{}, fmt.Errorf("read a record batch: format %d is not supported, send format 2", data[16])
	case h.count < 0 || h.lastDelta != h.count-1 || h.codec() == 0 && int(h.count) > h.size:
		return header{}, fmt.Errorf("read a record batch: it announces %d records up to offset delta %d", h.count, h.lastDelta)
	}
	return h, nil
}

// checksum says whether the batch that h was read from is whole.
func (h *header) checksum(data []byte) bool {
	return recordbatch.Checksum(data[:h.size]) == binary.BigEndian.Uint32(data[17:])
}

// records returns the records that follow h, unpacked.
func (c *Cluster) records(h *header, data []byte) ([]byte, error) {
	records := data[headerSize:h.size]
	if h.codec() == 0 {
		return records, nil
	}
	return c.cfg.Decompress(h.codec(), records)
}
