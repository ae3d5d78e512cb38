package kafka

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Broker is one life of one broker. What it holds is what its memory holds.
type Broker struct {
	cluster *Cluster
	node    int32
	boot    int
	conns   map[connKey]*conn
	asked   caller // requests to other brokers
	led     map[*Partition]*led
	txns    map[string]*entry
	ready   [txnPartitions]int32 // the epoch of each partition of the transaction log that is loaded, -1 without
	expiry  time.Duration        // until the next look for expired transactional ids
}

type connKey struct {
	from mailbox.Addr
	conn uint32
}

// conn keeps the requests of one connection in order: the next is looked at when the one before is answered.
type conn struct {
	busy  bool
	queue []Request
}

// call is one request that is being worked on.
type call struct {
	from    mailbox.Addr
	corr    uint64
	key     int16
	version int16
	conn    *conn
}

// held and late are a request and an answer on which a fault sits.
type held struct {
	from mailbox.Addr
	m    Request
}

type late struct {
	to mailbox.Addr
	m  Response
}

// led is what a leader remembers of a partition and no follower does.
type led struct {
	epoch  int32
	guards map[int64]*guard
	polls  []*poll
}

// Broker returns the next life of broker n, for the process "kafka-n".
func (c *Cluster) Broker(n int) mailbox.Actor {
	c.boots[n]++
	b := &Broker{cluster: c, node: int32(n), boot: c.boots[n], conns: map[connKey]*conn{},
		asked: newCaller(interBrokerTimeout), led: map[*Partition]*led{}, txns: map[string]*entry{}}
	for i := range b.ready {
		b.ready[i] = -1
	}
	return b
}

// Receive handles one message.
func (b *Broker) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		b.start(env)
	case Request:
		b.arrive(env, from, m)
	case arrived:
		b.admit(env, m.Request.from, m.Request.m)
	case Response:
		b.asked.answered(env, m)
	case depart:
		env.Send(m.answer.to, m.answer.m)
	case mailbox.Undeliverable:
		if r, ok := m.M.(Request); ok {
			b.asked.refused(env, r.Corr)
		}
	case mailbox.Disconnected:
		b.asked.disconnected(env, m.Process)
		for key := range b.conns { // only deletes, so it may be done in any order
			if key.from.Process() == m.Process {
				delete(b.conns, key)
			}
		}
	case sweep:
		b.asked.sweep(env)
	case appended:
		b.appended(env, m.transition)
	case sendMarker:
		b.sendMarker(env, m.marker)
	case marked:
		b.marked(env, m.markerAppend)
	case complete:
		b.complete(env, m.entry)
	case replicated:
		b.replicated(env, m.produce)
	case askAgain:
		b.ask(env, m.produce)
	case pollEnded:
		b.finishPoll(env, m.poll)
	case grown:
		b.wake(env, m.Partition)
	case scan:
		b.scan(env)
	case elected:
		b.elect(env, m.partition)
	case loaded:
		b.load(env, m.partition, m.epoch)
	default:
		return fmt.Errorf("broker %d: no handler for %q from %s", b.node, m.Word(), from)
	}
	b.cluster.report(env)
	return nil
}

func (b *Broker) start(env mailbox.Env) {
	c := b.cluster
	c.down[b.node] = false
	for _, t := range c.order {
		for _, p := range t.partitions {
			if p.leader == b.node {
				p.replicate(p.leo, c.cfg.Now()) // followers have taken everything by now
			}
		}
	}
	for i := range c.txns {
		tp := &c.txns[i]
		switch {
		case tp.leader != b.node:
		case b.boot == 1 && tp.epoch == 0:
			b.ready[i] = 0 // a new cluster has nothing to load
		default:
			tp.epoch++
			b.elect(env, i)
		}
	}
	b.expiry = c.cfg.IDExpiryScanInterval
	env.After(draw(env, "first-scan", Delay{0, c.cfg.AbortScanInterval}), scan{})
}

// arrive lets the faults have their say before a request is looked at.
func (b *Broker) arrive(env mailbox.Env, from mailbox.Addr, m Request) {
	f := &b.cluster.faults
	key := m.Req.Key()
	if f.loseRequest.take(key) {
		return
	}
	if wait, ok := f.delayRequest.take(key); ok {
		env.After(wait, arrived{&held{from, m}})
		return
	}
	b.admit(env, from, m)
}

// admit queues a request behind those of the same connection.
func (b *Broker) admit(env mailbox.Env, from mailbox.Addr, m Request) {
	var cn *conn
	if m.Conn != 0 {
		key := connKey{from, m.Conn}
		if cn = b.conns[key]; cn == nil {
			cn = &conn{}
			b.conns[key] = cn
		}
		if cn.busy {
			cn.queue = append(cn.queue, m)
			return
		}
		cn.busy = true
	}
	b.handle(env, call{from: from, corr: m.Corr, key: m.Req.Key(), version: m.Req.GetVersion(), conn: cn}, m.Req)
}

func (b *Broker) handle(env mailbox.Env, c call, req kmsg.Request) {
	switch req := req.(type) {
	case *kmsg.ProduceRequest:
		b.produce(env, c, req)
	case *kmsg.FetchRequest:
		b.fetch(env, c, req)
	case *kmsg.ListOffsetsRequest:
		b.answer(env, c, b.listOffsets(req))
	case *kmsg.MetadataRequest:
		b.answer(env, c, b.metadata(req))
	case *kmsg.ApiVersionsRequest:
		b.answer(env, c, b.apiVersions(req))
	case *kmsg.FindCoordinatorRequest:
		b.answer(env, c, b.findCoordinator(req))
	case *kmsg.InitProducerIDRequest:
		b.initProducerID(env, c, req)
	case *kmsg.AddPartitionsToTxnRequest:
		b.addPartitionsToTxn(env, c, req)
	case *kmsg.EndTxnRequest:
		b.endTxn(env, c, req)
	case *kmsg.WriteTxnMarkersRequest:
		b.writeTxnMarkers(env, c, req)
	case *kmsg.ListTransactionsRequest:
		b.answer(env, c, b.listTransactions(env, req))
	case *kmsg.DescribeTransactionsRequest:
		b.answer(env, c, b.describeTransactions(req))
	case *kmsg.DescribeProducersRequest:
		b.answer(env, c, b.describeProducers(req))
	case *kmsg.DeleteRecordsRequest:
		b.answer(env, c, b.deleteRecords(req))
	case *kmsg.OffsetCommitRequest:
		b.answer(env, c, b.offsetCommit(req))
	default:
		b.hangUp(env, c) // an unknown request: Kafka closes the connection
	}
}

// answer sends a response, unless a fault takes it, and lets the connection go on.
func (b *Broker) answer(env mailbox.Env, c call, resp kmsg.Response) {
	f := &b.cluster.faults
	m := Response{Corr: c.corr, Resp: resp}
	if f.loseAnswer.take(c.key) {
		b.hangUp(env, c)
		return
	}
	resp.SetVersion(c.version)
	if wait, ok := f.delayAnswer.take(c.key); ok {
		env.After(wait, depart{&late{c.from, m}})
	} else {
		env.Send(c.from, m)
	}
	b.hangUp(env, c)
}

// hangUp ends the work on a request and takes up the next of its connection.
func (b *Broker) hangUp(env mailbox.Env, c call) {
	cn := c.conn
	if cn == nil {
		return
	}
	cn.busy = false
	if len(cn.queue) > 0 {
		next := cn.queue[0]
		cn.queue = cn.queue[1:]
		cn.busy = true
		b.handle(env, call{from: c.from, corr: next.Corr, key: next.Req.Key(), version: next.Req.GetVersion(), conn: cn}, next.Req)
	}
}

// leads returns what this broker remembers of a partition as its leader, or nil if it is not.
func (b *Broker) leads(p *Partition) *led {
	if p.leader != b.node {
		return nil
	}
	l := b.led[p]
	if l == nil || l.epoch != p.leaderEpoch {
		var polls []*poll
		if l != nil {
			polls = l.polls
		}
		l = &led{epoch: p.leaderEpoch, guards: map[int64]*guard{}, polls: polls}
		b.led[p] = l
	}
	return l
}

// draw takes a wait from a range.
func draw(env mailbox.Env, site string, d Delay) time.Duration {
	if d.Most <= d.Least {
		return d.Least
	}
	return d.Least + time.Duration(env.Rand(site).Int64N(int64(d.Most-d.Least)))
}

func millis(env mailbox.Env) int64 { return env.Now().UnixMilli() }
