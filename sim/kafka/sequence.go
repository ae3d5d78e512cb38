package kafka

import (
	"math"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// noSequence is that of batches which a broker makes itself: they come in order, and once.
const noSequence int32 = -1

// producerState is what a partition knows of one producer id. All of it follows from the log.
type producerState struct {
	epoch            int16
	coordinatorEpoch int32
	window           []kept // the last batches, oldest first
	txnFirst         int64  // the first offset of the open transaction, -1 without one
	txnBatches       []int  // and its batches
}

// kept is a batch that a retransmit is recognised by.
type kept struct {
	first, last int32
	base        int64
}

func (s *producerState) open() bool { return s.txnFirst >= 0 }

// appendData applies the rules for a client's batch and appends it. The answer is the base offset: of the
// earlier copy, if the batch is a retransmit.
func (p *Partition) appendData(data []byte, h *recordbatch.Header, g *guard, now time.Duration) (int64, int16) {
	if h.ProducerID < 0 {
		return p.write(data, h, Committed, now).base, protocol.None
	}
	s := p.producers[h.ProducerID]
	if s != nil && s.epoch == h.Epoch && h.Sequence != noSequence {
		for _, k := range s.window {
			if k.first == h.Sequence && k.last == h.LastSequence() {
				return k.base, protocol.None
			}
		}
	}
	opened := s != nil && s.open() && s.epoch == h.Epoch
	switch {
	case s != nil && h.Epoch < s.epoch:
		return -1, protocol.InvalidProducerEpoch
	case h.Transactional() && !opened && g == nil:
		return -1, protocol.InvalidTxnState
	case !p.inSequence(s, h, g):
		return -1, protocol.OutOfOrderSequenceNumber
	case !h.Transactional() && s != nil && s.open():
		return -1, protocol.InvalidTxnState
	}
	if s != nil && s.epoch != h.Epoch && s.open() {
		p.cluster.violate("one-transaction", "%s-%d: data of producer %d epoch %d while its transaction of epoch %d is open",
			p.topic, p.index, h.ProducerID, h.Epoch, s.epoch)
	}
	s = p.producer(h.ProducerID, h.Epoch)
	if h.Transactional() && !s.open() && !(g != nil && g.unasked) { // else nobody has promised anything (KAFKA-14402)
		p.cluster.checkOpen(p, h)
	}
	fate := s.take(p, h, p.leo, len(p.batches))
	return p.write(data, h, fate, now).base, protocol.None
}

// producer is the state of a producer, which is new if there was none. Of former epochs no batch counts.
func (p *Partition) producer(pid int64, epoch int16) *producerState {
	s := p.producers[pid]
	if s == nil {
		s = &producerState{epoch: epoch, coordinatorEpoch: -1, txnFirst: -1}
		p.producers[pid] = s
	}
	if s.epoch != epoch {
		s.epoch, s.window = epoch, s.window[:0]
	}
	return s
}

// take remembers a batch of data, the i-th of the log, and says what becomes of it.
func (s *producerState) take(p *Partition, h *recordbatch.Header, base int64, i int) Fate {
	fate := Committed
	if h.Transactional() {
		fate = Open
		if !s.open() {
			s.txnFirst = base
			p.open = append(p.open, openTxn{pid: h.ProducerID, first: base})
		}
		s.txnBatches = append(s.txnBatches, i)
	}
	if h.Sequence == noSequence {
		return fate
	}
	if len(s.window) == protocol.WindowMax {
		copy(s.window, s.window[1:])
		s.window = s.window[:protocol.WindowMax-1]
	}
	s.window = append(s.window, kept{h.Sequence, h.LastSequence(), base})
	return fate
}

// inSequence says whether a batch that is no retransmit is the one that comes next.
func (p *Partition) inSequence(s *producerState, h *recordbatch.Header, g *guard) bool {
	if h.Sequence == noSequence {
		return true
	}
	if g != nil && h.Sequence > g.lowest {
		return false // a lower one was refused while the coordinator was asked; it must come first
	}
	switch {
	case s == nil:
		fromZero := p.leo == 0 || g != nil && g.tv2
		return h.Sequence == 0 || !fromZero
	case s.epoch != h.Epoch:
		return h.Sequence == 0
	case len(s.window) == 0:
		return h.Sequence == 0
	}
	last := s.window[len(s.window)-1].last
	return h.Sequence == last+1 || last == math.MaxInt32 && h.Sequence == 0
}

// appendMarker ends the open transaction of a producer, if there is one, and takes over the marker's epoch.
func (p *Partition) appendMarker(pid int64, epoch int16, commit bool, coordinatorEpoch int32, strict bool, wall int64, now time.Duration) int16 {
	s := p.producers[pid]
	if s != nil {
		stale := epoch < s.epoch
		if strict { // under TV2 a marker carries the next epoch; an equal one is a resend
			resend := !s.open() && !p.cluster.reproduces(Kafka19999)
			stale = epoch < s.epoch || epoch == s.epoch && !resend && epoch != math.MaxInt16
		}
		switch {
		case stale:
			return protocol.InvalidProducerEpoch
		case coordinatorEpoch < s.coordinatorEpoch:
			return protocol.CoordinatorFenced
		}
	} else {
		s = &producerState{epoch: epoch, txnFirst: -1}
		p.producers[pid] = s
	}
	s.coordinatorEpoch = coordinatorEpoch
	if epoch != s.epoch {
		s.epoch, s.window = epoch, s.window[:0]
	}
	marker := p.leo
	if s.open() {
		p.settle(pid, s, marker, commit, now)
	}
	fate := Aborted
	if commit {
		fate = Committed
	}
	data := recordbatch.Marker(pid, epoch, commit, coordinatorEpoch, wall)
	p.write(data, &recordbatch.Header{Size: len(data), Attributes: recordbatch.Transactional | recordbatch.Control, MaxTime: wall,
		ProducerID: pid, Epoch: epoch}, fate, now)
	return protocol.None
}

// settle gives every batch of a transaction its fate.
func (p *Partition) settle(pid int64, s *producerState, marker int64, commit bool, now time.Duration) {
	fate := Aborted
	if commit {
		fate = Committed
	} else {
		p.aborted = append(p.aborted, abortedTxn{pid, s.txnFirst, marker})
	}
	for _, i := range s.txnBatches {
		b := &p.batches[i]
		if b.fate != Open {
			p.cluster.violate("decided-once", "%s-%d: the batch at %d is decided twice", p.topic, p.index, b.base)
		}
		b.fate, b.decided = fate, now
	}
	p.open = slices.DeleteFunc(p.open, func(t openTxn) bool { return t.pid == pid })
	p.decided = append(p.decided, openTxn{pid: pid, first: s.txnFirst, marker: marker})
	s.txnFirst, s.txnBatches = -1, s.txnBatches[:0]
}
