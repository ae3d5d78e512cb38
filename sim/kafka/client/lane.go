package client

import (
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// linger is the time to send what there is.
type linger struct{ *producer }

func (linger) Word() string { return "linger" }

// lane has the batches of a producer for one partition, from the oldest that is not acknowledged on.
type lane struct {
	topic     string
	partition int32
	sequence  int32 // of the next batch to be sealed
	queue     []*outBatch
	member    bool // TV1: the coordinator knows that the transaction has this partition
	guess     int  // how many bytes the next batch will have: those of the largest one lately
}

// outBatch collects records, is closed, then sealed and sent, perhaps more than once.
type outBatch struct {
	recordbatch.Builder
	number uint64 // in the order of the producer
	closed bool
	sealed []byte
	sent   bool
	acked  bool
	head   bool // nothing before it was unacknowledged when it was sent
	age    int  // sweeps
}

// add puts a record into the newest batch, and says whether that has made a batch ready to go.
func (l *lane) add(p *producer, r *record.Record, limit int) bool {
	n := len(l.queue)
	if n > 0 && !l.queue[n-1].closed && len(l.queue[n-1].Data)+len(r.Key)+64 > limit {
		l.queue[n-1].closed = true
	}
	full := n > 0 && l.queue[n-1].closed && !l.queue[n-1].sent
	if n == 0 || l.queue[n-1].closed {
		p.numbered++
		b := &outBatch{number: p.numbered}
		b.Data = make([]byte, recordbatch.HeaderSize, min(l.guess+256, limit+128))
		l.guess -= l.guess / 8
		l.queue = append(l.queue, b)
		n++
	}
	b := l.queue[n-1]
	b.Add(r, true)
	l.guess = max(l.guess, len(b.Data))
	return full
}

// next is the first batch that may be sent, nil if there is none. Nothing leaves when so many are ahead of it that
// the partition would no longer recognise a retransmit of the first.
func (l *lane) next() *outBatch {
	for _, b := range l.queue[:min(len(l.queue), protocol.WindowMax)] {
		if !b.sent {
			if b.closed {
				return b
			}
			return nil
		}
	}
	return nil
}

func (l *lane) acked(b *outBatch) {
	b.acked = true
	for len(l.queue) > 0 && l.queue[0].acked {
		l.queue = l.queue[1:]
	}
}
