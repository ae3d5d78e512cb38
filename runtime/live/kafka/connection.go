package kafka

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

type topicPartition struct {
	topic     string
	partition int32
}

// connection is a client of the cluster: at most one connection to each broker for each kind of request. Brokers
// answer what comes over one in order, so whoever has to wait long has a connection of its own.
type connection struct {
	g   *Gateway
	ctx context.Context

	dialling chan struct{} // holds a token while nobody finds out what the cluster can do
	client   *kgo.Client   // nil until that is known
	level    int16         // transaction.version

	mu      sync.Mutex
	leaders map[string][]int32 // by topic, then partition
}

// connect returns a connection that lasts as long as ctx, and dials when it is first used.
func (g *Gateway) connect(ctx context.Context) *connection {
	c := &connection{g: g, ctx: ctx, dialling: make(chan struct{}, 1), leaders: map[string][]int32{}}
	c.dialling <- struct{}{}
	return c
}

// options are those of a client for a transaction version. The versions of requests are those that name topics, and
// those that do transactions as the cluster does: a broker offers its newest, whatever the cluster's feature is.
func (g *Gateway) options(level int16) []kgo.Opt {
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(int16(kmsg.Fetch), 12)
	versions.SetMaxKeyVersion(int16(kmsg.AddPartitionsToTxn), 3)
	versions.SetMaxKeyVersion(int16(kmsg.OffsetCommit), 8)
	versions.SetMaxKeyVersion(int16(kmsg.Produce), 12)
	if level < 2 {
		versions.SetMaxKeyVersion(int16(kmsg.Produce), 11)
		versions.SetMaxKeyVersion(int16(kmsg.EndTxn), 4)
	}
	return append([]kgo.Opt{
		kgo.SeedBrokers(g.cfg.Brokers...),
		kgo.ClientID("flinch"),
		kgo.MaxVersions(versions),
		kgo.RequestTimeoutOverhead(g.cfg.RequestTimeout),
		kgo.RetryTimeout(g.cfg.RequestTimeout),
		kgo.RetryBackoffFn(g.backoff),
	}, g.cfg.Options...)
}

// backoff doubles with every try, and no two clients have it alike.
func (g *Gateway) backoff(tries int) time.Duration {
	wait := min(g.cfg.RetryBackoff<<min(tries, 8), max(time.Second, g.cfg.RetryBackoff))
	return wait*4/5 + rand.N(wait*2/5+1)
}

// dial returns the client. Whoever comes first asks for the cluster's transaction version.
func (c *connection) dial(ctx context.Context) (*kgo.Client, error) {
	select {
	case <-c.dialling:
		defer func() { c.dialling <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c.client != nil {
		return c.client, nil
	}
	if c != c.g.main {
		if _, err := c.g.main.dial(ctx); err != nil {
			return nil, err
		}
		c.level = c.g.main.level
		return c.open()
	}
	probe, err := kgo.NewClient(c.g.options(2)...)
	if err != nil {
		return nil, err
	}
	defer probe.Close()
	resp, err := probe.Request(ctx, kmsg.NewPtrApiVersionsRequest())
	if err != nil {
		return nil, err
	}
	offered := resp.(*kmsg.ApiVersionsResponse)
	if err := kerr.ErrorForCode(offered.ErrorCode); err != nil {
		return nil, err
	}
	for _, f := range offered.FinalizedFeatures {
		if f.Name == "transaction.version" {
			c.level = f.MaxVersionLevel
		}
	}
	return c.open()
}

// open makes the client, which is closed with the connection.
func (c *connection) open() (client *kgo.Client, err error) {
	if client, err = kgo.NewClient(c.g.options(c.level)...); err != nil {
		return nil, err
	}
	c.client = client
	c.g.working.Go(func() {
		<-c.ctx.Done()
		client.Close()
	})
	return client, nil
}

// until asks until the answer is final, and returns the error in it.
func (c *connection) until(ctx context.Context, ask func(client *kgo.Client) error) error {
	for tries := 0; ; tries++ {
		client, err := c.dial(ctx)
		if err == nil {
			err = ask(client)
		}
		if !leavesOpen(err) {
			return err
		}
		c.g.cfg.Log.Debug("a request to Kafka has no final answer", "cause", err)
		if over := pause(ctx, c.g.waitAfter(err, tries)); over != nil {
			if over == context.DeadlineExceeded {
				c.g.cfg.Log.Warn("a request to Kafka was given up", "cause", err)
			}
			return over
		}
	}
}

// busyBackoff is the wait while the transaction before is being ended, which takes no time as a rule.
const busyBackoff = 20 * time.Millisecond

func (g *Gateway) waitAfter(err error, tries int) time.Duration {
	if errors.Is(err, kerr.ConcurrentTransactions) {
		return min(busyBackoff, g.backoff(tries))
	}
	return g.backoff(tries)
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askLeaders asks who leads the partitions of a topic.
func (c *connection) askLeaders(ctx context.Context, client *kgo.Client, topic string) ([]int32, error) {
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = kmsg.StringPtr(topic)
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	if len(resp.Topics) == 0 {
		return nil, kerr.UnknownTopicOrPartition
	}
	found := &resp.Topics[0]
	if err := kerr.ErrorForCode(found.ErrorCode); err != nil {
		return nil, err
	}
	leaders := make([]int32, len(found.Partitions))
	for _, p := range found.Partitions {
		if p.Partition < 0 || int(p.Partition) >= len(leaders) {
			return nil, fmt.Errorf("read the metadata of topic %s: it has %d partitions, and one of them is %d", topic, len(leaders), p.Partition)
		}
		leaders[p.Partition] = p.Leader
	}
	c.mu.Lock()
	c.leaders[topic] = leaders
	c.mu.Unlock()
	return leaders, nil
}

// leadersOf are the leaders of a topic's partitions as they are known. The slice is not changed.
func (c *connection) leadersOf(ctx context.Context, client *kgo.Client, topic string) ([]int32, error) {
	c.mu.Lock()
	leaders := c.leaders[topic]
	c.mu.Unlock()
	if leaders != nil {
		return leaders, nil
	}
	return c.askLeaders(ctx, client, topic)
}

// forget makes the next one ask for the leaders of a topic.
func (c *connection) forget(topic string) {
	c.mu.Lock()
	delete(c.leaders, topic)
	c.mu.Unlock()
}

// leadersNow waits until the leaders of a topic are known, or it is known not to exist.
func (c *connection) leadersNow(ctx context.Context, topic string) (leaders []int32, err error) {
	err = c.until(ctx, func(client *kgo.Client) error {
		leaders, err = c.leadersOf(ctx, client, topic)
		return err
	})
	return leaders, err
}
