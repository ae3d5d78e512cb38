package kafka

import (
	"encoding/binary"
	"slices"
	"sort"
	"time"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// Partition is one log, with the producer state that follows from it.
//
//	LSO ≤ high watermark ≤ log end, log start ≤ high watermark
//
// Deleting records can move the log start past the LSO: that stays where the open transaction begins.
// Batches lie one after the other in segments that are never moved, so that a fetch is a slice of one.
type Partition struct {
	replicaSet
	cluster     *Cluster
	topic       string
	index       int32
	config      *topicConfig
	leaderEpoch int32

	segments [][]byte
	batches  []batch
	logStart int64

	producers map[int64]*producerState
	open      []openTxn    // by first offset
	decided   []openTxn    // the marker is at or above the high watermark
	aborted   []abortedTxn // in marker order
	stable    int          // the first batch not below the LSO
	waiting   bool         // the leader has fetches or answers that wait for more, or a follower fetches
	followed  []int32      // the brokers of such followers
	fetched   int64        // from where it was read last
	input     input
}

// Fate is what became of a record.
type Fate uint8

// The fates.
const (
	Committed Fate = iota
	Aborted
	Open
)

// batch is the index entry of one batch.
type batch struct {
	base, last       int64
	maxTime          int64
	segment, at, end int32
	control          bool
	fate             Fate
	epoch            int16
	pid              int64
	appended         time.Duration
	decided          time.Duration
	visible          time.Duration // -1: not yet
}

type openTxn struct {
	pid    int64
	first  int64
	marker int64 // of a decided one
}

// abortedTxn is an entry of the aborted index.
type abortedTxn struct{ pid, first, last int64 }

// Segments grow with the log, up to a size.
const (
	segmentLeast = 1 << 14
	segmentMost  = 1 << 20
)

// write copies a batch to the end of the log and gives it offsets.
func (p *Partition) write(data []byte, h *recordbatch.Header, fate Fate, now time.Duration) *batch {
	n := len(p.segments)
	if n == 0 || cap(p.segments[n-1])-len(p.segments[n-1]) < h.Size {
		size := segmentMost
		if n < 6 {
			size = segmentLeast << n
		}
		if h.Size > segmentMost/4 {
			size = h.Size // else what is left behind it would be too little for the next
		}
		p.segments = append(p.segments, make([]byte, 0, max(size, h.Size)))
		n++
	}
	s := p.segments[n-1]
	at := len(s)
	s = append(s, data[:h.Size]...)
	p.segments[n-1] = s
	binary.BigEndian.PutUint64(s[at:], uint64(p.leo))
	binary.BigEndian.PutUint32(s[at+12:], uint32(p.leaderEpoch))
	p.batches = append(p.batches, batch{base: p.leo, last: p.leo + int64(h.LastDelta), maxTime: h.MaxTime,
		segment: int32(n - 1), at: int32(at), end: int32(len(s)), control: h.Control(), fate: fate,
		epoch: h.Epoch, pid: h.ProducerID, appended: now, decided: now, visible: -1})
	p.leo += int64(h.LastDelta) + 1
	p.cluster.spills(&p.replicaSet)
	return &p.batches[len(p.batches)-1]
}

func (p *Partition) bytes(b *batch) []byte { return p.segments[b.segment][b.at:b.end:b.end] }

// replicate gives the followers that keep up the log up to an offset. The high watermark goes to where all replicas in
// sync are, unless these are too few, and the LSO after it.
func (p *Partition) replicate(to int64, now time.Duration) {
	p.replicated = max(p.replicated, to)
	if end := p.common(); end > p.hw && !p.underMinISR() {
		p.hw = end
		p.forgetDecided()
	}
	p.stabilize(now)
}

// forgetDecided drops the transactions whose markers are below the high watermark.
func (p *Partition) forgetDecided() {
	p.decided = slices.DeleteFunc(p.decided, func(t openTxn) bool { return t.marker < p.hw })
}

// underMinISR says whether fewer replicas are in sync than the topic asks for: the high watermark stays where it is then.
func (p *Partition) underMinISR() bool { return p.underMin(int(p.config.minISR)) }

// firstUnstable is where the first transaction begins whose fate readers may not know yet, or the high watermark.
func (p *Partition) firstUnstable() int64 {
	lso := p.hw
	if len(p.open) > 0 {
		lso = min(lso, p.open[0].first)
	}
	for _, t := range p.decided {
		lso = min(lso, t.first)
	}
	return lso
}

// stabilize moves the LSO to the first unstable offset.
func (p *Partition) stabilize(now time.Duration) {
	lso := p.firstUnstable()
	if lso < p.lso || lso > p.hw || p.hw > p.leo {
		p.cluster.violate("lso", "%s-%d: LSO goes from %d to %d, high watermark %d, log end %d", p.topic, p.index, p.lso, lso, p.hw, p.leo)
	}
	p.lso = lso
	for p.stable < len(p.batches) && p.batches[p.stable].last < lso {
		p.batches[p.stable].visible = now
		p.stable++
	}
}

// end is the offset up to which a reader may read.
func (p *Partition) end(committed bool) int64 {
	if committed {
		return p.lso
	}
	return p.hw
}

// batchAt is the index of the batch that has an offset, or of the first one after it.
func (p *Partition) batchAt(offset int64) int {
	return sort.Search(len(p.batches), func(i int) bool { return p.batches[i].last >= offset })
}

// read returns the batches from the one that holds offset on, at most limit bytes but at least one batch, and
// the offset after them.
func (p *Partition) read(offset, end int64, limit int) ([]byte, int64) {
	i := p.batchAt(offset)
	if i == len(p.batches) || p.batches[i].last >= end {
		return nil, offset
	}
	first := &p.batches[i]
	next := first.last + 1
	to := first.end
	for i++; i < len(p.batches); i++ {
		b := &p.batches[i]
		if b.last >= end || b.segment != first.segment || int(b.end-first.at) > limit {
			break
		}
		to, next = b.end, b.last+1
	}
	return p.segments[first.segment][first.at:to:to], next
}

// abortedIn lists the aborted transactions that touch [from, to), in marker order.
func (p *Partition) abortedIn(from, to int64) []abortedTxn {
	var list []abortedTxn
	// Markers rise along the index, so everything before the first marker at or above from is past.
	i := sort.Search(len(p.aborted), func(i int) bool { return p.aborted[i].last >= from })
	for _, t := range p.aborted[i:] {
		if t.first < to {
			list = append(list, t)
		}
	}
	return list
}

// deleteRecords moves the start of the log up to an offset, at most the high watermark.
func (p *Partition) deleteRecords(to int64, now time.Duration) {
	p.logStart = max(p.logStart, min(to, p.hw))
	p.stabilize(now)
}

// Position is the offset from which the partition was fetched last: how far its reader is.
func (p *Partition) Position() int64 { return p.fetched }

// HighWatermark is the offset after the last one that all in-sync replicas have: markers take offsets, too.
func (p *Partition) HighWatermark() int64 { return p.end(false) }
