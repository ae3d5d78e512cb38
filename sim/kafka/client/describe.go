package client

import (
	"cmp"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// describeTxn asks the coordinator of a transactional id what it knows of it, until it is there to answer.
func (c *Client) describeTxn(env mailbox.Env, asker mailbox.Addr, m wire.KafkaDescribeTxn) {
	limit := m.Deadline
	limit = cmp.Or(limit, c.cfg.MaxBlock)
	answer := func(env mailbox.Env, out wire.KafkaTxnIs) {
		out.Req, out.TransactionalID, out.Version = m.Req, m.TransactionalID, c.cfg.TransactionVersion.Level()
		env.Send(asker, out)
	}
	j := c.within(env, asker, limit, func(env mailbox.Env) {
		answer(env, wire.KafkaTxnIs{ProducerID: protocol.NoProducerID, Epoch: protocol.NoEpoch, Err: timedOut})
	})
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withCoordinator(env, j, protocol.TransactionCoordinator, m.TransactionalID, func(env mailbox.Env, node int32) {
			req := kmsg.NewPtrDescribeTransactionsRequest()
			req.TransactionalIDs = []string{m.TransactionalID}
			c.send(env, node, 0, 0, req, func(env mailbox.Env, resp kmsg.Response) {
				if j.over {
					return
				}
				code := protocol.NetworkException
				out := wire.KafkaTxnIs{ProducerID: protocol.NoProducerID, Epoch: protocol.NoEpoch}
				if described, ok := resp.(*kmsg.DescribeTransactionsResponse); ok {
					t := described.TransactionStates[0]
					code = t.ErrorCode
					if code == protocol.None {
						out.State, out.ProducerID, out.Epoch = t.State, t.ProducerID, t.ProducerEpoch
					}
				}
				if c.retry(env, j, m.TransactionalID, code, try) {
					return
				}
				j.end()
				out.Err = protocol.Name(code)
				answer(env, out)
			})
		})
	}
	try(env)
}
