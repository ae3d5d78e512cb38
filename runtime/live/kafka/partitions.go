package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The timestamps that ask for the ends of a partition.
const (
	latest   int64 = -1
	earliest int64 = -2
)

// partitions answers how many partitions a topic has, and where they begin and end.
func (g *Gateway) partitions(a *asker, m wire.KafkaPartitions) {
	g.serve(a, g.cfg.MaxBlock, func(ctx context.Context) mailbox.Msg {
		out := wire.KafkaPartitionsAre{Req: m.Req, Topic: m.Topic}
		err := g.main.until(ctx, func(client *kgo.Client) error {
			leaders, err := g.main.askLeaders(ctx, client, m.Topic)
			if err != nil {
				return err
			}
			if out.Earliest, err = ends(ctx, client, m.Topic, len(leaders), earliest); err == nil {
				out.Latest, err = ends(ctx, client, m.Topic, len(leaders), latest)
			}
			return err
		})
		if err != nil {
			out.Earliest, out.Latest, out.Err = nil, nil, nameOf(err)
		}
		return out
	})
}

// ends asks where the partitions of a topic begin, or where they end.
func ends(ctx context.Context, client *kgo.Client, topic string, partitions int, timestamp int64) ([]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	for n := range int32(partitions) {
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = n, timestamp
		t.Partitions = append(t.Partitions, p)
	}
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	offsets, answered := make([]int64, partitions), 0
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, err
			}
			if t.Topic == topic && p.Partition >= 0 && int(p.Partition) < partitions {
				offsets[p.Partition] = p.Offset
				answered++
			}
		}
	}
	if answered < partitions {
		return nil, kerr.LeaderNotAvailable // somebody did not answer
	}
	return offsets, nil
}
