package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// produce is a request at the leader: its batches go straight to the log, or wait until the coordinator has
// said that this producer may open a transaction here.
type produce struct {
	call   call
	req    *kmsg.ProduceRequest
	slots  []slot
	ends   []end
	waited time.Duration // for a busy coordinator
}

// slot is one partition of the request.
type slot struct {
	topic string
	p     *Partition
	data  []byte
	h     recordbatch.Header
	out   kmsg.ProduceResponseTopicPartition
	ask   bool   // the coordinator has to be asked
	guard *guard // with which it was asked
}

func (b *Broker) produce(env mailbox.Env, c call, req *kmsg.ProduceRequest) {
	p := &produce{call: c, req: req}
	acks := protocol.None
	if req.Acks < -1 || req.Acks > 1 {
		acks = protocol.InvalidRequiredAcks
	}
	for _, t := range req.Topics {
		for i := range t.Partitions {
			s := slot{topic: t.Topic, data: t.Partitions[i].Records, out: kmsg.NewProduceResponseTopicPartition()}
			s.p, s.out.ErrorCode = b.cluster.find(t.Topic, t.TopicID, req.Version >= 13, t.Partitions[i].Partition)
			if s.p != nil {
				s.topic = s.p.topic
			}
			s.out.Partition = t.Partitions[i].Partition
			s.out.BaseOffset, s.out.LogAppendTime = -1, -1
			if acks != protocol.None {
				s.out.ErrorCode = acks
			}
			if s.out.ErrorCode == protocol.None {
				b.inspect(&s, millis(env))
			}
			p.slots = append(p.slots, s)
		}
	}
	if code := producersOf(req, p.slots); code != protocol.None {
		for i := range p.slots {
			p.slots[i].out.ErrorCode = code
		}
	}
	asking := false
	for i := range p.slots {
		s := &p.slots[i]
		if s.out.ErrorCode == protocol.None && s.h.Transactional() {
			b.admitToTxn(s, req.Version >= 12)
			asking = asking || s.ask
		}
	}
	if asking {
		b.ask(env, p)
		return
	}
	b.append(env, p)
}

// inspect is what the leader checks of one batch by itself.
func (b *Broker) inspect(s *slot, wall int64) {
	if s.topic == offsetsTopic {
		s.out.ErrorCode = protocol.InvalidTopicException
		return
	}
	if b.leads(s.p) == nil {
		s.out.ErrorCode = protocol.NotLeaderOrFollower
		return
	}
	var err error
	if s.h, err = recordbatch.ParseHeader(s.data); err != nil || !s.h.Intact(s.data) {
		s.out.ErrorCode = protocol.CorruptMessage
		return
	}
	if s.h.Codec() != 0 && b.cluster.cfg.Decompress == nil {
		s.out.ErrorCode = protocol.UnsupportedCompressionType
		return
	}
	records, err := b.cluster.records(&s.h, s.data)
	switch {
	case err != nil:
		s.out.ErrorCode = protocol.CorruptMessage
	case s.h.Control() || s.h.Size != len(s.data) || s.h.Count == 0 || s.h.Transactional() && s.h.ProducerID < 0:
		s.out.ErrorCode = protocol.InvalidRecord
	case s.h.ProducerID >= 0 && (s.h.Epoch < 0 || s.h.Sequence < 0) || !s.h.WellFormed(records):
		s.out.ErrorCode = protocol.InvalidRecord
	case int64(s.h.Size) > s.p.config.maxMessageBytes:
		s.out.ErrorCode = protocol.MessageTooLarge
	case !s.p.config.timely(&s.h, records, wall):
		s.out.ErrorCode = protocol.InvalidTimestamp
	case s.p.config.appendTime:
		s.data = s.h.Stamp(s.data, wall)
		s.out.LogAppendTime = wall
	}
}

// producersOf checks that the transactional batches of a request have one producer and name its transaction.
func producersOf(req *kmsg.ProduceRequest, slots []slot) int16 {
	pid := protocol.NoProducerID
	for i := range slots {
		h := &slots[i].h
		if !h.Transactional() {
			continue
		}
		if req.TransactionID == nil {
			return protocol.TransactionalIDAuthFailed
		}
		if pid != protocol.NoProducerID && pid != h.ProducerID {
			return protocol.InvalidProducerIDMapping
		}
		pid = h.ProducerID
	}
	return protocol.None
}

// append writes what was allowed, and answers when it is replicated.
func (b *Broker) append(env mailbox.Env, p *produce) {
	now := b.cluster.cfg.Now()
	for i := range p.slots {
		s := &p.slots[i]
		if s.out.ErrorCode != protocol.None {
			continue
		}
		l := b.leads(s.p)
		if l == nil { // it was moved while the coordinator was asked
			s.out.ErrorCode = protocol.NotLeaderOrFollower
			continue
		}
		if p.req.Acks == -1 && s.p.underMinISR() {
			s.out.ErrorCode = protocol.NotEnoughReplicas
			if !l.refusing {
				l.refusing = true
				env.Note(history.WriteRefused{Topic: s.topic, Partition: s.p.index, InSync: s.p.isr})
			}
			continue
		}
		if !b.room(env) {
			s.out.ErrorCode = protocol.KafkaStorageError
			continue
		}
		s.out.BaseOffset, s.out.ErrorCode = s.p.appendData(s.data, &s.h, b.guardOf(s), now)
		if s.out.ErrorCode != protocol.None {
			s.out.BaseOffset = -1
			continue
		}
		delete(l.guards, s.h.ProducerID)
		l.refusing = l.refusing && s.p.underMinISR() // with acks=1 it takes something all the same
		s.out.LogStartOffset = s.p.logStart
		p.ends = append(p.ends, end{p: s.p, offset: s.p.leo, epoch: s.p.leaderEpoch, code: &s.out.ErrorCode})
	}
	if p.req.Acks != -1 || len(p.ends) == 0 {
		b.answerProduce(env, p)
	}
	if len(p.ends) > 0 {
		env.After(draw(env, "replicate", b.cluster.cfg.Replication), replicated{p})
	}
}

// replicated lets readers see the records, and answers who waits for all replicas.
func (b *Broker) replicated(env mailbox.Env, p *produce) {
	if p.req.Acks != -1 {
		b.replicate(env, p.ends, 0, nil)
		return
	}
	b.replicate(env, p.ends, ms(p.req.TimeoutMillis), func(env mailbox.Env) { b.answerProduce(env, p) })
}

func (b *Broker) answerProduce(env mailbox.Env, p *produce) {
	if p.req.Acks == 0 {
		b.leave(env, p.call, false)
		return
	}
	resp := kmsg.NewPtrProduceResponse()
	next := 0
	for _, t := range p.req.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for range t.Partitions {
			topic.Partitions = append(topic.Partitions, p.slots[next].out)
			next++
		}
		resp.Topics = append(resp.Topics, topic)
	}
	b.answer(env, p.call, resp)
}
