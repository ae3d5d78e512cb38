package kafka

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/flinch-dev/flinch/runtime/connector/kafkatest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

const first = kafkatest.First

// hear waits for an answer of one kind. Of acknowledgements on the way only an error is of interest.
func hear[M mailbox.Msg](b *bench) M {
	b.t.Helper()
	for {
		switch m := b.Answer(first).(type) {
		case M:
			return m
		case wire.KafkaProduced:
			b.failed = cmp.Or(b.failed, m.Err)
		default:
			var want M
			b.t.Fatalf("waits for %q, and hears %+v", want.Word(), m)
		}
	}
}

func (b *bench) open(id string) wire.KafkaProducerReady {
	b.t.Helper()
	b.Ask(first, wire.KafkaInitProducer{TransactionalID: id, Timeout: time.Minute})
	return hear[wire.KafkaProducerReady](b)
}

// produce hands over records with a key each: "x" belongs to partition 0, "d" to partition 1.
func (b *bench) produce(id string, keys ...string) {
	var batch record.Batch
	for i, key := range keys {
		batch.Append(record.Record{Key: []byte(key), Value: int64(i), Count: 1})
	}
	b.Ask(first, wire.KafkaProduce{TransactionalID: id, Topic: kafkatest.Topic, Records: batch})
}

// write waits until the records are flushed, too.
func (b *bench) write(id string, keys ...string) wire.KafkaFlushed {
	b.t.Helper()
	b.produce(id, keys...)
	b.Ask(first, wire.KafkaFlush{TransactionalID: id})
	return hear[wire.KafkaFlushed](b)
}

func (b *bench) fetch(partition int32, offset int64, wait time.Duration) {
	b.Ask(first, wire.KafkaFetch{Topic: kafkatest.Topic, Partition: partition, Offset: offset, MaxBytes: 1 << 20, MaxWait: wait})
}

func (b *bench) is(what string, got, want any) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestRecordsAndFetchesFollowTheLeader(t *testing.T) {
	b := start(t)
	b.open("a")
	for n := range int32(5) {
		if err := b.cluster.MoveTopicPartition(kafkatest.Topic, 0, n%3); err != nil {
			t.Fatal(err)
		}
		flushed := b.write("a", "x", "d")
		b.is("flushed", fmt.Sprint(flushed.Records, flushed.Err), fmt.Sprint(2*(n+1), ""))
		b.fetch(0, int64(n), time.Minute)
		b.is("read", hear[wire.KafkaFetched](b).Records.N, 1)
	}
}

// A request is lost with its connection, and a batch is in the log although the broker says that it took too long. The
// same request follows, and what is there already is not written again.
func TestARequestIsRepeatedAndNothingIsWrittenTwice(t *testing.T) {
	b := start(t)
	ready := b.open("a")
	late := b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.RequestTimedOut})
	var broken atomic.Int32
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.EndTxn} {
		b.cluster.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			broken.Add(1)
			return nil, errors.New("the connection breaks"), true
		})
	}
	flushed := b.write("a", "x", "x", "d")
	b.is("flushed", fmt.Sprint(flushed.Records, flushed.Err), fmt.Sprint(3, ""))
	b.Ask(first, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true})
	b.is("the commit", hear[wire.KafkaTxnEnded](b).Err, "")
	b.is("in partition 0, with a marker", b.cluster.PartitionInfo(kafkatest.Topic, 0).HighWatermark, int64(3))
	b.is("connections that broke", broken.Load(), int32(2))
	b.is("batches that were late", late.Hits(), 1)
}

// Answers that leave the outcome open: the transaction before is still being ended, a coordinator moves, replicas are
// away. Each request gets one a few times.
func TestWhatIsOpenIsAskedAgain(t *testing.T) {
	for _, release := range []*kversion.Versions{kversion.V3_9_0(), kversion.Stable()} {
		for key, answers := range map[kmsg.Key][]*kerr.Error{
			kmsg.InitProducerID:     {kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress},
			kmsg.AddPartitionsToTxn: {kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress},
			kmsg.EndTxn:             {kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress},
			kmsg.Produce:            {kerr.ConcurrentTransactions, kerr.NotLeaderForPartition, kerr.NotEnoughReplicas, kerr.UnknownTopicOrPartition},
			kmsg.Fetch:              {kerr.NotLeaderForPartition, kerr.FencedLeaderEpoch},
			kmsg.ListOffsets:        {kerr.NotLeaderForPartition, kerr.OffsetNotAvailable},
		} {
			b := start(t, kfake.MaxVersions(release))
			for _, err := range answers {
				b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: err, Count: 3})
			}
			ready := b.open("a")
			b.is("the init", ready.Err, "")
			flushed := b.write("a", "x", "x", "d")
			b.is("flushed", fmt.Sprint(flushed.Records, flushed.Err), fmt.Sprint(3, ""))
			b.Ask(first, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true})
			b.is("the commit", hear[wire.KafkaTxnEnded](b).Err, "")
			b.fetch(0, 0, time.Minute)
			b.is("read", hear[wire.KafkaFetched](b).Records.N, 2)
			b.Ask(first, wire.KafkaPartitions{Topic: kafkatest.Topic})
			b.is("the ends", fmt.Sprint(hear[wire.KafkaPartitionsAre](b).Latest), "[3 2]")
		}
	}
}

// A cluster offers the newest requests whatever its transaction.version is, so that is what counts.
func TestTransactionsAreDoneAsTheClusterDoesThem(t *testing.T) {
	for _, c := range []struct {
		release         *kversion.Versions
		level           int16
		produce, endTxn int16
	}{{kversion.V3_9_0(), 0, 11, 4}, {kversion.Stable(), 1, 11, 4}, {kversion.Stable(), 2, 12, 5}} {
		b := start(t, kfake.MaxVersions(c.release))
		if c.level == 1 {
			b.downgrade("transaction.version", 1)
		}
		var mu sync.Mutex
		seen := map[int16]int16{}
		b.cluster.Control(func(r kmsg.Request) (kmsg.Response, error, bool) {
			b.cluster.KeepControl()
			mu.Lock()
			defer mu.Unlock()
			seen[r.Key()] = r.GetVersion()
			return nil, nil, false
		})
		ready := b.open("a")
		b.write("a", "x")
		b.Ask(first, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true})
		b.is("the commit", hear[wire.KafkaTxnEnded](b).Err, "")
		mu.Lock()
		b.is("produce", seen[int16(kmsg.Produce)], c.produce)
		b.is("end of the transaction", seen[int16(kmsg.EndTxn)], c.endTxn)
		_, joined := seen[int16(kmsg.AddPartitionsToTxn)]
		b.is("the client adds partitions", joined, c.endTxn < 5)
		mu.Unlock()
	}
}

func (b *bench) downgrade(feature string, level int16) {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.brokers...))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	req := kmsg.NewPtrUpdateFeaturesRequest()
	f := kmsg.NewUpdateFeaturesRequestFeatureUpdate()
	f.Feature, f.MaxVersionLevel, f.UpgradeType = feature, level, 2
	req.FeatureUpdates = append(req.FeatureUpdates, f)
	resp, err := req.RequestWith(b.t.Context(), client)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// An id is opened again while records of its former producer are tried again and again. Had they gone on, they would
// be refused by now, and the new one's owner would take that for its own failure.
func TestWhatIsLeftOfAFormerProducerIsForgotten(t *testing.T) {
	b := start(t)
	b.open("a")
	stuck := b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	b.produce("a", "x")
	if err := stuck.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	b.open("a")
	stuck.Remove()
	for n := range 50 {
		flushed := b.write("a", "x")
		b.is("flushed", fmt.Sprint(flushed.Records, flushed.Err), fmt.Sprint(n+1, ""))
	}
	b.is("what its owner was told", b.failed, "")
	b.is("in partition 0", b.cluster.PartitionInfo(kafkatest.Topic, 0).HighWatermark, int64(50))
}

// After a final error a producer sends nothing more: what follows would be out of order.
func TestAProducerThatHasFailedWritesNothing(t *testing.T) {
	b := start(t)
	b.open("a")
	b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.TopicAuthorizationFailed})
	for range 3 {
		b.is("the flush", b.write("a", "x").Err, "TOPIC_AUTHORIZATION_FAILED")
	}
	b.is("in partition 0", b.cluster.PartitionInfo(kafkatest.Topic, 0).HighWatermark, int64(0))
}

// Nobody answers: the producer gives up after delivery.timeout.ms, and says so once.
func TestRecordsThatCannotBeDeliveredFailTheProducer(t *testing.T) {
	b := startWith(t, Config{DeliveryTimeout: 200 * time.Millisecond})
	b.open("a")
	b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1})
	b.is("the flush", b.write("a", "x").Err, "TIMED_OUT")
	b.is("another flush", b.write("a", "x").Err, "TIMED_OUT")
}

func TestAGatewayNeedsABroker(t *testing.T) {
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "no broker is named") {
		t.Errorf("without one: %v", err)
	}
	if _, err := New(Config{Brokers: []string{"127.0.0.1:9092"}, Options: []kgo.Opt{kgo.MaxBufferedRecords(0)}}); err == nil || !strings.Contains(err.Error(), "the options are no good") {
		t.Errorf("with an option that cannot be: %v", err)
	}
}
