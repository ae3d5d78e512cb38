package kafka

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// What the protocol has for no producer.
const (
	noPID   int64 = -1
	noEpoch int16 = -1
)

// producer is an idempotent producer, with a transactional id or without. Its goroutine takes an id, then does what
// is queued, in order:
//
//	queue: produce produce flush produce ─▶ lanes, one per partition ─▶ a request per broker ─▶ all answered ─▶ again
//
// What comes in while requests are under way makes the next batches, so a busy producer has large ones. One batch of
// a partition is under way at a time: then its order is that of the queue, whatever is tried again.
type producer struct {
	g     *Gateway
	owner *asker
	id    string
	ctx   context.Context
	close context.CancelFunc // nothing is ended by it at the broker

	forgotten atomic.Bool // its owner has closed it, or taken the id anew, and ended before the goroutine saw that

	mu    sync.Mutex
	queue []mailbox.Msg // KafkaProduce, KafkaFlush, ended
	some  chan struct{} // has a token if the queue has something

	// Of the goroutine:
	pid     int64
	epoch   int16
	lanes   []*lane // by topic, in the order of first use, and partition
	records int     // acknowledged in this transaction
	begun   bool    // something of this transaction has left
	err     error   // for good
}

func (g *Gateway) newProducer(a *asker, id string) *producer {
	p := &producer{g: g, owner: a, id: id, some: make(chan struct{}, 1), pid: noPID, epoch: noEpoch}
	p.ctx, p.close = context.WithCancel(a.ctx)
	a.producers[id] = p
	return p
}

func (a *asker) closeProducer(id string) {
	if p := a.producers[id]; p != nil {
		p.forgotten.Store(true)
		p.close()
		delete(a.producers, id)
	}
}

// failedInit is the answer to a KafkaInitProducer of which nothing came.
type failedInit struct {
	answer
	p *producer
}

func (failedInit) Word() string { return "kafka-failed-init" }

// initProducer gets a producer id. What the asker had under the same transactional id is forgotten first: the broker
// is about to fence it.
func (g *Gateway) initProducer(a *asker, m wire.KafkaInitProducer) {
	a.closeProducer(m.TransactionalID)
	p := g.newProducer(a, m.TransactionalID)
	g.working.Go(func() {
		err := p.init(m)
		ready := answer{a, wire.KafkaProducerReady{Req: m.Req, TransactionalID: p.id, ProducerID: p.pid, Epoch: p.epoch, Err: nameOf(err)}}
		switch {
		case p.ctx.Err() != nil:
		case err != nil:
			g.post(failedInit{ready, p})
		default:
			g.post(ready)
			p.run()
			p.abandon()
		}
	})
}

// init asks for a producer id until there is one.
func (p *producer) init(m wire.KafkaInitProducer) error {
	ctx, cancel := context.WithTimeout(p.ctx, p.g.cfg.MaxBlock)
	defer cancel()
	return p.g.main.until(ctx, func(client *kgo.Client) error {
		req := kmsg.NewPtrInitProducerIDRequest()
		req.TransactionTimeoutMillis = int32(m.Timeout.Milliseconds())
		if p.id != "" {
			req.TransactionalID = &p.id
		}
		resp, err := req.RequestWith(ctx, client)
		if err != nil {
			return err
		}
		if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
			return err
		}
		p.pid, p.epoch = resp.ProducerID, resp.ProducerEpoch
		return nil
	})
}

// produce queues records. An idempotent producer needs no opening.
func (g *Gateway) produce(env mailbox.Env, a *asker, m wire.KafkaProduce) {
	p := a.producers[m.TransactionalID]
	switch {
	case p != nil:
	case m.TransactionalID == "":
		p = g.newProducer(a, "")
		g.working.Go(func() {
			if err := p.init(wire.KafkaInitProducer{}); err != nil {
				p.fail(err)
			}
			p.run()
		})
	default:
		env.Send(a.addr, wire.KafkaProduced{TransactionalID: m.TransactionalID, Err: nameOf(kerr.InvalidProducerIDMapping)})
		return
	}
	p.put(m)
}

// flush queues a question.
func (g *Gateway) flush(env mailbox.Env, a *asker, m wire.KafkaFlush) {
	if p := a.producers[m.TransactionalID]; p != nil {
		p.put(m)
		return
	}
	out := wire.KafkaFlushed{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: noPID, Epoch: noEpoch}
	if m.TransactionalID != "" {
		out.Err = nameOf(kerr.InvalidProducerIDMapping)
	}
	env.Send(a.addr, out)
}

func (p *producer) put(m mailbox.Msg) {
	p.mu.Lock()
	p.queue = append(p.queue, m)
	p.mu.Unlock()
	select {
	case p.some <- struct{}{}:
	default:
	}
}

// take waits for what is queued; nothing more comes once the producer is closed.
func (p *producer) take() []mailbox.Msg {
	select {
	case <-p.some:
	case <-p.ctx.Done():
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	queue := p.queue
	p.queue = nil
	return queue
}

// run is the life of a producer that has its id.
func (p *producer) run() {
	for p.ctx.Err() == nil {
		for _, m := range p.take() {
			if p.ctx.Err() != nil {
				return // a batch may be left that was sealed: nothing may be added to it
			}
			switch m := m.(type) {
			case wire.KafkaProduce:
				p.fill(m)
			case wire.KafkaFlush:
				p.ship()
				p.tell(wire.KafkaFlushed{Req: m.Req, TransactionalID: p.id, ProducerID: p.pid, Epoch: p.epoch, Records: p.records, Err: nameOf(p.err)})
			case ended:
				p.ship()
				p.begin(m)
			}
		}
		p.ship()
	}
}

// begin goes on with the next transaction, if the one that has ended was open here.
func (p *producer) begin(m ended) {
	if m.pid != p.pid || m.epoch != p.epoch {
		return
	}
	p.records, p.begun = 0, false
	for _, l := range p.lanes {
		l.member = false
		if m.hasMovedOn {
			l.sequence = 0
		}
	}
	if m.hasMovedOn {
		p.pid, p.epoch = m.nextPID, m.nextEpoch
	}
}

func (p *producer) tell(m mailbox.Msg) {
	if p.ctx.Err() == nil {
		p.g.post(answer{p.owner, m})
	}
}

// fail ends a producer for good: whoever owns it has to get a new one.
func (p *producer) fail(err error) {
	if p.err != nil || errors.Is(err, context.Canceled) {
		return
	}
	p.err = err
	for _, l := range p.lanes {
		l.batches = nil
	}
	p.tell(wire.KafkaProduced{TransactionalID: p.id, Err: nameOf(err)})
}
