package broker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// patience is how long a story waits for what must come.
const patience = 2 * time.Minute

// lab is a served cluster with the topic "out" of two partitions.
type lab struct {
	t testing.TB
	*Server
	ctx context.Context
}

func start(t testing.TB, cfg Config) *lab {
	cfg.Topics = append(cfg.Topics, Topic{"out", 2})
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(func() {
		cancel()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &lab{t, s, ctx}
}

// client is an ordinary client.
func (l *lab) client(opts ...kgo.Opt) *kgo.Client {
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(l.Addrs()...), kgo.DefaultProduceTopic("out")}, opts...)...)
	l.must(err)
	l.t.Cleanup(c.Close)
	return c
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// produce sends records whose values are numbers, and waits until they are written.
func (l *lab) produce(c *kgo.Client, from, to int) {
	l.t.Helper()
	for i := from; i < to; i++ {
		n := strconv.Itoa(i)
		c.Produce(l.ctx, &kgo.Record{Key: []byte(n), Value: []byte("value " + n)}, func(_ *kgo.Record, err error) {
			if err != nil {
				l.t.Error(err)
			}
		})
	}
	l.must(c.Flush(l.ctx))
}

// both are the partitions of "out", from the start.
func both() kgo.Opt {
	return kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"out": {0: kgo.NewOffset().AtStart(), 1: kgo.NewOffset().AtStart()}})
}

// reads consumes until it has as many records, each of which must be there once.
func (l *lab) reads(c *kgo.Client, from, to int) {
	l.t.Helper()
	seen := map[string]int{}
	for n := 0; n < to-from; {
		f := c.PollFetches(l.ctx)
		l.must(f.Err())
		f.EachRecord(func(r *kgo.Record) {
			n++
			if seen[string(r.Key)]++; string(r.Value) != "value "+string(r.Key) {
				l.t.Errorf("record %s is %q", r.Key, r.Value)
			}
		})
	}
	for i := from; i < to; i++ {
		if seen[strconv.Itoa(i)] != 1 {
			l.t.Fatalf("record %d came %d times", i, seen[strconv.Itoa(i)])
		}
	}
}

// endTxn is a commit or an abort by an id and epoch that somebody wrote down.
func (l *lab) endTxn(c *kgo.Client, id string, pid int64, epoch int16, commit bool) error {
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = id, pid, epoch, commit
	resp, err := req.RequestWith(l.ctx, c)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}

// A sink writes, notes its producer's id and epoch with the checkpoint, and dies. Whoever restores the checkpoint
// commits by the id and epoch alone; who restores an older one aborts. Readers see what was committed, once.
func TestATransactionIsCommittedAfterTheDeathOfItsProducer(t *testing.T) {
	l := start(t, Config{})
	raw := l.client()
	const each = 200_000
	for round := range 5 {
		id := "sink-" + strconv.Itoa(round)
		sink := l.client(kgo.TransactionalID(id))
		l.must(sink.BeginTransaction())
		l.produce(sink, round*each, (round+1)*each)
		pid, epoch, err := sink.ProducerID(l.ctx)
		l.must(err)
		sink.Close()
		l.must(l.endTxn(raw, id, pid, epoch, true))

		lost := l.client(kgo.TransactionalID(id + "-lost"))
		l.must(lost.BeginTransaction())
		l.produce(lost, 0, 100)
		pid, epoch, err = lost.ProducerID(l.ctx)
		l.must(err)
		lost.Close()
		l.must(l.endTxn(raw, id+"-lost", pid, epoch, false))
	}
	l.reads(l.client(both(), kgo.FetchIsolationLevel(kgo.ReadCommitted())), 0, 5*each)
}

// Older clusters finish transactions in their own way; a client finds out by the cluster's features.
func TestTransactionsOfEveryVersion(t *testing.T) {
	for _, v := range []protocol.TransactionVersion{protocol.TV0, protocol.TV1, protocol.TV2} {
		t.Run(fmt.Sprint("transaction.version ", v-protocol.TV0), func(t *testing.T) {
			l := start(t, Config{Kafka: kafka.Config{TransactionVersion: v}})
			sink := l.client(kgo.TransactionalID("sink"))
			for round := range 3 {
				l.must(sink.BeginTransaction())
				l.produce(sink, 100*round, 100*round+100)
				l.must(sink.EndTransaction(l.ctx, kgo.TryCommit))
				l.must(sink.BeginTransaction())
				l.produce(sink, 0, 10)
				l.must(sink.EndTransaction(l.ctx, kgo.TryAbort))
			}
			l.reads(l.client(both(), kgo.FetchIsolationLevel(kgo.ReadCommitted())), 0, 300)
		})
	}
}

// Whatever a client packs its records with, they are stored as they came, and every reader can unpack them.
func TestEveryCodecIsServed(t *testing.T) {
	for name, codec := range map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()} {
		t.Run(name, func(t *testing.T) {
			l := start(t, Config{})
			l.produce(l.client(kgo.ProducerBatchCompression(codec)), 0, 5000)
			l.reads(l.client(both()), 0, 5000)
		})
	}
}

// A reader starts at a time: the leader looks into batches for it, packed ones too.
func TestReadingStartsAtATime(t *testing.T) {
	l := start(t, Config{})
	c := l.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	var all []*kgo.Record
	for i := range 100 {
		n := strconv.Itoa(i)
		all = append(all, &kgo.Record{Key: []byte(n), Value: []byte("value " + n), Timestamp: time.UnixMilli(int64(1000 + i))})
	}
	l.must(c.ProduceSync(l.ctx, all...).FirstErr())
	l.reads(l.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"out": {0: kgo.NewOffset().AfterMilli(1070)}})), 70, 100)
}

// Many clients write and read at the same time, to three brokers. Each reader has every record.
func TestManyClientsAtOnce(t *testing.T) {
	l := start(t, Config{})
	const writers, each = 8, 2000
	done := make(chan bool)
	for w := range writers {
		opts := []kgo.Opt{}
		if w%2 == 0 {
			opts = append(opts, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
		}
		c := l.client(opts...)
		go func() {
			l.produce(c, w*each, (w+1)*each)
			done <- true
		}()
	}
	for range 4 {
		c := l.client(both())
		go func() {
			l.reads(c, 0, writers*each)
			done <- true
		}()
	}
	for range writers + 4 {
		<-done
	}
}

// A client that wants no answers gets none, and its records are there all the same.
func TestNoAnswerIsWanted(t *testing.T) {
	l := start(t, Config{})
	c := l.client(kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
	for i := range 10 {
		l.produce(c, i*100, (i+1)*100)
	}
	l.reads(l.client(both()), 0, 1000)
}

// The coordinator is away, as a scenario says, and comes back. A client that tries again gets through. It is away for longer
// than a first request takes on a machine with much else to do.
func TestAFaultOfAScenarioStrikes(t *testing.T) {
	t.Parallel()
	for line, answer := range map[string]error{
		"kafka.coordinator.unavailable @0s for 3s name=away":                 kerr.CoordinatorNotAvailable,
		"kafka.coordinator.unavailable @0s for 3s name=reading mode=loading": kerr.CoordinatorLoadInProgress,
	} {
		f, err := fault.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			l := start(t, Config{Kafka: kafka.Config{Brokers: 1}, Faults: []fault.Fault{f}})
			c := l.client()
			var said []error
			for !slices.Contains(said, nil) {
				req := kmsg.NewPtrInitProducerIDRequest()
				req.TransactionalID, req.TransactionTimeoutMillis = kmsg.StringPtr("sink"), 60_000
				resp, err := c.Broker(0).Request(l.ctx, req)
				l.must(err)
				err = kerr.ErrorForCode(resp.(*kmsg.InitProducerIDResponse).ErrorCode)
				if len(said) == 0 || said[len(said)-1] != err {
					said = append(said, err)
				}
			}
			if !slices.Equal(said, []error{answer, nil}) {
				t.Errorf("the coordinator said %v", said)
			}
		})
	}
	if _, err := Start(Config{Faults: []fault.Fault{{Inject: "taskmanager.kill", At: &fault.Moment{}}}}); err == nil {
		t.Error("a TaskManager can be killed where there is none")
	}
}

// Followers lag, as a scenario says, and catch up. Who wants all replicas to have his records waits, is refused, and gets
// through. A follower is out of sync long after a first request has waited in vain, and still lags long after that.
func TestAReplicaLagsBehind(t *testing.T) {
	t.Parallel()
	var faults []fault.Fault
	for _, line := range []string{"kafka.replica.lag target=kafka:name:kafka-1 @0s for 6s name=one", "kafka.replica.lag target=kafka:name:kafka-2 @0s for 6s name=other"} {
		f, err := fault.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	l := start(t, Config{Kafka: kafka.Config{MinInSyncReplicas: 2, ReplicaLagTimeMax: time.Second}, Faults: faults,
		Topics: []Topic{{"safe", 1}}})
	named := kversion.Stable()
	named.SetMaxKeyVersion(kmsg.Produce.Int16(), 12) // the next one has ids of topics
	c := l.client(kgo.MaxVersions(named))
	leader := -1
	l.Do(func(c *kafka.Cluster) { leader = c.Leader("safe", 0) })
	var said []error
	for !slices.Contains(said, nil) {
		req := produce(-1, batch())
		req.Topics[0].Topic, req.TimeoutMillis = "safe", 100
		resp, err := c.Broker(leader).Request(l.ctx, req)
		l.must(err)
		err = kerr.ErrorForCode(resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode)
		if len(said) == 0 || said[len(said)-1] != err {
			said = append(said, err)
		}
	}
	if !slices.Equal(said, []error{kerr.RequestTimedOut, kerr.NotEnoughReplicas, nil}) {
		t.Errorf("the leader said %v", said)
	}
}

// An answer is lost after the commit took effect: the connection breaks, and the client cannot know. It asks again, and
// hears that all is well.
func TestALostAnswerIsABrokenConnection(t *testing.T) {
	l := start(t, Config{})
	sink, raw := l.client(kgo.TransactionalID("sink")), l.client(kgo.RequestRetries(0))
	l.must(sink.BeginTransaction())
	l.produce(sink, 0, 100)
	pid, epoch, err := sink.ProducerID(l.ctx)
	l.must(err)
	l.Do(func(c *kafka.Cluster) { c.LoseAnswers(kmsg.EndTxn, 1) })
	if err := l.endTxn(raw, "sink", pid, epoch, true); err == nil {
		t.Error("the answer was lost, and the client has it")
	}
	l.must(l.endTxn(raw, "sink", pid, epoch, true))
	l.reads(l.client(both(), kgo.FetchIsolationLevel(kgo.ReadCommitted())), 0, 100)
}

// Answers are lost on one connection after the other. An ordinary client takes that for a bad network, and asks until it
// knows.
func TestACommitIsAskedForUntilItsAnswerArrives(t *testing.T) {
	l := start(t, Config{})
	sink := l.client(kgo.TransactionalID("sink"), kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }))
	l.must(sink.BeginTransaction())
	l.produce(sink, 0, 100)
	l.Do(func(c *kafka.Cluster) { c.LoseAnswers(kmsg.EndTxn, 4) })
	l.must(sink.EndTransaction(l.ctx, kgo.TryCommit))
	l.reads(l.client(both(), kgo.FetchIsolationLevel(kgo.ReadCommitted())), 0, 100)
}

// A broker dies with its connections and comes back. Its clients find it again, and nothing that was written is lost or
// there twice.
func TestABrokerDiesAndComesBack(t *testing.T) {
	l := start(t, Config{RestartAfter: 50 * time.Millisecond})
	c := l.client(kgo.MetadataMinAge(10*time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }))
	for round := range 5 {
		l.produce(c, 200*round, 200*round+100)
		l.Do(func(*kafka.Cluster) { l.must(l.host.(*alone).faults.Kill(string(kafka.Addr(round % 3)))) })
		l.produce(c, 200*round+100, 200*round+200)
	}
	l.reads(l.client(both()), 0, 1000)
}

// What a broker leads goes to another one under the clients.
func TestLeadersMove(t *testing.T) {
	l := start(t, Config{})
	c := l.client(kgo.MetadataMinAge(10 * time.Millisecond))
	for round := range 6 {
		l.produce(c, 100*round, 100*round+100)
		l.Do(func(*kafka.Cluster) {
			l.must(l.host.(*alone).faults.Move(string(kafka.Addr(round%3)), fault.Partitions))
		})
	}
	l.reads(l.client(both()), 0, 600)
}

// Ordinary consumers share a topic as a group, and go on where the group was.
func TestAGroupConsumes(t *testing.T) {
	l := start(t, Config{Kafka: kafka.Config{InitialRebalanceDelay: -1}})
	for round := range 2 {
		l.produce(l.client(), 500*round, 500*round+500)
		member := l.client(kgo.ConsumerGroup("group"), kgo.ConsumeTopics("out"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		l.reads(member, 500*round, 500*round+500)
		l.must(member.CommitUncommittedOffsets(l.ctx))
		l.must(member.LeaveGroupContext(l.ctx))
	}
}
