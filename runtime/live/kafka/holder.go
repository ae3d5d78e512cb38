package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// findHolder asks the partition's leader for the oldest transaction that is open there, and all brokers whose it is. A
// transaction of which no coordinator knows has no name.
func (g *Gateway) findHolder(a *asker, m wire.KafkaFindHolder) {
	g.serve(a, g.cfg.MaxBlock, func(ctx context.Context) mailbox.Msg {
		nobody := wire.KafkaHolderIs{Req: m.Req, Topic: m.Topic, Partition: m.Partition, ProducerID: -1, Epoch: -1, First: -1}
		out := nobody
		err := g.main.until(ctx, func(client *kgo.Client) error {
			out = nobody
			producers, err := producersOf(ctx, client, m.Topic, m.Partition)
			for _, p := range producers {
				if first := p.CurrentTxnStartOffset; first >= 0 && (out.First < 0 || first < out.First) {
					out.First, out.ProducerID, out.Epoch = first, p.ProducerID, int16(p.ProducerEpoch)
				}
			}
			return err
		})
		if err == nil && out.ProducerID >= 0 {
			var all []kmsg.ListTransactionsResponseTransactionState
			req := kmsg.NewPtrListTransactionsRequest()
			req.ProducerIDFilters, req.DurationFilterMillis = []int64{out.ProducerID}, -1
			all, err = g.everyTransaction(ctx, req)
			for _, t := range all {
				out.TransactionalID, out.State = t.TransactionalID, t.TransactionState
			}
		}
		if err != nil {
			nobody.Err = nameOf(err)
			return nobody
		}
		return out
	})
}

// producersOf are the producers that a partition knows.
func producersOf(ctx context.Context, client *kgo.Client, topic string, partition int32) ([]kmsg.DescribeProducersResponseTopicPartitionActiveProducer, error) {
	req := kmsg.NewPtrDescribeProducersRequest()
	t := kmsg.NewDescribeProducersRequestTopic()
	t.Topic, t.Partitions = topic, []int32{partition}
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if t.Topic == topic && p.Partition == partition {
				return p.ActiveProducers, kerr.ErrorForCode(p.ErrorCode)
			}
		}
	}
	return nil, kerr.UnknownTopicOrPartition
}
