package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// addPartitionsToTxn is asked by TV1-style clients (v0-3), and by partition leaders (v4-5) for a produce request
// they have: to add the partition (v5) or only to verify that the client did (v4).
func (b *Broker) addPartitionsToTxn(env mailbox.Env, c call, req *kmsg.AddPartitionsToTxnRequest) {
	if req.Version >= 4 {
		b.addForLeader(env, c, req)
		return
	}
	var all []topicPartition
	unknown := false
	for _, t := range req.Topics {
		for _, n := range t.Partitions {
			tp := topicPartition{t.Topic, n}
			all = append(all, tp)
			unknown = unknown || b.cluster.partition(tp) == nil
		}
	}
	reply := func(env mailbox.Env, code int16) {
		if code == protocol.ProducerFenced && req.Version < 2 {
			code = protocol.InvalidProducerEpoch
		}
		resp := kmsg.NewPtrAddPartitionsToTxnResponse()
		for _, t := range req.Topics {
			topic := kmsg.NewAddPartitionsToTxnResponseTopic()
			topic.Topic = t.Topic
			for _, n := range t.Partitions {
				p := kmsg.NewAddPartitionsToTxnResponseTopicPartition()
				p.Partition, p.ErrorCode = n, code
				if code == protocol.OperationNotAttempted && b.cluster.partition(topicPartition{t.Topic, n}) == nil {
					p.ErrorCode = protocol.UnknownTopicOrPartition
				}
				topic.Partitions = append(topic.Partitions, p)
			}
			resp.Topics = append(resp.Topics, topic)
		}
		b.answer(env, c, resp)
	}
	switch {
	case req.TransactionalID == "":
		reply(env, protocol.InvalidRequest)
	case unknown:
		reply(env, protocol.OperationNotAttempted)
	default:
		b.add(env, req.TransactionalID, req.ProducerID, req.ProducerEpoch, all, false, reply)
	}
}

// addForLeader handles the form that has several transactions, all of which must be of this coordinator.
func (b *Broker) addForLeader(env mailbox.Env, c call, req *kmsg.AddPartitionsToTxnRequest) {
	resp := kmsg.NewPtrAddPartitionsToTxnResponse()
	resp.Transactions = make([]kmsg.AddPartitionsToTxnResponseTransaction, len(req.Transactions))
	left := len(req.Transactions)
	if left == 0 {
		b.answer(env, c, resp)
	}
	for i, txn := range req.Transactions {
		var all []topicPartition
		for _, t := range txn.Topics {
			for _, n := range t.Partitions {
				all = append(all, topicPartition{t.Topic, n})
			}
		}
		done := func(env mailbox.Env, codeOf func(topicPartition) int16) {
			out := kmsg.NewAddPartitionsToTxnResponseTransaction()
			out.TransactionalID = txn.TransactionalID
			for _, t := range txn.Topics {
				topic := kmsg.NewAddPartitionsToTxnResponseTransactionTopic()
				topic.Topic = t.Topic
				for _, n := range t.Partitions {
					p := kmsg.NewAddPartitionsToTxnResponseTransactionTopicPartition()
					p.Partition, p.ErrorCode = n, codeOf(topicPartition{t.Topic, n})
					topic.Partitions = append(topic.Partitions, p)
				}
				out.Topics = append(out.Topics, topic)
			}
			resp.Transactions[i] = out
			if left--; left == 0 {
				b.answer(env, c, resp)
			}
		}
		if txn.VerifyOnly {
			done(env, b.verify(txn.TransactionalID, txn.ProducerID, txn.ProducerEpoch))
			continue
		}
		b.add(env, txn.TransactionalID, txn.ProducerID, txn.ProducerEpoch, all, true, func(env mailbox.Env, code int16) {
			done(env, func(topicPartition) int16 { return code })
		})
	}
}

// add makes partitions members of the open transaction, or opens it with them.
func (b *Broker) add(env mailbox.Env, id string, pid int64, epoch int16, partitions []topicPartition, tv2 bool, reply func(mailbox.Env, int16)) {
	e, code := b.lookup(id)
	switch {
	case code != protocol.None:
		reply(env, code)
	case e == nil:
		reply(env, protocol.InvalidProducerIDMapping)
	case e.pending != nil:
		reply(env, protocol.ConcurrentTransactions)
	case e.kept():
		reply(env, e.closed(pid, epoch))
	case e.pid != pid:
		reply(env, protocol.InvalidProducerIDMapping)
	case e.epoch != epoch:
		reply(env, protocol.ProducerFenced)
	case e.state.deciding():
		reply(env, protocol.ConcurrentTransactions)
	case e.state == Ongoing && !slices.ContainsFunc(partitions, func(tp topicPartition) bool { return !e.has(tp) }):
		reply(env, protocol.None)
	default:
		next := e.txnRecord
		if e.state != Ongoing {
			next.state, next.start = Ongoing, millis(env)
		}
		union := append(slices.Clone(next.partitions), partitions...)
		slices.SortFunc(union, compareTopicPartition)
		next.partitions = slices.Compact(union)
		next.tv2 = tv2
		b.begin(env, &transition{entry: e, next: next, last: e.lastEpoch, done: reply})
	}
}

// verify says for each partition whether it is a member of the open transaction. A pending change is no
// obstacle: what is pending is not there yet.
func (b *Broker) verify(id string, pid int64, epoch int16) func(topicPartition) int16 {
	e, code := b.lookup(id)
	switch {
	case code != protocol.None:
	case e != nil && e.kept():
		code = e.closed(pid, epoch)
	case e == nil || e.pid != pid:
		code = protocol.InvalidProducerIDMapping
	case e.epoch != epoch:
		code = protocol.ProducerFenced
	case e.state.deciding():
		code = protocol.ConcurrentTransactions
	}
	return func(tp topicPartition) int16 {
		if code == protocol.None && !(e.state == Ongoing && e.has(tp)) {
			return protocol.TransactionAbortable
		}
		return code
	}
}
