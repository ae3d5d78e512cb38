package kafka

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/connector/kafkatest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// everywhere are the stories that ask nothing of a cluster but that it is one.
var everywhere = []struct {
	says  string
	holds func(b *bench)
}{
	{"what others have written is read", readsOthers},
	{"a fetch that waits holds up no other", waitsAlone},
	{"a timeout that is too long is refused", refusesLongTimeouts},
	{"positions of a group are stored", storesPositions},
}

func TestStoriesOfAnyCluster(t *testing.T) {
	for _, story := range everywhere {
		t.Run(story.says, func(t *testing.T) { story.holds(start(t, kfake.NumBrokers(1))) })
	}
}

// readsOthers: input topics are written by anybody, compressed, and with values that are no numbers.
func readsOthers(b *bench) {
	end := int64(0)
	for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		other, err := kgo.NewClient(kgo.SeedBrokers(b.brokers...), kgo.ProducerBatchCompression(codec),
			kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic(kafkatest.Topic))
		if err != nil {
			b.t.Fatal(err)
		}
		at := time.UnixMilli(1_700_000_000_123)
		var records []*kgo.Record
		for n := range byte(100) {
			records = append(records, &kgo.Record{Key: []byte("key"), Value: []byte{0, 0, 0, 0, 0, 0, 1, n}, Timestamp: at})
		}
		records = append(records, &kgo.Record{Value: []byte("not a number"), Timestamp: at})
		if err := other.ProduceSync(b.t.Context(), records...).FirstErr(); err != nil {
			b.t.Fatal(err)
		}
		other.Close()
		end += int64(len(records))
		b.fetch(0, end-3, time.Second)
		got := hear[wire.KafkaFetched](b)
		words := fmt.Sprintln(got.Next, got.Latest, got.Err)
		for r := range got.Records.All() {
			words += fmt.Sprintf("%q %d at %d from %v\n", r.Key, r.Value, r.Time, r.Origin)
		}
		b.is("read", words, fmt.Sprintf("%d %d \n\"key\" 354 at 1700000000123 from 0@%d\n\"key\" 355 at 1700000000123 from 0@%d\n"+
			"\"\" 0 at 1700000000123 from 0@%d\n", end, end, end-3, end-2, end-1))
	}
}

// waitsAlone: a source has several partitions at one broker, and nothing comes in one of them.
func waitsAlone(b *bench) {
	b.fetch(0, 0, time.Hour)
	b.write("", "d")
	b.fetch(1, 0, time.Hour)
	b.is("the partition", hear[wire.KafkaFetched](b).Partition, int32(1))
	b.produce("", "x")
	b.is("the partition", hear[wire.KafkaFetched](b).Partition, int32(0))
}

// refusesLongTimeouts: that is a mistake in the job's configuration, and final.
func refusesLongTimeouts(b *bench) {
	b.Ask(first, wire.KafkaInitProducer{TransactionalID: "a", Timeout: 24 * time.Hour})
	b.is("the init", hear[wire.KafkaProducerReady](b), wire.KafkaProducerReady{TransactionalID: "a", ProducerID: noPID, Epoch: noEpoch, Err: "INVALID_TRANSACTION_TIMEOUT"})
	b.Ask(first, wire.KafkaFlush{TransactionalID: "a"})
	b.is("a flush", hear[wire.KafkaFlushed](b).Err, "INVALID_PRODUCER_ID_MAPPING")
}

// storesPositions: nobody is told when, so who wants to see them looks until they are there.
func storesPositions(b *bench) {
	b.Ask(first, wire.KafkaCommitOffsets{Group: "job", Topic: kafkatest.Topic, Partitions: []int32{0, 1}, Next: []int64{7, 8}})
	client, err := kgo.NewClient(kgo.SeedBrokers(b.brokers...))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	eventually(b.t, b.t.Context(), "look for the positions", func(ctx context.Context) error {
		if got, err := positions(ctx, client, "job"); got != "map[0:7 1:8]" {
			return fmt.Errorf("they are %q (%w)", got, err)
		}
		return nil
	})
}

func positions(ctx context.Context, client *kgo.Client, group string) (string, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	req.Groups = append(req.Groups, g)
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return "", err
	}
	at := map[int32]int64{}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return "", err
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				at[p.Partition] = p.Offset
			}
		}
	}
	return fmt.Sprint(at), nil
}

// eventually asks until it is so.
func eventually(t testing.TB, ctx context.Context, what string, ask func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for tries := 0; ; tries++ {
		err := ask(ctx)
		if err == nil {
			return
		}
		if pause(ctx, 10*time.Millisecond) != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}
