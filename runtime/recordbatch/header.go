package recordbatch

import (
	"encoding/binary"
	"fmt"
)

// Header is what is read of a batch, but for its leader epoch.
type Header struct {
	Base       int64 // offset
	Size       int   // of the whole batch
	Attributes int16
	LastDelta  int32
	BaseTime   int64 // ms since 1970, and so is MaxTime
	MaxTime    int64
	ProducerID int64
	Epoch      int16
	Sequence   int32
	Count      int32
}

// Transactional says whether the batch is part of a transaction.
func (h *Header) Transactional() bool { return h.Attributes&Transactional != 0 }
func (h *Header) Control() bool       { return h.Attributes&Control != 0 }

// Codec is Kafka's number of the compression, 0 for none.
func (h *Header) Codec() int16 { return h.Attributes & Compression }

// LastSequence of a batch; sequences wrap from 2^31-1 to 0.
func (h *Header) LastSequence() int32 { return (h.Sequence + h.Count - 1) & 0x7fffffff }

// ParseHeader reads the header of the first batch in data, and checks what it announces against the bytes.
func ParseHeader(data []byte) (Header, error) {
	if len(data) < HeaderSize {
		return Header{}, fmt.Errorf("read a record batch: %d bytes are less than its header", len(data))
	}
	be := binary.BigEndian
	h := Header{
		Base:       int64(be.Uint64(data)),
		Attributes: int16(be.Uint16(data[21:])),
		LastDelta:  int32(be.Uint32(data[23:])),
		BaseTime:   int64(be.Uint64(data[27:])),
		MaxTime:    int64(be.Uint64(data[35:])),
		ProducerID: int64(be.Uint64(data[43:])),
		Epoch:      int16(be.Uint16(data[51:])),
		Sequence:   int32(be.Uint32(data[53:])),
		Count:      int32(be.Uint32(data[57:])),
	}
	length := int32(be.Uint32(data[8:]))
	h.Size = int(length) + 12
	switch {
	case length < HeaderSize-12 || h.Size > len(data):
		return Header{}, fmt.Errorf("read a record batch: it announces %d bytes, but %d are there", h.Size, len(data))
	case data[16] != 2:
		return Header{}, fmt.Errorf("read a record batch: format %d is not supported, send format 2", data[16])
	case h.Count < 0 || h.LastDelta != h.Count-1 || h.Codec() == 0 && int(h.Count) > h.Size:
		return Header{}, fmt.Errorf("read a record batch: it announces %d records up to offset delta %d", h.Count, h.LastDelta)
	}
	return h, nil
}

// Intact says whether the batch that h was read from is whole.
func (h *Header) Intact(data []byte) bool {
	return Checksum(data[:h.Size]) == binary.BigEndian.Uint32(data[17:])
}

// TimeOf is the time of a record by its delta: that of the append, if the batch has it.
func (h *Header) TimeOf(delta int64) int64 {
	if h.Attributes&LogAppendTime != 0 {
		return h.MaxTime
	}
	return h.BaseTime + delta
}

// Stamp gives a copy of a batch the time of its append.
func (h *Header) Stamp(data []byte, wall int64) []byte {
	data = append([]byte(nil), data...)
	h.Attributes |= LogAppendTime
	h.MaxTime = wall
	binary.BigEndian.PutUint16(data[21:], uint16(h.Attributes))
	binary.BigEndian.PutUint64(data[35:], uint64(wall))
	binary.BigEndian.PutUint32(data[17:], Checksum(data[:h.Size]))
	return data
}
