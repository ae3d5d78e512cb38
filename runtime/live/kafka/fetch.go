package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/runtime/wire"
)

var decompressor = kgo.DefaultDecompressor()

// reader is the connection that waits for one partition's records, and holds up nobody else's.
func (g *Gateway) reader(a *asker, tp topicPartition) *connection {
	if a.readers[tp] == nil {
		a.readers[tp] = g.connect(a.ctx)
	}
	return a.readers[tp]
}

// fetch answers with records. While the leader cannot be reached it looks, from outside, like a partition where
// nothing comes.
func (g *Gateway) fetch(a *asker, m wire.KafkaFetch) {
	c := g.reader(a, topicPartition{m.Topic, m.Partition})
	g.serve(a, m.MaxWait+g.cfg.RequestTimeout, func(ctx context.Context) mailbox.Msg {
		over := time.Now().Add(m.MaxWait)
		nothing := wire.KafkaFetched{Req: m.Req, Topic: m.Topic, Partition: m.Partition, Next: m.Offset}
		for tries := 0; ; tries++ {
			out, err := c.fetchOnce(ctx, m, max(time.Until(over), 0))
			switch {
			case err == nil:
				return out
			case !leavesOpen(err):
				c.forget(m.Topic)
				nothing.Err = nameOf(err)
				return nothing
			}
			c.forget(m.Topic)
			g.cfg.Log.Debug("a fetch from Kafka has failed", "topic", m.Topic, "partition", m.Partition, "cause", err)
			if pause(ctx, g.backoff(tries)) != nil || time.Now().After(over) {
				return nothing
			}
		}
	})
}

func (c *connection) fetchOnce(ctx context.Context, m wire.KafkaFetch, wait time.Duration) (wire.KafkaFetched, error) {
	out := wire.KafkaFetched{Req: m.Req, Topic: m.Topic, Partition: m.Partition, Next: m.Offset}
	client, err := c.dial(ctx)
	if err != nil {
		return out, err
	}
	leaders, err := c.leadersOf(ctx, client, m.Topic)
	if err != nil {
		return out, err
	}
	if m.Partition < 0 || int(m.Partition) >= len(leaders) {
		return out, kerr.UnknownTopicOrPartition
	}
	req := kmsg.NewPtrFetchRequest()
	req.MinBytes, req.MaxBytes, req.MaxWaitMillis = 1, int32(m.MaxBytes), int32(wait.Milliseconds())
	isolation := kgo.ReadUncommitted()
	if m.ReadCommitted {
		req.IsolationLevel, isolation = 1, kgo.ReadCommitted()
	}
	t := kmsg.NewFetchRequestTopic()
	t.Topic = m.Topic
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = m.Partition, m.Offset, int32(m.MaxBytes)
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	answer, err := client.Broker(int(leaders[m.Partition])).Request(ctx, req)
	if err != nil {
		return out, err
	}
	resp := answer.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return out, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return out, errors.New("read the answer to a fetch: it is not of one partition")
	}
	got := &resp.Topics[0].Partitions[0]
	out.Latest, out.HighWatermark = got.HighWatermark, got.HighWatermark
	if m.ReadCommitted {
		out.Latest = got.LastStableOffset
	}
	if err := kerr.ErrorForCode(got.ErrorCode); err != nil {
		return out, err
	}
	// It is franz-go that hides what readers may not see: control records, and the data of aborted transactions.
	read, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{Offset: m.Offset, IsolationLevel: isolation,
		Topic: m.Topic, Partition: m.Partition}, got, decompressor, nil)
	if read.Err != nil && len(read.Records) == 0 {
		return out, kerr.CorruptMessage
	}
	out.Records, out.Next = unpack(read.Records), next
	return out, nil
}

// unpack turns records of a partition into records of the runtime: each is a source record, and its own origin.
func unpack(records []*kgo.Record) (out record.Batch) {
	for _, r := range records {
		out.Append(record.Record{Key: r.Key, Value: recordbatch.Value(r.Value), Count: 1,
			Time: record.EventTime(r.Timestamp.UnixMilli()), Origin: record.Origin{Partition: r.Partition, Offset: r.Offset}})
	}
	return out
}
