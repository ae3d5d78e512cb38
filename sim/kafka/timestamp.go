package kafka

import (
	"encoding/binary"
	"math"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// timely says whether the records of a batch are neither too old nor too far in the future for their topic.
func (c *topicConfig) timely(h *recordbatch.Header, records []byte, wall int64) bool {
	if c.appendTime {
		return true
	}
	if c.after < math.MaxInt64 && h.MaxTime-wall > c.after {
		return false
	}
	if c.before == math.MaxInt64 {
		return true
	}
	for r := (recordbatch.Reader{Data: records}); r.Next(); {
		if wall-h.TimeOf(r.TimeDelta) > c.before {
			return false
		}
	}
	return true
}

// offsetFor is the first offset whose record is not older than a timestamp, below end; -1 if there is none.
func (p *Partition) offsetFor(timestamp, end int64) (offset, at int64) {
	for i := p.batchAt(p.logStart); i < len(p.batches) && p.batches[i].last < end; i++ {
		if p.batches[i].maxTime < timestamp {
			continue
		}
		if offset, at = p.firstSince(&p.batches[i], timestamp); offset >= 0 {
			return offset, at
		}
	}
	return -1, -1
}

// newest is the first offset of a record that has the latest time of all, if that is below end; else -1.
func (p *Partition) newest(end int64) (offset, at int64) {
	found := -1
	for i := p.batchAt(p.logStart); i < len(p.batches); i++ {
		if found < 0 || p.batches[i].maxTime > p.batches[found].maxTime {
			found = i
		}
	}
	if found < 0 || p.batches[found].last >= end {
		return -1, -1
	}
	return p.firstSince(&p.batches[found], p.batches[found].maxTime)
}

// firstSince is the first record of a batch that is not older than a timestamp, -1 without one. Markers count, too.
func (p *Partition) firstSince(b *batch, timestamp int64) (offset, at int64) {
	data := p.bytes(b)
	h, err := recordbatch.ParseHeader(data)
	if err != nil {
		return -1, -1
	}
	records, err := p.cluster.records(&h, data)
	if err != nil {
		return -1, -1
	}
	for r := (recordbatch.Reader{Data: records}); r.Next(); {
		if t := h.TimeOf(r.TimeDelta); t >= timestamp && b.base+r.Delta >= p.logStart {
			return b.base + r.Delta, t
		}
	}
	return -1, -1
}

// epochAt is the leader epoch in which an offset was appended; at the end of the log that of its leader.
func (p *Partition) epochAt(offset int64) int32 {
	i := p.batchAt(offset)
	if i == len(p.batches) {
		return p.leaderEpoch
	}
	return int32(binary.BigEndian.Uint32(p.bytes(&p.batches[i])[12:]))
}
