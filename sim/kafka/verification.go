package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// guard stands for the question to the coordinator whether a transaction may be opened at this partition.
// Data may open one only with a guard; what ends the transaction takes it away, so that late data cannot.
type guard struct {
	lowest  int32 // sequence seen while asking
	epoch   int16
	tv2     bool
	unasked bool // verification is switched off
}

// admitToTxn decides whether a transactional batch may go to the log, or the coordinator must be asked first: to add
// the partition, or whether its client did.
func (b *Broker) admitToTxn(s *slot, adds bool) {
	st := s.p.producers[s.h.ProducerID]
	switch {
	case st != nil && s.h.Epoch < st.epoch:
		s.out.ErrorCode = protocol.InvalidProducerEpoch
	case st != nil && st.open() && st.epoch == s.h.Epoch:
		// it is open here already
	case !adds && b.cluster.cfg.NoPartitionVerification:
		s.guard = &guard{lowest: s.h.Sequence, epoch: s.h.Epoch, unasked: true}
	default:
		l := b.led[s.p]
		g := l.guards[s.h.ProducerID]
		if g == nil {
			g = &guard{lowest: s.h.Sequence, epoch: s.h.Epoch}
			l.guards[s.h.ProducerID] = g
		}
		if s.h.Epoch > g.epoch {
			g.epoch, g.lowest = s.h.Epoch, s.h.Sequence
		}
		g.lowest = min(g.lowest, s.h.Sequence)
		g.tv2 = adds
		s.guard, s.ask = g, true
	}
}

// guardOf is the guard of a batch, unless it is gone: another leader, or the transaction ended meanwhile.
func (b *Broker) guardOf(s *slot) *guard {
	if g := s.guard; g != nil && (g.unasked || b.led[s.p].guards[s.h.ProducerID] == g) {
		return g
	}
	return nil
}

// question is what a leader asks the coordinator of a transaction: to add partitions, or whether they are members.
type question struct {
	id         string
	pid        int64
	epoch      int16
	add        bool
	partitions []topicPartition
}

// askCoordinator asks it. Then gets a code for each partition.
func (b *Broker) askCoordinator(env mailbox.Env, q question, then func(env mailbox.Env, codes []int16)) {
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.Version = 5
	txn := kmsg.NewAddPartitionsToTxnRequestTransaction()
	txn.TransactionalID, txn.ProducerID, txn.ProducerEpoch = q.id, q.pid, q.epoch
	if !q.add {
		req.Version, txn.VerifyOnly = 4, true
	}
	for _, tp := range q.partitions {
		t := kmsg.NewAddPartitionsToTxnRequestTransactionTopic()
		t.Topic, t.Partitions = tp.topic, []int32{tp.partition}
		txn.Topics = append(txn.Topics, t)
	}
	req.Transactions = append(req.Transactions, txn)
	to := b.cluster.txns[TxnPartitionOf(q.id)].leader
	answered := func(env mailbox.Env, resp kmsg.Response) {
		answers, ok := resp.(*kmsg.AddPartitionsToTxnResponse)
		codes := make([]int16, len(q.partitions))
		for i := range codes {
			codes[i] = protocol.NetworkException
			if ok {
				codes[i] = answers.Transactions[0].Topics[i].Partitions[0].ErrorCode
			}
		}
		then(env, codes)
	}
	if to == protocol.NoLeader {
		answered(env, nil)
		return
	}
	b.asked.Send(env, b.cluster.addrs[to], 0, req, answered)
}

// ask asks about the batches of a produce request.
func (b *Broker) ask(env mailbox.Env, p *produce) {
	q := question{id: *p.req.TransactionID, add: p.req.Version >= 12}
	for i := range p.slots {
		if s := &p.slots[i]; s.ask {
			q.pid, q.epoch = s.h.ProducerID, s.h.Epoch
			q.partitions = append(q.partitions, topicPartition{s.topic, s.out.Partition})
		}
	}
	b.askCoordinator(env, q, func(env mailbox.Env, codes []int16) { b.allowed(env, p, codes) })
}

// allowed is the coordinator's answer.
func (b *Broker) allowed(env mailbox.Env, p *produce, codes []int16) {
	again := false
	next := 0
	for i := range p.slots {
		s := &p.slots[i]
		if !s.ask {
			continue
		}
		code := codes[next]
		next++
		if code == protocol.ConcurrentTransactions && p.req.Version >= 12 && p.waited < addPartitionsWait {
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
	case protocol.ProducerFenced:
		return protocol.InvalidProducerEpoch
	case protocol.TransactionAbortable:
		if version < 11 {
			return protocol.InvalidTxnState
		}
	case protocol.ConcurrentTransactions:
		if version < 12 {
			return protocol.NotEnoughReplicas
		}
	case protocol.NotCoordinator, protocol.CoordinatorLoadInProgress, protocol.CoordinatorNotAvailable, protocol.NetworkException:
		return protocol.NotEnoughReplicas
	}
	return code
}
