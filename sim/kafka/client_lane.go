package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// lane has the batches of a producer for one partition, from the oldest that is not acknowledged on.
type lane struct {
	topic     string
	partition int32
	sequence  int32 // of the next batch to be sealed
	queue     []*outBatch
	member    bool // TV1: the coordinator knows that the transaction has this partition
	last      int  // bytes of the last batch: a guess for the next
}

// outBatch collects records, is closed, then sealed and sent, perhaps more than once.
type outBatch struct {
	builder
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
	if n > 0 && !l.queue[n-1].closed && len(l.queue[n-1].data)+len(r.Key)+64 > limit {
		l.queue[n-1].closed = true
	}
	full := n > 0 && l.queue[n-1].closed && !l.queue[n-1].sent
	if n == 0 || l.queue[n-1].closed {
		p.numbered++
		b := &outBatch{number: p.numbered}
		b.data = make([]byte, headerSize, min(max(l.last+64, 512), limit+128))
		l.queue = append(l.queue, b)
		n++
	}
	b := l.queue[n-1]
	b.add(r, true)
	l.last = len(b.data)
	return full
}

// next is the first batch that may be sent, nil if there is none. Nothing leaves when so many are ahead of it that
// the partition would no longer recognise a retransmit of the first.
func (l *lane) next() *outBatch {
	for _, b := range l.queue[:min(len(l.queue), windowMax)] {
		if !b.sent {
			if b.closed {
				return b
			}
			return nil
		}
	}
	return nil
}

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
			node, ok := c.leader(l.topic, l.partition)
			if !ok {
				c.backOff(env, p)
				c.withTopic(env, l.topic, func(mailbox.Env, int16) {}) // the next try may know
				return
			}
			switch {
			case p.id != "" && c.cfg.TransactionVersion.level() < 2 && !l.member:
				join = append(join, l)
			case p.inFlight[node] < c.cfg.InFlightMax:
				c.groups[node] = append(c.groups[node], shipment{l, b})
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
		attributes = transactional
	}
	for _, s := range batches {
		l, b := s.lane, s.batch
		if b.sealed == nil {
			b.sealed = b.seal(attributes, p.pid, p.epoch, l.sequence)
			l.sequence = int32((int64(l.sequence) + int64(b.n)) & 0x7fffffff)
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
	p.inFlight[node]++
	version := int16(12)
	if c.cfg.TransactionVersion.level() < 2 {
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
		code := networkException
		if i < len(codes) {
			code = codes[i]
		}
		switch code {
		case none, duplicateSequenceNumber:
			acked += int(s.batch.n)
			s.lane.acked(s.batch)
			continue
		case outOfOrderSequenceNumber:
			if s.batch.head { // nothing before it can be blamed
				c.fail(env, p, nameOf(code))
				return
			}
		case notLeaderOrFollower, unknownTopicOrPartition, networkException, kafkaStorageError:
			delete(c.leaders, s.lane.topic)
		case notEnoughReplicas, notEnoughReplicasAfter, requestTimedOut, concurrentTransactions,
			NotCoordinator, CoordinatorNotAvailable, CoordinatorLoadInProgress:
		default:
			c.fail(env, p, nameOf(code))
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

func (l *lane) acked(b *outBatch) {
	b.acked = true
	for len(l.queue) > 0 && l.queue[0].acked {
		l.queue = l.queue[1:]
	}
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

// join tells the coordinator of new partitions in the transaction, as clients did before TV2.
func (c *Client) join(env mailbox.Env, p *producer, lanes []*lane) {
	p.backing = true // nothing leaves before the answer is there
	j := c.within(env, p.asker, c.cfg.MaxBlock, func(env mailbox.Env) { c.fail(env, p, timedOut) })
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withCoordinator(env, j, p.id, 1, func(env mailbox.Env, node int32) {
			req := kmsg.NewPtrAddPartitionsToTxnRequest()
			req.TransactionalID, req.ProducerID, req.ProducerEpoch = p.id, p.pid, p.epoch
			for _, l := range lanes {
				t := len(req.Topics)
				if t == 0 || req.Topics[t-1].Topic != l.topic {
					topic := kmsg.NewAddPartitionsToTxnRequestTopic()
					topic.Topic = l.topic
					req.Topics = append(req.Topics, topic)
					t++
				}
				req.Topics[t-1].Partitions = append(req.Topics[t-1].Partitions, l.partition)
			}
			c.send(env, node, p.conn, 3, req, func(env mailbox.Env, resp kmsg.Response) {
				code := networkException
				if added, ok := resp.(*kmsg.AddPartitionsToTxnResponse); ok {
					code = added.Topics[0].Partitions[0].ErrorCode
				}
				switch {
				case j.over || p.gone:
				case code == concurrentTransactions:
					later(env, addPartitionsBackoff, try)
				case c.retriable(p.id, code):
					c.again(env, &j.tries, try)
				case code != none:
					j.end()
					c.fail(env, p, nameOf(code))
				default:
					j.end()
					for _, l := range lanes {
						l.member = true
					}
					p.backing = false
					c.pump(env, p)
				}
			})
		})
	}
	try(env)
}

// expireBatches fails producers with a batch older than the delivery timeout. It is called once per sweep.
func (c *Client) expireBatches(env mailbox.Env) {
	limit := int(c.cfg.DeliveryTimeout / sweepEvery)
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
		c.calls.watch(env)
	}
}
