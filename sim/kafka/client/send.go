package client

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

type shipment struct {
	lane  *lane
	batch *outBatch
}

// pump sends what is ready: one request per broker with at most one batch per partition, and again until
// nothing is ready or enough requests are under way.
func (c *Client) pump(env mailbox.Env, p *producer) {
	for p.ready && !p.gone && p.err == "" && !p.backing {
		clear(c.groups)
		var join []*lane
		some := false
		for _, l := range p.lanes {
			b := l.next()
			if b == nil {
				continue
			}
			leader, ok := c.leader(l.topic, l.partition)
			if !ok {
				c.backOff(env, p)
				c.withTopic(env, l.topic, func(mailbox.Env, int16) {}) // the next try may know
				return
			}
			switch {
			case p.id != "" && c.cfg.TransactionVersion.Level() < 2 && !l.member:
				join = append(join, l)
			case p.inFlight[leader.node] < c.cfg.InFlightMax:
				c.groups[leader.node] = append(c.groups[leader.node], shipment{l, b})
				some = true
			}
		}
		if len(join) > 0 {
			c.join(env, p, join)
			return
		}
		if !some {
			return
		}
		for node, batches := range c.groups {
			if len(batches) > 0 {
				c.ship(env, p, int32(node), batches)
			}
		}
	}
}

func (c *Client) ship(env mailbox.Env, p *producer, node int32, batches []shipment) {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, int32(c.cfg.RequestTimeout/time.Millisecond)
	attributes := int16(0)
	if p.id != "" {
		req.TransactionID = &p.id
		attributes = recordbatch.Transactional
	}
	for _, s := range batches {
		l, b := s.lane, s.batch
		if b.sealed == nil {
			b.sealed = b.Seal(attributes, p.pid, p.epoch, l.sequence)
			l.sequence = int32((int64(l.sequence) + int64(b.N)) & 0x7fffffff)
		}
		b.sent, b.head = true, l.queue[0] == b
		t := len(req.Topics)
		if t == 0 || req.Topics[t-1].Topic != l.topic {
			topic := kmsg.NewProduceRequestTopic()
			topic.Topic = l.topic
			req.Topics = append(req.Topics, topic)
			t++
		}
		part := kmsg.NewProduceRequestTopicPartition()
		part.Partition, part.Records = l.partition, b.sealed
		req.Topics[t-1].Partitions = append(req.Topics[t-1].Partitions, part)
	}
	p.begun = p.id != ""
	p.inFlight[node]++
	version := int16(12)
	if c.cfg.TransactionVersion.Level() < 2 {
		version = 11
	}
	conn := p.conn
	c.send(env, node, conn, version, req, func(env mailbox.Env, resp kmsg.Response) {
		p.inFlight[node]--
		if p.gone || p.err != "" {
			return
		}
		answers, ok := resp.(*kmsg.ProduceResponse)
		if !ok && p.conn == conn { // a broken connection is not used again
			c.lastConn++
			p.conn = c.lastConn
		}
		c.shipped(env, p, batches, answers)
	})
}

// shipped takes the answers for batches in the order in which they were sent.
func (c *Client) shipped(env mailbox.Env, p *producer, batches []shipment, resp *kmsg.ProduceResponse) {
	var codes []int16
	if resp != nil {
		for _, t := range resp.Topics {
			for _, part := range t.Partitions {
				codes = append(codes, part.ErrorCode)
			}
		}
	}
	acked, retry := 0, false
	for i, s := range batches {
		code := protocol.NetworkException
		if i < len(codes) {
			code = codes[i]
		}
		switch code {
		case protocol.None, protocol.DuplicateSequenceNumber:
			acked += int(s.batch.N)
			s.lane.acked(s.batch)
			continue
		case protocol.OutOfOrderSequenceNumber:
			if s.batch.head { // nothing before it can be blamed
				c.fail(env, p, protocol.Name(code))
				return
			}
		case protocol.NotLeaderOrFollower, protocol.UnknownTopicOrPartition, protocol.NetworkException, protocol.KafkaStorageError:
			delete(c.leaders, s.lane.topic)
		case protocol.NotEnoughReplicas, protocol.NotEnoughReplicasAfter, protocol.RequestTimedOut, protocol.ConcurrentTransactions,
			protocol.NotCoordinator, protocol.CoordinatorNotAvailable, protocol.CoordinatorLoadInProgress:
		default:
			c.fail(env, p, protocol.Name(code))
			return
		}
		s.batch.sent = false
		retry = true
	}
	if acked > 0 {
		p.tries = 0
		p.records += acked
		env.Send(p.asker, wire.KafkaProduced{TransactionalID: p.id, Records: acked})
		c.answerFlushes(env, p)
	}
	if retry {
		c.backOff(env, p)
		return
	}
	c.pump(env, p)
}

func (c *Client) backOff(env mailbox.Env, p *producer) {
	if p.backing {
		return
	}
	p.backing = true
	c.again(env, &p.tries, func(env mailbox.Env) {
		p.backing = false
		c.pump(env, p)
	})
}

// expireBatches fails producers with a batch older than the delivery timeout. It is called once per sweep.
func (c *Client) expireBatches(env mailbox.Env) {
	limit := int(c.cfg.DeliveryTimeout / protocol.SweepEvery)
	busy := false
	for _, p := range c.producers {
		for _, l := range p.lanes {
			for _, b := range l.queue {
				busy = true
				if b.age++; b.age > limit {
					c.fail(env, p, timedOut)
					break
				}
			}
		}
	}
	if busy {
		c.calls.Watch(env)
	}
}
