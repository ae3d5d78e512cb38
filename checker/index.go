package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/record"
)

// partitionsMax bounds the partitions of a topic, since they number an array.
const partitionsMax = 1 << 16

// Index finds source records by their origin. Records are numbered from 0 over all partitions, log by log,
// so what is known of each can live in an array.
type Index struct {
	logs  []InputLog
	parts []part // by partition
	Total int

	slot  []uint32 // once asked for: see slots
	slotN int
}

// indexed is the index of a run's input, made once.
func indexed(run *Run) (*Index, error) {
	if run.index == nil {
		index, err := NewIndex(run.Input)
		if err != nil {
			return nil, err
		}
		run.index = index
	}
	return run.index, nil
}

// part is one partition: where its numbers start, and how an offset becomes a position in its log.
type part struct {
	records []Input
	start   int
	first   int64
	dense   bool    // offsets have no gaps
	at      []int32 // otherwise, if the gaps are few: position+1 by offset-first, 0 in a gap
}

// NewIndex numbers the records of the input logs. The error says what is wrong with them.
func NewIndex(logs []InputLog) (*Index, error) {
	x := &Index{logs: logs}
	for _, log := range logs {
		if log.Partition < 0 || log.Partition >= partitionsMax {
			return nil, fmt.Errorf("the input has a partition %d; they go from 0 to %d", log.Partition, partitionsMax-1)
		}
		for len(x.parts) <= int(log.Partition) {
			x.parts = append(x.parts, part{})
		}
		p := &x.parts[log.Partition]
		if p.records != nil {
			return nil, fmt.Errorf("the input has partition %d twice", log.Partition)
		}
		if len(log.Records) == 0 {
			continue
		}
		*p = part{records: log.Records, start: x.Total, first: log.Records[0].Offset}
		last := p.first - 1
		for i := range log.Records {
			if log.Records[i].Offset <= last {
				return nil, fmt.Errorf("input partition %d: offset %d comes after offset %d", log.Partition, log.Records[i].Offset, last)
			}
			last = log.Records[i].Offset
		}
		n := int64(len(log.Records))
		span := last - p.first + 1
		switch {
		case span == n:
			p.dense = true
		case span > 0 && span <= 4*n+1024:
			p.at = make([]int32, span)
			for i := range log.Records {
				p.at[log.Records[i].Offset-p.first] = int32(i + 1)
			}
		}
		x.Total += len(log.Records)
	}
	return x, nil
}

// Find returns the number of the record read at an origin and the record, or -1 and nil.
func (x *Index) Find(o record.Origin) (int, *Input) {
	if o.Partition < 0 || int(o.Partition) >= len(x.parts) {
		return -1, nil
	}
	p := &x.parts[o.Partition]
	i := o.Offset - p.first
	switch {
	case i < 0:
		return -1, nil
	case p.dense:
		if i >= int64(len(p.records)) {
			return -1, nil
		}
	case p.at != nil:
		if i >= int64(len(p.at)) || p.at[i] == 0 {
			return -1, nil
		}
		i = int64(p.at[i] - 1)
	default:
		at, ok := slices.BinarySearchFunc(p.records, o.Offset, func(in Input, offset int64) int {
			return cmp.Compare(in.Offset, offset)
		})
		if !ok {
			return -1, nil
		}
		i = int64(at)
	}
	return p.start + int(i), &p.records[i]
}

// Origin is the inverse of Find.
func (x *Index) Origin(n int) record.Origin {
	for p := range x.parts {
		if part := &x.parts[p]; n >= part.start && n < part.start+len(part.records) {
			return record.Origin{Partition: int32(p), Offset: part.records[n-part.start].Offset}
		}
	}
	return record.Origin{Partition: -1, Offset: -1}
}

// slots gives every record the number of its (source partition, key), in order of appearance, and returns
// how many there are. Within a slot the records of the job must stay in order.
func (x *Index) slots() (slot []uint32, n int) {
	if x.slot != nil {
		return x.slot, x.slotN
	}
	slot = make([]uint32, x.Total)
	for p := range x.parts {
		part := &x.parts[p]
		of := map[string]uint32{}
		for i := range part.records {
			key := part.records[i].Key
			s, seen := of[key]
			if !seen {
				s = uint32(n)
				of[key] = s
				n++
			}
			slot[part.start+i] = s
		}
	}
	x.slot, x.slotN = slot, n
	return slot, n
}
