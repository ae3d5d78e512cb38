package connector

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// stallAfter is how long a read_committed partition may stand still before somebody's transaction until it is noted
// whose it is. A transaction that is well is open for a checkpoint's interval.
const stallAfter = time.Minute

// stall is a partition from which nothing comes although there is more in it. The reader waits on; it is a person who has
// to end a transaction that hangs, and has to know which one.
type stall struct {
	at           int64 // the reader's position
	stable, high int64 // the last stable offset and the high watermark, as last heard of
	timer        mailbox.Timer
	asked        uint64
}

// stalledFor is a timer of the reader: a partition has stood still for stallAfter at an offset.
type stalledFor struct {
	Partition int32
	At        int64
}

func (stalledFor) Word() string { return "stalled-for" }

// watch looks at what a fetch brought: whether the partition stands before a transaction, still or no more.
func (r *KafkaReader) watch(env mailbox.Env, p *partition, m wire.KafkaFetched) {
	stands := r.committed() && m.Records.N == 0 && m.Next == p.fetch && m.HighWatermark > m.Latest && m.Next >= m.Latest
	switch {
	case !stands && p.stall != nil:
		p.stall.timer.Stop()
		p.stall = nil
	case stands && p.stall == nil:
		p.stall = &stall{at: p.fetch, timer: env.After(stallAfter, stalledFor{p.number, p.fetch})}
	}
	if stands {
		p.stall.stable, p.stall.high = m.Latest, m.HighWatermark
	}
}

// overdue asks whose transaction it is.
func (r *KafkaReader) overdue(env mailbox.Env, m stalledFor) {
	if p := r.partition(m.Partition); p != nil && p.stall != nil && p.stall.at == m.At {
		r.req++
		p.stall.asked = r.req
		env.Send(r.kafka, wire.KafkaFindHolder{Req: r.req, Topic: r.op.Topic, Partition: p.number})
	}
}

// found notes it, once for as long as the partition stands there. If it has no name, since the brokers did not answer or
// since it has just been ended, it is asked for again.
func (r *KafkaReader) found(env mailbox.Env, m wire.KafkaHolderIs) {
	p := r.partition(m.Partition)
	if p == nil || p.stall == nil || p.stall.asked != m.Req {
		return
	}
	p.stall.asked = 0
	if m.Err != "" || m.ProducerID < 0 {
		p.stall.timer = env.After(stallAfter, stalledFor{p.number, p.stall.at})
		return
	}
	env.Note(history.SourceStalled{Attempt: r.attempt, Topic: r.op.Topic, Partition: p.number, SinceMs: stallAfter.Milliseconds(),
		Stable: p.stall.stable, HighWatermark: p.stall.high, Transaction: m.TransactionalID, ProducerID: m.ProducerID, Epoch: m.Epoch, State: m.State})
}
