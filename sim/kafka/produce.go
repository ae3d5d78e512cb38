package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
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
	h     header
	out   kmsg.ProduceResponseTopicPartition
	ask   bool   // the coordinator has to be asked
	guard *guard // with which it was asked
}

func (b *Broker) produce(env mailbox.Env, c call, req *kmsg.ProduceRequest) {
	p := &produce{call: c, req: req}
	acks := none
	if req.Acks < -1 || req.Acks > 1 {
		acks = invalidRequiredAcks
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
			if acks != none {
				s.out.ErrorCode = acks
			}
			if s.out.ErrorCode == none {
				b.inspect(&s, millis(env))
			}
			p.slots = append(p.slots, s)
		}
	}
	if code := producersOf(req, p.slots); code != none {
		for i := range p.slots {
			p.slots[i].out.ErrorCode = code
		}
	}
	asking := false
	for i := range p.slots {
		s := &p.slots[i]
		if s.out.ErrorCode == none && s.h.transactional() {
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
		s.out.ErrorCode = invalidTopicException
		return
	}
	if b.leads(s.p) == nil {
		s.out.ErrorCode = notLeaderOrFollower
		return
	}
	var err error
	if s.h, err = parseHeader(s.data); err != nil || !s.h.checksum(s.data) {
		s.out.ErrorCode = corruptMessage
		return
	}
	if s.h.codec() != 0 && b.cluster.cfg.Decompress == nil {
		s.out.ErrorCode = unsupportedCompressionType
		return
	}
	records, err := b.cluster.records(&s.h, s.data)
	switch {
	case err != nil:
		s.out.ErrorCode = corruptMessage
	case s.h.control() || s.h.size != len(s.data) || s.h.count == 0 || s.h.transactional() && s.h.pid < 0:
		s.out.ErrorCode = invalidRecord
	case s.h.pid >= 0 && (s.h.epoch < 0 || s.h.sequence < 0) || !s.h.wellFormed(records):
		s.out.ErrorCode = invalidRecord
	case int64(s.h.size) > s.p.config.maxMessageBytes:
		s.out.ErrorCode = messageTooLarge
	case !s.p.config.timely(&s.h, records, wall):
		s.out.ErrorCode = invalidTimestamp
	case s.p.config.appendTime:
		s.data = s.h.stamp(s.data, wall)
		s.out.LogAppendTime = wall
	}
}

// producersOf checks that the transactional batches of a request have one producer and name its transaction.
func producersOf(req *kmsg.ProduceRequest, slots []slot) int16 {
	pid := noPID
	for i := range slots {
		h := &slots[i].h
		if !h.transactional() {
			continue
		}
		if req.TransactionID == nil {
			return transactionalIDAuthFailed
		}
		if pid != noPID && pid != h.pid {
			return invalidProducerIDMapping
		}
		pid = h.pid
	}
	return none
}

// append writes what was allowed, and answers when it is replicated.
func (b *Broker) append(env mailbox.Env, p *produce) {
	now := b.cluster.cfg.Now()
	for i := range p.slots {
		s := &p.slots[i]
		if s.out.ErrorCode != none {
			continue
		}
		l := b.leads(s.p)
		if l == nil { // it was moved while the coordinator was asked
			s.out.ErrorCode = notLeaderOrFollower
			continue
		}
		if p.req.Acks == -1 && s.p.underMinISR() {
			s.out.ErrorCode = notEnoughReplicas
			if !l.refusing {
				l.refusing = true
				env.Note(history.WriteRefused{Topic: s.topic, Partition: s.p.index, InSync: s.p.isr})
			}
			continue
		}
		if !b.room(env) {
			s.out.ErrorCode = kafkaStorageError
			continue
		}
		s.out.BaseOffset, s.out.ErrorCode = s.p.appendData(s.data, &s.h, b.guardOf(s), now)
		if s.out.ErrorCode != none {
			s.out.BaseOffset = -1
			continue
		}
		delete(l.guards, s.h.pid)
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
		b.leave(env, p.call)
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
