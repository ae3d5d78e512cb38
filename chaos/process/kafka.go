package process

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// realKafka is a Kafka cluster as the harness uses it: it creates topics, feeds the input, and reads along
// everything that is written, as a cluster.Log.
type realKafka struct {
	seeds   []string
	client  *kgo.Client
	names   map[string]string // of the brokers, by host:port
	brokers int
	ctx     context.Context
	stop    context.CancelFunc
	began   func() time.Duration // the time of the run
	ledger  *ledger              // nil: nothing needs to be undone, since the cluster is of this run alone

	mu     sync.Mutex
	failed error // of the input
	tails  map[string]*tail
}

// reachKafka joins a real Kafka to the world.
func (c *Conductor) reachKafka() (err error) {
	place := c.parts.at.Kafka
	if place == "" {
		return nil
	}
	if c.kafka, err = dialKafka(strings.Split(place, ","), func() time.Duration { return time.Since(c.began) }); err != nil {
		return err
	}
	if c.parts.foreign.Kafka != "" {
		c.kafka.ledger = c.ledger
	}
	if c.proxy, err = newProxy(c.kafka.names); err != nil {
		return err
	}
	c.cfg.Log = c.kafka
	c.cfg.Brokers = c.kafka.brokers
	return nil
}

// SetLink says what is wrong with one direction between two processes, if one of them is a broker of a real Kafka: of
// all others the world is the network.
func (c *Conductor) SetLink(from, to string, state fault.LinkState) {
	if c.proxy != nil {
		c.proxy.set(from, to, state)
	}
}

// LinkHits returns how much has met what was wrong with one direction, in the same way.
func (c *Conductor) LinkHits(from, to string) uint64 {
	if c.proxy == nil {
		return 0
	}
	return c.proxy.met(from, to)
}

// ResetLink breaks the connections between two processes, in the same way.
func (c *Conductor) ResetLink(a, b string) {
	if c.proxy != nil {
		c.proxy.reset(a, b)
	}
}

// dialKafka connects to a cluster, and learns which brokers it has.
func dialKafka(seeds []string, now func() time.Duration) (*realKafka, error) {
	k := &realKafka{seeds: seeds, names: map[string]string{}, began: now, tails: map[string]*tail{}}
	k.ctx, k.stop = context.WithCancel(context.Background())
	var err error
	if k.client, err = kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		kgo.MetadataMinAge(newTopicEvery)); err != nil { // what it knows of a topic that is new is old at once
		return nil, fmt.Errorf("make a client of Kafka at %v: %w", seeds, err)
	}
	ctx, cancel := context.WithTimeout(k.ctx, patience)
	defer cancel()
	meta, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, k.client)
	if err != nil {
		k.close()
		return nil, fmt.Errorf("ask Kafka at %v for its brokers: %w; is it there, and does it speak without TLS?", seeds, err)
	}
	if err := k.mustKnowTransactions(ctx); err != nil {
		k.close()
		return nil, err
	}
	k.brokers = len(meta.Brokers)
	for i, m := range meta.Brokers {
		k.names[net.JoinHostPort(m.Host, strconv.Itoa(int(m.Port)))] = cluster.Broker(i)
	}
	for _, s := range seeds { // a seed by another name is the same cluster
		if k.names[s] == "" {
			k.names[s] = cluster.Broker(0)
		}
	}
	return k, nil
}

// mustKnowTransactions returns an error for a Kafka in which nothing can be exactly once.
func (k *realKafka) mustKnowTransactions(ctx context.Context) error {
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, k.client)
	if err != nil {
		return fmt.Errorf("ask Kafka at %v what it knows: %w", k.seeds, err)
	}
	for _, k := range resp.ApiKeys {
		if kmsg.Key(k.ApiKey) == kmsg.InitProducerID {
			return nil
		}
	}
	return fmt.Errorf("use Kafka at %v: it knows no transactions, without which no output is exactly once; use Kafka 0.11 or newer", k.seeds)
}

func (k *realKafka) close() {
	k.stop()
	k.client.Close()
	for _, t := range k.tails {
		t.close()
	}
}

// CreateTopic creates a topic anew: one that is left over from another run would be taken for output of this one.
func (k *realKafka) CreateTopic(name string, partitions int) {
	err := k.mustBeNew(name)
	if err == nil && k.ledger != nil {
		err = k.ledger.add(undo{Kind: deleteTopic, Place: strings.Join(k.seeds, ","), Name: name})
	}
	if err == nil {
		err = k.create(name, partitions)
	}
	var t *tail
	if err == nil {
		t, err = follow(k, name, partitions)
	}
	if err != nil {
		k.fail(fmt.Errorf("create the topic %s: %w", name, err))
		return
	}
	k.tails[name] = t
}

// mustBeNew returns an error for a topic that is there, and that is therefore not ours.
func (k *realKafka) mustBeNew(name string) error {
	ctx, cancel := context.WithTimeout(k.ctx, patience)
	defer cancel()
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = false
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = kmsg.StringPtr(name)
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, k.client)
	if err != nil {
		return err
	}
	switch err := kerr.ErrorForCode(resp.Topics[0].ErrorCode); {
	case err == nil:
		return errors.New("it is there already: delete it, or name another topic in the scenario")
	case !errors.Is(err, kerr.UnknownTopicOrPartition):
		return err
	}
	return nil
}

func (k *realKafka) create(name string, partitions int) error {
	ctx, cancel := context.WithTimeout(k.ctx, patience)
	defer cancel()
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = int32(patience.Milliseconds())
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, int32(partitions), -1
	forever := kmsg.NewCreateTopicsRequestTopicConfig() // event times may be of 1970
	forever.Name, forever.Value = "retention.ms", kmsg.StringPtr("-1")
	t.Configs = append(t.Configs, forever)
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, k.client)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.Topics[0].ErrorCode); err != nil {
		return err
	}
	for { // a topic that is created is not yet known to every broker
		_, err := k.ends(name, partitions)
		if !errors.Is(err, kerr.UnknownTopicOrPartition) && !errors.Is(err, kerr.LeaderNotAvailable) && !errors.Is(err, kerr.NotLeaderForPartition) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(newTopicEvery):
		}
	}
}

// newTopicEvery is how often the harness asks for a topic that is being created.
const newTopicEvery = 100 * time.Millisecond

// Append feeds records; they are under way when it returns, in order.
func (k *realKafka) Append(topic string, partition int, _ time.Duration, records []record.Record) {
	for _, r := range records {
		k.client.Produce(k.ctx, &kgo.Record{Topic: topic, Partition: int32(partition), Key: r.Key,
			Value: binary.BigEndian.AppendUint64(nil, uint64(r.Value)), Timestamp: time.UnixMilli(int64(r.Time))},
			func(_ *kgo.Record, err error) {
				if err != nil && k.ctx.Err() == nil {
					k.fail(fmt.Errorf("feed the input: %w", err))
				}
			})
	}
}

// Fetched is not to be seen from outside.
func (k *realKafka) Fetched(string) (int64, bool) { return 0, false }

// End asks Kafka. A topic whose end it does not tell cannot be waited for.
func (k *realKafka) End(topic string) (sum int64) {
	partitions := 0
	if t := k.tails[topic]; t != nil {
		partitions = len(t.parts)
	}
	ends, err := k.ends(topic, partitions)
	if err != nil {
		k.fail(fmt.Errorf("ask for the end of topic %s: %w", topic, err))
	}
	for _, end := range ends {
		sum += end
	}
	return sum
}

func (k *realKafka) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed == nil {
		k.failed = err
	}
}

// err is why the harness cannot use Kafka, or nil.
func (k *realKafka) err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed
}

// ends are the high watermarks of a topic's partitions.
func (k *realKafka) ends(topic string, partitions int) ([]int64, error) {
	ctx, cancel := context.WithTimeout(k.ctx, patience)
	defer cancel()
	req := kmsg.NewPtrListOffsetsRequest()
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	for p := range partitions {
		q := kmsg.NewListOffsetsRequestTopicPartition()
		q.Partition, q.Timestamp = int32(p), -1
		t.Partitions = append(t.Partitions, q)
	}
	req.Topics = append(req.Topics, t)
	ends := make([]int64, partitions)
	for _, shard := range k.client.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return nil, shard.Err
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, err
				}
				ends[p.Partition] = p.Offset
			}
		}
	}
	return ends, nil
}

// ids are the transactional ids that Kafka knows, by producer id.
func (k *realKafka) ids() (map[int64]string, error) {
	ctx, cancel := context.WithTimeout(k.ctx, patience)
	defer cancel()
	ids := map[int64]string{}
	for _, shard := range k.client.RequestSharded(ctx, kmsg.NewPtrListTransactionsRequest()) {
		if shard.Err != nil {
			return nil, shard.Err
		}
		for _, t := range shard.Resp.(*kmsg.ListTransactionsResponse).TransactionStates {
			ids[t.ProducerID] = t.TransactionalID
		}
	}
	return ids, nil
}
