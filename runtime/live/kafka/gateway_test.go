package kafka

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/flinch-dev/flinch/runtime/connector/kafkatest"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// patience is longer than anything takes.
const patience = time.Minute

// bench is two nodes with a gateway each, in front of a cluster.
type bench struct {
	t           testing.TB
	brokers     []string
	cluster     *kfake.Cluster // nil in front of a real one
	unavailable func(ask func()) (available func())
	nodes       map[string]*live.Node
	heard       map[mailbox.Addr]ear
	failed      string // the first error of a producer that a story has met
}

// ear is an actor that passes on what it is told.
type ear chan mailbox.Msg

func (e ear) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, ok := m.(mailbox.Started); !ok {
		e <- m
	}
	return nil
}

func start(t testing.TB, options ...kfake.Opt) *bench { return startWith(t, Config{}, options...) }

// startWith starts a cluster of three brokers in this process.
func startWith(t testing.TB, cfg Config, options ...kfake.Opt) *bench {
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(3), kfake.SeedTopics(kafkatest.Partitions, kafkatest.Topic)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cfg.Brokers = cluster.ListenAddrs()
	b := inFrontOf(t, cfg)
	b.cluster, b.unavailable = cluster, b.refuse
	return b
}

// inFrontOf starts gateways that do not wait long before they try again, with batches that are soon full.
func inFrontOf(t testing.TB, cfg Config) *bench {
	cfg.RetryBackoff, cfg.BatchBytes = time.Millisecond, cmp.Or(cfg.BatchBytes, 16<<10)
	b := &bench{t: t, brokers: cfg.Brokers, nodes: map[string]*live.Node{}, heard: map[mailbox.Addr]ear{}}
	homes := map[string][]live.Resident{}
	for _, asker := range kafkatest.Askers {
		b.heard[asker] = make(ear, 4096)
		name := string(asker[len(asker.Process())+1:])
		homes[asker.Process()] = append(homes[asker.Process()], live.Resident{Name: name, Actor: b.heard[asker]})
	}
	for process, residents := range homes {
		g, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		b.nodes[process] = live.Start(live.Config{Name: process, Residents: append(residents, live.Resident{Name: "kafka", Actor: g})})
		t.Cleanup(func() {
			if err := b.nodes[process].Stop(); err != nil {
				t.Error(err)
			}
			g.Close()
		})
	}
	return b
}

func (b *bench) Ask(asker mailbox.Addr, m mailbox.Msg) {
	b.nodes[asker.Process()].Send(asker, asker.In("kafka"), m)
}

func (b *bench) Answer(asker mailbox.Addr) mailbox.Msg {
	select {
	case m := <-b.heard[asker]:
		return m
	case <-time.After(patience):
		return nil
	}
}

func (b *bench) Heard(asker mailbox.Addr) mailbox.Msg {
	select {
	case m := <-b.heard[asker]:
		return m
	default:
		return nil
	}
}

func (b *bench) Unavailable(ask func()) (available func()) { return b.unavailable(ask) }

func (b *bench) refuse(ask func()) (available func()) {
	refusing := b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID, kmsg.EndTxn}, Err: kerr.CoordinatorNotAvailable, Count: -1})
	ask()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	if err := refusing.Wait(ctx, 1); err != nil {
		b.t.Errorf("nobody has asked a coordinator: %v", err)
	}
	return refusing.Remove
}

// Stored reads as franz-go does, and not the gateway.
func (b *bench) Stored(partition int32) (all []record.Record) {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.brokers...), kgo.FetchIsolationLevel(kgo.ReadUncommitted()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{kafkatest.Topic: {partition: kgo.NewOffset().AtStart()}}))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	for end := int64(1); int64(len(all)) < end; {
		fetched := client.PollFetches(ctx)
		if err := fetched.Err(); err != nil {
			b.t.Fatal(err)
		}
		fetched.EachPartition(func(p kgo.FetchTopicPartition) { end = p.HighWatermark })
		for r := range fetched.RecordsAll() {
			out := record.Record{Key: r.Key, Value: recordbatch.Value(r.Value), Time: record.EventTime(r.Timestamp.UnixMilli())}
			i := slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == recordbatch.OriginKey })
			if i < 0 {
				b.t.Fatalf("the record at %d has no origin", r.Offset)
			}
			out.Origin, out.Count = recordbatch.Origin(r.Headers[i].Value)
			all = append(all, out)
		}
	}
	return all
}

// What the runtime relies on holds at the gateway as it does in a world.
func TestTheGatewayKeepsTheContract(t *testing.T) {
	const describes, empty = "a description tells of the last transaction", "kfake shows Empty where Kafka has CompleteCommit or CompleteAbort"
	for _, c := range []struct {
		name       string
		release    *kversion.Versions
		deviations map[string]string
	}{
		{"TV1", kversion.V3_9_0(), map[string]string{describes: empty}},
		{"TV2", kversion.Stable(), map[string]string{describes: empty, "a commit after fencing says so": "kfake raises the epoch once where Kafka " +
			"does twice, when an init aborts a transaction; so it takes the former's commit for a late one, and answers INVALID_TXN_STATE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			kafkatest.Run(t, func(t *testing.T) kafkatest.Bench { return start(t, kfake.MaxVersions(c.release)) }, c.deviations)
		})
	}
}
