package broker

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flinch-dev/flinch/sim/kafka"
)

// targets are the clusters that are measured: the served model, and kfake, the best known other one.
var targets = []struct {
	name  string
	start func(b *testing.B, topics int) (seeds []string, stop func())
}{
	{"model", func(b *testing.B, topics int) ([]string, func()) {
		cfg := Config{Kafka: kafka.Config{Brokers: 1}}
		for i := range topics {
			cfg.Topics = append(cfg.Topics, Topic{"t" + strconv.Itoa(i), 4})
		}
		s, err := Start(cfg)
		if err != nil {
			b.Fatal(err)
		}
		return s.Addrs(), func() { s.Close() }
	}},
	{"kfake", func(b *testing.B, topics int) ([]string, func()) {
		var names []string
		for i := range topics {
			names = append(names, "t"+strconv.Itoa(i))
		}
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, names...))
		if err != nil {
			b.Fatal(err)
		}
		return c.ListenAddrs(), c.Close
	}},
}

const benchRecords = 1_000_000

var value = make([]byte, 100)

func produceAll(b *testing.B, seeds []string, topic string, opts ...kgo.Opt) {
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(seeds...), kgo.DefaultProduceTopic(topic)}, opts...)...)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fail := func(_ *kgo.Record, err error) {
		if err != nil {
			b.Error(err)
		}
	}
	for range benchRecords {
		client.Produce(ctx, &kgo.Record{Value: value}, fail)
	}
	if err := client.Flush(ctx); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkProduce is a million records of 100 bytes each time, from an idempotent producer with its defaults, and
// without compression. By default the client compresses (snappy), and then the model is slower than kfake, by a tenth to a
// quarter: it unpacks each batch and looks at its records, as Kafka does and kfake does not. That is nine tenths of the
// server's own work, and a tenth of all. Without compression it is faster.
func BenchmarkProduce(b *testing.B) {
	for _, codec := range []struct {
		name string
		opts []kgo.Opt
	}{{"defaults", nil}, {"uncompressed", []kgo.Opt{kgo.ProducerBatchCompression(kgo.NoCompression())}}} {
		for _, target := range targets {
			b.Run(codec.name+"/"+target.name, func(b *testing.B) {
				seeds, stop := target.start(b, 1)
				defer stop()
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				for b.Loop() {
					produceAll(b, seeds, "t0", codec.opts...)
				}
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(benchRecords*b.N)/b.Elapsed().Seconds(), "records/s")
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6/float64(b.N), "MB/million")
			})
		}
	}
}

// BenchmarkFetch is a million records of 100 bytes each time, from a topic that has them, by a new consumer.
func BenchmarkFetch(b *testing.B) {
	for _, target := range targets {
		b.Run(target.name, func(b *testing.B) {
			seeds, stop := target.start(b, 1)
			defer stop()
			produceAll(b, seeds, "t0")
			for b.Loop() {
				client, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.ConsumeTopics("t0"))
				if err != nil {
					b.Fatal(err)
				}
				for n := 0; n < benchRecords; {
					f := client.PollFetches(context.Background())
					if err := f.Err(); err != nil {
						b.Fatal(err)
					}
					n += f.NumRecords()
				}
				client.Close()
			}
			b.ReportMetric(float64(benchRecords*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkTransaction is a transaction with one record each time, one after the other.
func BenchmarkTransaction(b *testing.B) {
	for _, target := range targets {
		b.Run(target.name, func(b *testing.B) {
			seeds, stop := target.start(b, 1)
			defer stop()
			client, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.DefaultProduceTopic("t0"), kgo.TransactionalID("bench"))
			if err != nil {
				b.Fatal(err)
			}
			defer client.Close()
			ctx := context.Background()
			for b.Loop() {
				if err := client.BeginTransaction(); err != nil {
					b.Fatal(err)
				}
				if err := client.ProduceSync(ctx, &kgo.Record{Value: value}).FirstErr(); err != nil {
					b.Fatal(err)
				}
				if err := client.EndTransaction(ctx, kgo.TryCommit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
