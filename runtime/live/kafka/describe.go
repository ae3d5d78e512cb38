package kafka

import (
	"cmp"
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// describeTxn asks the coordinator of a transactional id what it knows of it, until it is there to answer.
func (g *Gateway) describeTxn(a *asker, m wire.KafkaDescribeTxn) {
	g.serve(a, cmp.Or(m.Deadline, g.cfg.MaxBlock), func(ctx context.Context) mailbox.Msg {
		out := wire.KafkaTxnIs{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: noPID, Epoch: noEpoch}
		err := g.main.until(ctx, func(client *kgo.Client) error {
			req := kmsg.NewPtrDescribeTransactionsRequest()
			req.TransactionalIDs = []string{m.TransactionalID}
			resp, err := req.RequestWith(ctx, client)
			if err != nil {
				return err
			}
			if len(resp.TransactionStates) != 1 {
				return errors.New("read the description of a transaction: it is missing")
			}
			t := resp.TransactionStates[0]
			if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
				return err
			}
			out.State, out.ProducerID, out.Epoch = t.State, t.ProducerID, t.ProducerEpoch
			return nil
		})
		out.Version, out.Err = g.main.level, nameOf(err)
		return out
	})
}
