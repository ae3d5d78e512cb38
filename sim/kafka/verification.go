package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// guard stands for the question to the coordinator whether a transaction may be opened at this partition.
// Data may open one only with a guard; what ends the transaction takes it away, so that late data cannot.
type guard struct {
	lowest  int32 // sequence seen while asking
	epoch   int16
	tv2     bool
	unasked bool // verification is switched off
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
		s.guard = &guard{lowest: s.h.sequence, epoch: s.h.epoch, unasked: true}
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
	b.asked.send(env, b.cluster.addrs[to], 0, req, func(env mailbox.Env, resp kmsg.Response) { b.allowed(env, p, resp) })
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
