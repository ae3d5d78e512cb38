package kafka

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// input is what whoever feeds a partition from outside of the protocol has yet to see replicated.
//
//	AppendInput ──▶ unsent ── a leader ──▶ unacked ── the high watermark ──▶ safe
//	                  ▲                       │
//	                  └── cut off by an election
type input struct {
	unsent  []record.Record // it finds no leader
	unacked []unacked       // by offset
}

// unacked are records that are in the log and above the high watermark.
type unacked struct {
	base    int64
	records []record.Record
}

// AppendInput appends records as an idempotent producer with acks=all would, and wakes who waits for them. They wait while
// nobody leads the partition, and are sent again if their leader dies before they are replicated: what is lost of the input
// is never the feeder's fault.
func (p *Partition) AppendInput(now time.Duration, records ...record.Record) {
	in := &p.input
	if !p.cluster.takes(p.leader) {
		in.unsent = append(in.unsent, records...)
		return
	}
	if len(in.unsent) > 0 {
		records = append(in.unsent, records...)
		in.unsent = nil
	}
	if len(records) == 0 {
		return
	}
	var b recordbatch.Builder
	for i := range records {
		b.Add(&records[i], false)
	}
	data := b.Seal(0, -1, -1, -1)
	h := recordbatch.Header{Size: len(data), LastDelta: b.N - 1, MaxTime: b.MaxTime(), ProducerID: -1, Epoch: -1}
	base := p.write(data, &h, Committed, now).base
	p.replicate(p.leo, now)
	if len(in.unacked) > 0 {
		in.unacked = slices.DeleteFunc(in.unacked, func(u unacked) bool { return u.base < p.hw })
	}
	if p.hw < p.leo {
		in.unacked = append(in.unacked, unacked{base, slices.Clone(records)})
	}
	p.rouse(p.leader)
}

// takeBack has input sent again that an election cuts off, unless it was acknowledged: then it is lost, as any other.
func (p *Partition) takeBack(from int64) {
	var again []record.Record
	for _, u := range p.input.unacked {
		if u.base >= max(from, p.hw) {
			again = append(again, u.records...)
		}
	}
	p.input.unacked = slices.DeleteFunc(p.input.unacked, func(u unacked) bool { return u.base >= from })
	p.input.unsent = append(again, p.input.unsent...)
}
