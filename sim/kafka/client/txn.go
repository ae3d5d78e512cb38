package client

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// endTxn decides a transaction by the producer id and epoch that the asker has stored. As long as an answer
// leaves the outcome open, the same request follows: anything else might destroy what must be committed.
func (c *Client) endTxn(env mailbox.Env, asker mailbox.Addr, m wire.KafkaEndTxn) {
	limit := m.Deadline
	limit = cmp.Or(limit, c.cfg.MaxBlock)
	answer := func(env mailbox.Env, err string) {
		env.Send(asker, wire.KafkaTxnEnded{Req: m.Req, TransactionalID: m.TransactionalID, Err: err})
	}
	j := c.within(env, asker, limit, func(env mailbox.Env) { answer(env, timedOut) })
	version := int16(5)
	if c.cfg.TransactionVersion.Level() < 2 {
		version = 4
	}
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withCoordinator(env, j, protocol.TransactionCoordinator, m.TransactionalID, func(env mailbox.Env, node int32) {
			req := kmsg.NewPtrEndTxnRequest()
			req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = m.TransactionalID, m.ProducerID, m.Epoch, m.Commit
			c.send(env, node, 0, version, req, func(env mailbox.Env, resp kmsg.Response) {
				if j.over {
					return
				}
				code := protocol.NetworkException
				ended, ok := resp.(*kmsg.EndTxnResponse)
				if ok {
					code = ended.ErrorCode
				}
				if c.retry(env, j, m.TransactionalID, code, try) {
					return
				}
				j.end()
				if code == protocol.None {
					c.resync(m, ended)
				}
				answer(env, protocol.Name(code))
			})
		})
	}
	try(env)
}

// resync tells a living producer of this client that its transaction was ended: the next one starts.
func (c *Client) resync(m wire.KafkaEndTxn, ended *kmsg.EndTxnResponse) {
	for _, p := range c.producers {
		if p.id != m.TransactionalID || p.pid != m.ProducerID || p.epoch != m.Epoch || p.id == "" {
			continue
		}
		p.records, p.begun = 0, false
		for _, l := range p.lanes {
			l.member = false
		}
		if ended.Version >= 5 {
			p.pid, p.epoch = ended.ProducerID, ended.ProducerEpoch
			for _, l := range p.lanes {
				l.sequence = 0
			}
		}
	}
}

// listTxns answers with the open transactions with a prefix.
func (c *Client) listTxns(env mailbox.Env, asker mailbox.Addr, m wire.KafkaListTxns) {
	j := c.within(env, asker, c.cfg.MaxBlock, func(env mailbox.Env) {
		env.Send(asker, wire.KafkaTxnsAre{Req: m.Req, Err: timedOut})
	})
	pattern := regexp.QuoteMeta(m.Prefix) + ".*"
	c.everyTransaction(env, j, func() *kmsg.ListTransactionsRequest {
		req := kmsg.NewPtrListTransactionsRequest()
		req.StateFilters, req.TransactionalIDPattern, req.DurationFilterMillis = []string{"Ongoing"}, &pattern, -1
		return req
	}, func(env mailbox.Env, all []kmsg.ListTransactionsResponseTransactionState) {
		j.end()
		var ids []string
		for _, t := range all {
			ids = append(ids, t.TransactionalID)
		}
		slices.Sort(ids)
		env.Send(asker, wire.KafkaTxnsAre{Req: m.Req, IDs: slices.Compact(ids)})
	})
}

// everyTransaction asks every broker for the transactions that it coordinates, and goes on if the job does. If one does
// not answer all are asked again: its transactions may have moved to one that has answered before.
func (c *Client) everyTransaction(env mailbox.Env, j *job, question func() *kmsg.ListTransactionsRequest,
	then func(env mailbox.Env, all []kmsg.ListTransactionsResponseTransactionState)) {
	var round func(mailbox.Env)
	round = func(env mailbox.Env) {
		if j.over {
			return
		}
		var all []kmsg.ListTransactionsResponseTransactionState
		left, good := len(c.alive), true
		for _, node := range c.alive {
			c.send(env, node, 0, 2, question(), func(env mailbox.Env, resp kmsg.Response) {
				list, ok := resp.(*kmsg.ListTransactionsResponse)
				good = good && ok && list.ErrorCode == protocol.None
				if ok {
					all = append(all, list.TransactionStates...)
				}
				if left--; left > 0 || j.over {
					return
				}
				if !good {
					c.again(env, &j.tries, func(env mailbox.Env) { c.refresh(env, round) })
					return
				}
				then(env, all)
			})
		}
	}
	round(env)
}

// refresh learns which brokers there are.
func (c *Client) refresh(env mailbox.Env, then func(mailbox.Env)) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	c.sendAny(env, 12, req, func(env mailbox.Env, resp kmsg.Response) {
		if found, ok := resp.(*kmsg.MetadataResponse); ok {
			c.learn(found)
		}
		then(env)
	})
}

// commitOffsets stores a group's positions. It is for monitoring only: a failure is forgotten.
func (c *Client) commitOffsets(env mailbox.Env, asker mailbox.Addr, m wire.KafkaCommitOffsets) {
	j := c.within(env, asker, c.cfg.MaxBlock, func(mailbox.Env) {})
	c.withCoordinator(env, j, protocol.GroupCoordinator, m.Group, func(env mailbox.Env, node int32) {
		req := kmsg.NewPtrOffsetCommitRequest()
		req.Group, req.Generation = m.Group, -1
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic = m.Topic
		for i, n := range m.Partitions {
			p := kmsg.NewOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset = n, m.Next[i]
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
		c.send(env, node, 0, 8, req, func(env mailbox.Env, resp kmsg.Response) {
			j.end()
			committed, ok := resp.(*kmsg.OffsetCommitResponse)
			if !ok || len(committed.Topics[0].Partitions) > 0 && committed.Topics[0].Partitions[0].ErrorCode != protocol.None {
				delete(c.coordinators, m.Group)
			}
		})
	})
}
