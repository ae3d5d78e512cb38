//go:build unix

package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flinch-dev/flinch/runtime/plan"
)

const copied = 5_000_000 // records

// measureCopy brings the records of one topic into another: by a loop over a client, which promises nothing, and by a
// job that is exactly-once. Both are given the same topic of the same broker.
func measureCopy(t *testing.T, all *table) {
	var bare, job, ratio []float64
	for run := range *runs {
		t.Run(fmt.Sprint("run-", run), func(t *testing.T) {
			b := newBroker(t)
			if err := b.feed(t.Context(), copied); err != nil {
				t.Fatal(err)
			}
			bare = append(bare, loop(t, b))
			job = append(job, copyJob(t, b))
			ratio = append(ratio, 100*job[len(job)-1]/bare[len(bare)-1])
		})
	}
	all.figure("Kafka to Kafka, bare loop of a client: million records/s", "%.2f", bare)
	all.figure("Kafka to Kafka, exactly-once job, 2 TaskManagers, a checkpoint every 1 s: million records/s", "%.2f", job)
	all.figure("  job to loop (%)", "%.0f", ratio)
}

func loop(t *testing.T, b *broker) float64 {
	o := order{Role: bareLoop, Profile: profileOf("loop")}
	o.Places.Kafka = b.at
	m := start(t, "loop", o, func(m *member, line []byte) { t.Logf("%s: %s", m.name, line) })
	defer m.end()
	return rate(b, topicBare)
}

func copyJob(t *testing.T, b *broker) float64 {
	launch(t, 1, 2, plan.Pipeline{Name: "copy", Parallelism: 2, Operators: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource, Topic: topicIn},
		{Name: "sink", Kind: plan.KafkaSink, Topic: topicOut, Guarantee: plan.ExactlyOnce, TransactionPrefix: "copy", TransactionTimeout: 10 * time.Minute}}},
		b.at, map[string]string{"execution.checkpointing.interval": "1 s"})
	return rate(b, topicOut)
}

// rate is how fast a topic grows, from its first records until it has them all: in millions a second.
func rate(b *broker, topic string) float64 {
	var first time.Time
	var had int64
	var result float64
	b.watch(func() int64 { return b.written(topic) }, func(at time.Time, n int64) bool {
		if first.IsZero() && n > 0 {
			first, had = at, n
		}
		if n >= copied {
			result = float64(n-had) / at.Sub(first).Seconds() / 1e6
		}
		return n >= copied
	})
	return result
}

// copyLoop is the bare loop.
func copyLoop(ctx context.Context, brokers string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.ConsumeTopics(topicIn), kgo.DefaultProduceTopic(topicBare),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer client.Close()
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			client.Produce(ctx, &kgo.Record{Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}, nil)
		})
	}
	return nil
}
