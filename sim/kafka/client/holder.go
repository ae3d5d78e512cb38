package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// findHolder asks the partition's leader for the oldest transaction that is open there, and all brokers whose it is. A
// transaction of which no coordinator knows has no name.
func (c *Client) findHolder(env mailbox.Env, asker mailbox.Addr, m wire.KafkaFindHolder) {
	nobody := wire.KafkaHolderIs{Req: m.Req, Topic: m.Topic, Partition: m.Partition,
		ProducerID: protocol.NoProducerID, Epoch: protocol.NoEpoch, First: -1}
	out := nobody
	j := c.within(env, asker, c.cfg.MaxBlock, func(env mailbox.Env) {
		nobody.Err = timedOut
		env.Send(asker, nobody)
	})
	answer := func(env mailbox.Env, err string) {
		j.end()
		out.Err = err
		env.Send(asker, out)
	}
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withTopic(env, m.Topic, func(env mailbox.Env, code int16) {
			exists := int(m.Partition) < len(c.leaders[m.Topic])
			leader, led := c.leader(m.Topic, m.Partition)
			switch {
			case j.over:
				return
			case code != protocol.None || !exists:
				delete(c.leaders, m.Topic)
				answer(env, protocol.Name(protocol.UnknownTopicOrPartition))
				return
			case !led:
				c.again(env, &j.tries, try)
				return
			}
			req := kmsg.NewPtrDescribeProducersRequest()
			t := kmsg.NewDescribeProducersRequestTopic()
			t.Topic, t.Partitions = m.Topic, []int32{m.Partition}
			req.Topics = append(req.Topics, t)
			c.send(env, leader.node, 0, 0, req, func(env mailbox.Env, resp kmsg.Response) {
				found, ok := resp.(*kmsg.DescribeProducersResponse)
				switch {
				case j.over:
				case !ok || found.Topics[0].Partitions[0].ErrorCode != protocol.None:
					delete(c.leaders, m.Topic)
					c.again(env, &j.tries, try)
				case !oldest(&out, found.Topics[0].Partitions[0].ActiveProducers):
					answer(env, "")
				default:
					c.nameHolder(env, j, &out, func(env mailbox.Env) { answer(env, "") })
				}
			})
		})
	}
	try(env)
}

// oldest finds the producer whose open transaction begins first, if there is one.
func oldest(out *wire.KafkaHolderIs, producers []kmsg.DescribeProducersResponseTopicPartitionActiveProducer) bool {
	for _, p := range producers {
		if first := p.CurrentTxnStartOffset; first >= 0 && (out.First < 0 || first < out.First) {
			out.First, out.ProducerID, out.Epoch = first, p.ProducerID, int16(p.ProducerEpoch)
		}
	}
	return out.First >= 0
}

// nameHolder asks every broker for the transactional id of a producer.
func (c *Client) nameHolder(env mailbox.Env, j *job, out *wire.KafkaHolderIs, then func(mailbox.Env)) {
	c.everyTransaction(env, j, func() *kmsg.ListTransactionsRequest {
		req := kmsg.NewPtrListTransactionsRequest()
		req.ProducerIDFilters, req.DurationFilterMillis = []int64{out.ProducerID}, -1
		return req
	}, func(env mailbox.Env, all []kmsg.ListTransactionsResponseTransactionState) {
		for _, t := range all {
			out.TransactionalID, out.State = t.TransactionalID, t.TransactionState
		}
		then(env)
	})
}
