package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// producer is an idempotent producer, with a transactional id or without. Its batches go through lanes, one per
// partition, each in order of sequence.
type producer struct {
	asker     mailbox.Addr
	id        string
	pid       int64
	epoch     int16
	ready     bool   // it has its pid
	err       string // for good
	gone      bool   // closed, or replaced
	conn      uint32
	lanes     []*lane // by topic, in order of first use, and partition
	numbered  uint64  // batches so far
	inFlight  []int   // requests per broker
	records   int     // acknowledged in this transaction
	begun     bool    // something of this transaction has left
	flushes   []flushing
	lingering bool
	backing   bool // off, before the next try
	tries     int
}

// flushing waits for every batch up to a number.
type flushing struct {
	asker  mailbox.Addr
	req    uint64
	number uint64
}

// findProducer finds what an asker has under a transactional id ("": its idempotent producer). Two askers with
// one id are two producers, as they would be in two clients: the broker tells them apart by epoch.
func (c *Client) findProducer(asker mailbox.Addr, id string) *producer {
	for _, p := range c.producers {
		if p.id == id && p.asker == asker {
			return p
		}
	}
	return nil
}

func (c *Client) newProducer(asker mailbox.Addr, id string) *producer {
	c.lastConn++
	p := &producer{asker: asker, id: id, conn: c.lastConn, inFlight: make([]int, len(c.cfg.Brokers))}
	c.producers = append(c.producers, p)
	return p
}

func (c *Client) closeProducer(asker mailbox.Addr, id string) {
	if p := c.findProducer(asker, id); p != nil {
		c.drop(p)
	}
}

func (c *Client) drop(p *producer) {
	p.gone = true
	c.producers = slices.DeleteFunc(c.producers, func(q *producer) bool { return q == p })
}

// initProducer asks for a producer id until there is one. What the asker had under the same transactional id is
// forgotten first: the broker is about to fence it.
func (c *Client) initProducer(env mailbox.Env, asker mailbox.Addr, m wire.KafkaInitProducer) {
	c.closeProducer(asker, m.TransactionalID)
	p := c.newProducer(asker, m.TransactionalID)
	c.getReady(env, p, m, func(env mailbox.Env, err string) {
		out := wire.KafkaProducerReady{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: p.pid, Epoch: p.epoch, Err: err}
		if err != "" {
			out.ProducerID, out.Epoch = protocol.NoProducerID, protocol.NoEpoch
			c.drop(p)
		}
		env.Send(asker, out)
		c.pump(env, p)
	})
}

func (c *Client) getReady(env mailbox.Env, p *producer, m wire.KafkaInitProducer, then func(env mailbox.Env, err string)) {
	j := c.within(env, p.asker, c.cfg.MaxBlock, func(env mailbox.Env) { then(env, timedOut) })
	var try func(mailbox.Env)
	answered := func(env mailbox.Env, resp kmsg.Response) {
		if j.over {
			return
		}
		code := protocol.NetworkException
		ready, ok := resp.(*kmsg.InitProducerIDResponse)
		if ok {
			code = ready.ErrorCode
		}
		if c.retry(env, j, m.TransactionalID, code, try) {
			return
		}
		j.end()
		if code == protocol.None {
			p.pid, p.epoch, p.ready = ready.ProducerID, ready.ProducerEpoch, true
		}
		then(env, protocol.Name(code))
	}
	try = func(env mailbox.Env) {
		if j.over {
			return
		}
		req := kmsg.NewPtrInitProducerIDRequest()
		req.TransactionTimeoutMillis = int32(m.Timeout.Milliseconds())
		if m.TransactionalID == "" { // any broker has producer ids to give
			c.sendAny(env, 5, req, answered)
			return
		}
		req.TransactionalID = &m.TransactionalID
		c.withCoordinator(env, j, protocol.TransactionCoordinator, m.TransactionalID, func(env mailbox.Env, node int32) {
			c.send(env, node, 0, 5, req, answered)
		})
	}
	try(env)
}

// produce puts records into the lanes of their partitions.
func (c *Client) produce(env mailbox.Env, asker mailbox.Addr, m wire.KafkaProduce) {
	p := c.findProducer(asker, m.TransactionalID)
	if p == nil && m.TransactionalID == "" {
		p = c.newProducer(asker, "")
		c.getReady(env, p, wire.KafkaInitProducer{}, func(env mailbox.Env, err string) {
			if err != "" {
				c.fail(env, p, err)
				return
			}
			c.pump(env, p)
		})
	}
	switch {
	case p == nil:
		env.Send(asker, wire.KafkaProduced{TransactionalID: m.TransactionalID, Err: protocol.Name(protocol.InvalidProducerIDMapping)})
		return
	case p.err != "":
		env.Send(asker, wire.KafkaProduced{TransactionalID: m.TransactionalID, Err: p.err})
		return
	}
	env.Work(mailbox.Serialize, m.Records.Size())
	if p.lanesOf(m.Topic) != nil {
		c.fill(env, p, m.Topic, m.Records)
		return
	}
	c.withTopic(env, m.Topic, func(env mailbox.Env, code int16) {
		switch {
		case p.gone || p.err != "":
		case code != protocol.None:
			c.fail(env, p, protocol.Name(code))
		default:
			c.fill(env, p, m.Topic, m.Records)
		}
	})
}

func (c *Client) fill(env mailbox.Env, p *producer, topic string, records record.Batch) {
	lanes := p.lanesOf(topic)
	if lanes == nil {
		fresh := make([]lane, len(c.leaders[topic]))
		for i := range fresh {
			fresh[i].topic, fresh[i].partition = topic, int32(i)
			p.lanes = append(p.lanes, &fresh[i])
		}
		lanes = p.lanesOf(topic)
	}
	full := false
	for r := records.Reader(); r.Next(); {
		l := lanes[recordbatch.PartitionOf(r.Key, len(lanes))]
		full = l.add(p, &r.Record, c.cfg.BatchBytes) || full
	}
	if full {
		c.pump(env, p)
	}
	if !p.lingering {
		p.lingering = true
		env.After(c.cfg.Linger, linger{p})
	}
	c.calls.Watch(env)
}

// lanesOf are the lanes of a topic, in the order of its partitions; nil if it was not written to yet.
func (p *producer) lanesOf(topic string) []*lane {
	for i, l := range p.lanes {
		if l.topic == topic {
			n := i + 1
			for n < len(p.lanes) && p.lanes[n].topic == topic {
				n++
			}
			return p.lanes[i:n]
		}
	}
	return nil
}

// lingered sends what has not filled a batch in time.
func (c *Client) lingered(env mailbox.Env, p *producer) {
	p.lingering = false
	if p.gone || p.err != "" {
		return
	}
	p.closeBatches()
	c.pump(env, p)
}

func (p *producer) closeBatches() {
	for _, l := range p.lanes {
		if n := len(l.queue); n > 0 {
			l.queue[n-1].closed = true
		}
	}
}

// flush answers once every record handed over before is acknowledged.
func (c *Client) flush(env mailbox.Env, asker mailbox.Addr, m wire.KafkaFlush) {
	p := c.findProducer(asker, m.TransactionalID)
	if p == nil {
		out := wire.KafkaFlushed{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: protocol.NoProducerID, Epoch: protocol.NoEpoch}
		if m.TransactionalID != "" {
			out.Err = protocol.Name(protocol.InvalidProducerIDMapping)
		}
		env.Send(asker, out)
		return
	}
	// Records that wait for metadata are not in a lane yet: wait behind them.
	waiting := func(env mailbox.Env, _ int16) {
		p.closeBatches()
		p.flushes = append(p.flushes, flushing{asker, m.Req, p.numbered})
		c.pump(env, p)
		c.answerFlushes(env, p)
	}
	if n := len(c.parked); n > 0 {
		c.parked = append(c.parked, parked{c.parked[n-1].topic, waiting})
		return
	}
	waiting(env, protocol.None)
}

// answerFlushes answers those whose batches are all acknowledged, or all of them if the producer has failed.
func (c *Client) answerFlushes(env mailbox.Env, p *producer) {
	oldest := p.numbered + 1
	for _, l := range p.lanes {
		if len(l.queue) > 0 {
			oldest = min(oldest, l.queue[0].number)
		}
	}
	p.flushes = slices.DeleteFunc(p.flushes, func(f flushing) bool {
		if p.err == "" && oldest <= f.number {
			return false
		}
		env.Send(f.asker, wire.KafkaFlushed{Req: f.req, TransactionalID: p.id, ProducerID: p.pid, Epoch: p.epoch, Records: p.records, Err: p.err})
		return true
	})
}

// fail ends a producer for good: whoever owns it has to get a new one.
func (c *Client) fail(env mailbox.Env, p *producer, err string) {
	if p.gone || p.err != "" {
		return
	}
	p.err = err
	for _, l := range p.lanes {
		l.queue = nil
	}
	env.Send(p.asker, wire.KafkaProduced{TransactionalID: p.id, Err: err})
	c.answerFlushes(env, p)
}
