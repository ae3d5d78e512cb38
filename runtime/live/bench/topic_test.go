//go:build unix

package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The topics of a broker.
const (
	topicIn    = "in"
	topicOut   = "out"
	topicBare  = "bare" // what the bare loop writes to
	partitions = 4
)

// broker is a Kafka cluster in this process, and a client of it.
type broker struct {
	t      testing.TB
	at     string
	client *kgo.Client
	fed    atomic.Int64 // records that the topic "in" has
}

func newBroker(t testing.TB) *broker {
	t.Helper()
	fake, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(partitions, topicIn, topicOut, topicBare))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	b := &broker{t: t, at: strings.Join(fake.ListenAddrs(), ",")}
	b.client, err = kgo.NewClient(kgo.SeedBrokers(fake.ListenAddrs()...), kgo.DefaultProduceTopic(topicIn), kgo.MaxBufferedRecords(100_000),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	return b
}

// feed adds records to the input and waits until it has them.
func (b *broker) feed(ctx context.Context, n int) error {
	var failed atomic.Pointer[error]
	from := b.fed.Load()
	for i := from; i < from+int64(n); i++ {
		r := &kgo.Record{Key: fmt.Appendf(nil, "customer-%05d", i%10_000), Value: binary.BigEndian.AppendUint64(nil, uint64(i))}
		b.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	if err := b.client.Flush(ctx); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	b.fed.Add(int64(n))
	return nil
}

// feedAt adds so many records a second, until the context ends. What could not be added in time is added later.
func (b *broker) feedAt(ctx context.Context, perSecond float64) {
	began, before := time.Now(), b.fed.Load()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		due := int64(perSecond*time.Since(began).Seconds()) - (b.fed.Load() - before)
		if err := b.feed(ctx, int(due)); err != nil && ctx.Err() == nil {
			b.t.Errorf("feed the input: %v", err)
			return
		}
	}
}

// written is how many records a topic has, counting the marks that end transactions, of which there are very few.
func (b *broker) written(topic string) int64 {
	req := kmsg.NewPtrListOffsetsRequest()
	of := kmsg.NewListOffsetsRequestTopic()
	of.Topic = topic
	for n := range int32(partitions) {
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = n, -1
		of.Partitions = append(of.Partitions, p)
	}
	req.Topics = append(req.Topics, of)
	resp, err := req.RequestWith(b.t.Context(), b.client)
	if err != nil {
		b.t.Fatal(err)
	}
	n := int64(0)
	for _, p := range resp.Topics[0].Partitions {
		if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
			b.t.Fatal(err)
		}
		n += p.Offset
	}
	return n
}

// committed reads a topic as a read_committed consumer does, and returns what says how many records have come.
func (b *broker) committed(topic string) func() int64 {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(b.at, ",")...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		b.t.Fatal(err)
	}
	var n atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			fetched := client.PollFetches(context.Background())
			if fetched.IsClientClosed() {
				return
			}
			n.Add(int64(fetched.NumRecords()))
		}
	}()
	b.t.Cleanup(func() {
		client.Close()
		<-ended
	})
	return n.Load
}

// watch looks at something that grows a hundred times a second, until it has seen enough.
func (b *broker) watch(count func() int64, enough func(at time.Time, n int64) bool) {
	b.t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for at := range tick.C {
		n := count()
		if enough(at, n) {
			return
		}
		if at.After(deadline) {
			b.t.Fatalf("waited in vain; there are %d records, of %d", n, b.fed.Load())
		}
	}
}
