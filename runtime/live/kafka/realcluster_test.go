package kafka

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/connector/kafkatest"
	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/runtime/live/apache/apachetest"
)

// bootstrap is a cluster that runs already, and takes the place of one that is started here.
var bootstrap = strings.FieldsFunc(os.Getenv("BOOTSTRAP"), func(r rune) bool { return r == ',' })

// realKafka is a cluster that many stories have, one after the other.
type realKafka struct {
	brokers []string
	server  *apache.Server // nil if it is not ours to kill
	client  *kgo.Client
}

// ours is started for the test.
func ours(t *testing.T, cfg apache.KafkaConfig) *realKafka {
	t.Helper()
	apachetest.Need(t)
	server, err := apache.Kafka(t.TempDir(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	k := dial(t, strings.Split(server.Addr, ","))
	k.server = server
	t.Logf("Kafka %s, transaction.version %d, %d nodes", server.Version, k.level(t), server.Nodes())
	return k
}

// theirs runs already. What is in it stays: so it has to have nothing that the stories would take for their own.
func theirs(t *testing.T, brokers []string) *realKafka {
	t.Helper()
	if !apachetest.Wanted() {
		t.Skip("set FLINCH_REAL=1 to use the cluster at BOOTSTRAP; see make kafka-real")
	}
	k := dial(t, brokers)
	if open := k.open(t); len(open) > 0 {
		t.Fatalf("the cluster at BOOTSTRAP has open transactions (%s), which the stories would abort; name one that is not in use", strings.Join(open, ", "))
	}
	if _, err := k.topic(t.Context(), brokers); err != kerr.UnknownTopicOrPartition {
		t.Fatalf("the cluster at BOOTSTRAP has a topic %q, which the stories would delete (%v); name another cluster, or delete it", kafkatest.Topic, err)
	}
	t.Cleanup(func() { k.deleteTopic(t, context.Background()) })
	t.Logf("transaction.version %d", k.level(t))
	return k
}

func dial(t *testing.T, brokers []string) *realKafka {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &realKafka{brokers: brokers, client: client}
}

// start begins a story: no transaction is open, and the topic is new.
func (k *realKafka) start(t *testing.T) *bench {
	t.Helper()
	for _, id := range k.open(t) {
		k.abort(t, id)
	}
	k.deleteTopic(t, t.Context())
	k.createTopic(t)
	dead := make(refusals, 1)
	b := inFrontOf(t, Config{Brokers: k.brokers, Options: []kgo.Opt{kgo.WithHooks(dead)}})
	b.unavailable = func(ask func()) func() { return k.away(t, dead, ask) }
	return b
}

// refusals has a token when a gateway has found that a broker is not there.
type refusals chan struct{}

func (r refusals) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		select {
		case r <- struct{}{}:
		default:
		}
	}
}

// away makes all coordinators unavailable as life does it: their processes die.
func (k *realKafka) away(t *testing.T, dead refusals, ask func()) (available func()) {
	if k.server == nil {
		t.Skip("the brokers at BOOTSTRAP are not ours to kill")
	}
	var all []int
	for node := range k.server.Nodes() {
		all = append(all, node)
	}
	k.kill(t, all...)
	select {
	case <-dead: // somebody has looked for one before
	default:
	}
	ask()
	select {
	case <-dead:
	case <-time.After(patience):
		t.Error("nobody has asked a coordinator")
	}
	return func() { k.revive(t, all...) }
}

func (k *realKafka) kill(t *testing.T, nodes ...int) {
	t.Helper()
	if err := k.server.Kill(nodes...); err != nil {
		t.Fatal(err)
	}
}

func (k *realKafka) revive(t *testing.T, nodes ...int) {
	t.Helper()
	if err := k.server.Start(nodes...); err != nil {
		t.Fatal(err)
	}
}

// level is the cluster's transaction.version.
func (k *realKafka) level(t *testing.T) int16 {
	t.Helper()
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(t.Context(), k.client)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" {
			return f.MaxVersionLevel
		}
	}
	return 0
}

// open are the transactions that are.
func (k *realKafka) open(t *testing.T) (ids []string) {
	t.Helper()
	req := kmsg.NewPtrListTransactionsRequest()
	req.StateFilters, req.DurationFilterMillis = []string{"Ongoing"}, -1
	resp, err := req.RequestWith(t.Context(), k.client)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, txn := range resp.TransactionStates {
		ids = append(ids, txn.TransactionalID)
	}
	return ids
}

// abort ends an open transaction as its successor would.
func (k *realKafka) abort(t *testing.T, id string) {
	t.Helper()
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID, req.TransactionTimeoutMillis = &id, 60_000
	eventually(t, t.Context(), "abort "+id, func(ctx context.Context) error {
		resp, err := req.RequestWith(ctx, k.client)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		return err
	})
}

func (k *realKafka) deleteTopic(t *testing.T, ctx context.Context) {
	t.Helper()
	req := kmsg.NewPtrDeleteTopicsRequest()
	name := kafkatest.Topic
	req.TopicNames = []string{name}
	topic := kmsg.NewDeleteTopicsRequestTopic()
	topic.Topic = &name
	req.Topics = append(req.Topics, topic)
	req.TimeoutMillis = int32(patience.Milliseconds())
	eventually(t, ctx, "delete the topic", func(ctx context.Context) error {
		resp, err := req.RequestWith(ctx, k.client)
		if err == nil {
			err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
		}
		if err == kerr.UnknownTopicOrPartition {
			return nil
		}
		return err
	})
}

// createTopic waits until all brokers know the new topic and its leaders, and no longer the one before.
func (k *realKafka) createTopic(t *testing.T) {
	t.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = kafkatest.Topic, kafkatest.Partitions, -1
	// Many records of the stories are from 1970: Kafka would find them too old to keep.
	retention := kmsg.NewCreateTopicsRequestTopicConfig()
	retention.Name, retention.Value = "retention.ms", kmsg.StringPtr("-1")
	topic.Configs = append(topic.Configs, retention)
	req.Topics = append(req.Topics, topic)
	var made [16]byte
	eventually(t, t.Context(), "create the topic", func(ctx context.Context) error {
		resp, err := req.RequestWith(ctx, k.client)
		if err == nil {
			made, err = resp.Topics[0].TopicID, kerr.ErrorForCode(resp.Topics[0].ErrorCode)
		}
		return err
	})
	for _, broker := range k.brokers {
		eventually(t, t.Context(), "wait for the topic at "+broker, func(ctx context.Context) error {
			if known, err := k.topic(ctx, []string{broker}); err != nil || known != made {
				return fmt.Errorf("it knows %x and not %x: %w", known, made, err)
			}
			return nil
		})
	}
}

// topic is the id of the topic that some brokers know, once it has leaders.
func (k *realKafka) topic(ctx context.Context, brokers []string) (id [16]byte, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return id, err
	}
	defer client.Close()
	req := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr(kafkatest.Topic)
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return id, err
	}
	found := resp.Topics[0]
	for _, p := range found.Partitions {
		if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
			return id, err
		}
	}
	return found.TopicID, kerr.ErrorForCode(found.ErrorCode)
}
