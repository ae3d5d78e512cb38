package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

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
	for _, t := range req.Topics {
		for i := range t.Partitions {
			s := slot{topic: t.Topic, data: t.Partitions[i].Records, out: kmsg.NewProduceResponseTopicPartition()}
			s.out.Partition = t.Partitions[i].Partition
			s.out.BaseOffset, s.out.LogAppendTime = -1, -1
			b.inspect(&s)
			p.slots = append(p.slots, s)
		}
	}
	p.refuseAll(producersOf(req, p.slots))
	asking := false
	for i := range p.slots {
		s := &p.slots[i]
		if s.out.ErrorCode == none && s.h.transactional() {
			b.admitToTxn(s, req.Version)
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
func (b *Broker) inspect(s *slot) {
	s.p = b.cluster.partition(topicPartition{s.topic, s.out.Partition})
	if s.p == nil {
		s.out.ErrorCode = unknownTopicOrPartition
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
	switch {
	case s.h.attributes&compression != 0:
		s.out.ErrorCode = unsupportedCompressionType // the model reads what it stores
	case s.h.control() || s.h.size != len(s.data) || s.h.count == 0 || s.h.transactional() && s.h.pid < 0:
		s.out.ErrorCode = invalidRecord
	case s.h.pid >= 0 && (s.h.epoch < 0 || s.h.sequence < 0):
		s.out.ErrorCode = invalidRecord
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

func (p *produce) refuseAll(code int16) {
	for i := range p.slots {
		if code != none {
			p.slots[i].out.ErrorCode = code
		}
	}
}

// admitToTxn decides whether a transactional batch may go to the log, or the coordinator must be asked first.
func (b *Broker) admitToTxn(s *slot, version int16) {
	st := s.p.producers[s.h.pid]
	switch {
	case st != nil && s.h.epoch < st.epoch:
		s.out.ErrorCode = invalidProducerEpoch
	case st != nil && st.open() && st.epoch == s.h.epoch:
		// it is open here already
	case version < 12 && b.cluster.cfg.NoPartitionVerification:
		s.guard = &guard{lowest: s.h.sequence, epoch: s.h.epoch}
	default:
		l := b.led[s.p]
		g := l.guards[s.h.pid]
		if g == nil {
			g = &guard{lowest: s.h.sequence, epoch: s.h.epoch}
			l.guards[s.h.pid] = g
		}
		if s.h.epoch > g.epoch {
			g.epoch, g.lowest = s.h.epoch, s.h.sequence
		}
		g.lowest = min(g.lowest, s.h.sequence)
		g.tv2 = version >= 12
		s.guard, s.ask = g, true
	}
}

// ask asks the coordinator to add the partitions, or, for an older client, whether that one did.
func (b *Broker) ask(env mailbox.Env, p *produce) {
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.Version = 5
	txn := kmsg.NewAddPartitionsToTxnRequestTransaction()
	txn.TransactionalID = *p.req.TransactionID
	if p.req.Version < 12 {
		req.Version, txn.VerifyOnly = 4, true
	}
	for i := range p.slots {
		s := &p.slots[i]
		if !s.ask {
			continue
		}
		txn.ProducerID, txn.ProducerEpoch = s.h.pid, s.h.epoch
		t := kmsg.NewAddPartitionsToTxnRequestTransactionTopic()
		t.Topic, t.Partitions = s.topic, []int32{s.out.Partition}
		txn.Topics = append(txn.Topics, t)
	}
	req.Transactions = append(req.Transactions, txn)
	to := b.cluster.txns[TxnPartitionOf(txn.TransactionalID)].leader
	b.asked.send(env, Addr(int(to)), 0, req, func(env mailbox.Env, resp kmsg.Response) { b.allowed(env, p, resp) })
}

// allowed is the coordinator's answer.
func (b *Broker) allowed(env mailbox.Env, p *produce, resp kmsg.Response) {
	answers, _ := resp.(*kmsg.AddPartitionsToTxnResponse)
	again := false
	next := 0
	for i := range p.slots {
		s := &p.slots[i]
		if !s.ask {
			continue
		}
		code := networkException
		if answers != nil {
			code = answers.Transactions[0].Topics[next].Partitions[0].ErrorCode
		}
		next++
		if code == concurrentTransactions && p.req.Version >= 12 && p.waited < addPartitionsWait {
			again = true
			continue
		}
		s.ask = false
		s.out.ErrorCode = forProducer(code, p.req.Version)
	}
	if again {
		p.waited += addPartitionsBackoff
		env.After(addPartitionsBackoff, askAgain{p})
		return
	}
	b.append(env, p)
}

// forProducer is the coordinator's answer in the words of a produce response.
func forProducer(code, version int16) int16 {
	switch code {
	case producerFenced:
		return invalidProducerEpoch
	case transactionAbortable:
		if version < 11 {
			return invalidTxnState
		}
	case concurrentTransactions:
		if version < 12 {
			return notEnoughReplicas
		}
	case NotCoordinator, CoordinatorLoadInProgress, CoordinatorNotAvailable, networkException:
		return notEnoughReplicas
	}
	return code
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
		g := s.guard
		if g != nil && l.guards[s.h.pid] != g && !(p.req.Version < 12 && b.cluster.cfg.NoPartitionVerification) {
			g = nil // another leader, or the transaction ended meanwhile
		}
		s.out.BaseOffset, s.out.ErrorCode = s.p.appendData(s.data, &s.h, g, now)
		if s.out.ErrorCode != none {
			s.out.BaseOffset = -1
			continue
		}
		delete(l.guards, s.h.pid)
		s.out.LogStartOffset = s.p.logStart
		p.ends = append(p.ends, end{s.p, s.p.leo, s.p.leaderEpoch, &s.out.ErrorCode})
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
	for _, e := range p.ends {
		b.advance(env, e)
	}
	if p.req.Acks == -1 {
		b.answerProduce(env, p)
	}
}

func (b *Broker) answerProduce(env mailbox.Env, p *produce) {
	if p.req.Acks == 0 {
		b.hangUp(env, p.call)
		return
	}
	resp := kmsg.NewPtrProduceResponse()
	next := 0
	for _, t := range p.req.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = t.Topic
		for range t.Partitions {
			topic.Partitions = append(topic.Partitions, p.slots[next].out)
			next++
		}
		resp.Topics = append(resp.Topics, topic)
	}
	b.answer(env, p.call, resp)
}
