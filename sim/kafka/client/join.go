package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// join tells the coordinator of new partitions in the transaction, as clients did before TV2.
func (c *Client) join(env mailbox.Env, p *producer, lanes []*lane) {
	p.backing = true // nothing leaves before the answer is there
	p.begun = true
	j := c.within(env, p.asker, c.cfg.MaxBlock, func(env mailbox.Env) { c.fail(env, p, timedOut) })
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withCoordinator(env, j, protocol.TransactionCoordinator, p.id, func(env mailbox.Env, node int32) {
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
				code := protocol.NetworkException
				if added, ok := resp.(*kmsg.AddPartitionsToTxnResponse); ok {
					code = added.Topics[0].Partitions[0].ErrorCode
				}
				if j.over || c.retry(env, j, p.id, code, try) {
					return
				}
				j.end()
				if code != protocol.None {
					c.fail(env, p, protocol.Name(code))
					return
				}
				for _, l := range lanes {
					l.member = true
				}
				p.backing = false
				c.pump(env, p)
			})
		})
	}
	try(env)
}
