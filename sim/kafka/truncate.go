package kafka

import (
	"encoding/binary"
	"time"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// truncate cuts the log off where the log of its new leader ends. What follows from the log follows from the rest: the
// state of the producers, which transactions are open, the index of the aborted ones, the LSO. Below the high watermark
// an unclean election alone can cut: then what readers have seen is gone, and a transaction whose marker was cut off is
// open again, though its coordinator has forgotten it.
func (p *Partition) truncate(to int64, now time.Duration) {
	p.takeBack(to)
	p.batches = p.batches[:p.batchAt(to)]
	p.cutSegments()
	p.leo, p.replicated = to, min(p.replicated, to)
	for i := range p.behind {
		f := &p.behind[i]
		f.leo, f.hw, f.lso = min(f.leo, to), min(f.hw, to), min(f.lso, to)
	}
	p.hw, p.logStart = min(p.hw, to), min(p.logStart, to)
	p.producers = map[int64]*producerState{}
	p.open, p.decided, p.aborted = nil, nil, nil
	for i := range p.batches {
		p.replay(i)
	}
	p.forgetDecided()
	p.lso = min(p.lso, p.firstUnstable())
	p.stable = p.batchAt(p.lso)
	p.replicate(p.replicated, now)
}

// cutSegments drops the bytes behind the last batch. Readers may still hold them, so what comes next is written to a copy.
func (p *Partition) cutSegments() {
	if len(p.batches) == 0 {
		p.segments = nil
		return
	}
	last := &p.batches[len(p.batches)-1]
	old := p.segments[last.segment]
	fresh := make([]byte, last.end, cap(old))
	copy(fresh, old)
	p.segments = append(p.segments[:last.segment:last.segment], fresh)
}

// replay takes over what a batch of the log says about its producer.
func (p *Partition) replay(i int) {
	b := &p.batches[i]
	if b.pid < 0 {
		return
	}
	data := p.bytes(b)
	h, err := recordbatch.ParseHeader(data)
	if err != nil {
		bug("the log of %s-%d cannot be read at %d: %v", p.topic, p.index, b.base, err)
	}
	s := p.producer(b.pid, b.epoch)
	if b.control {
		s.coordinatorEpoch = int32(binary.BigEndian.Uint32(data[len(data)-5:])) // the value's last field, before the headers
		if s.open() {
			commit, _ := recordbatch.MarkerKind(data)
			p.settle(b.pid, s, b.base, commit, b.appended)
		}
		return
	}
	b.fate = s.take(p, &h, b.base, i)
}
