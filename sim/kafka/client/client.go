package client

import (
	"cmp"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Config describes a client. All but Brokers may be left at zero.
type Config struct {
	Brokers            []mailbox.Addr // the index is the node id
	TransactionVersion protocol.TransactionVersion
	Linger             time.Duration // linger.ms, 5 ms
	BatchBytes         int           // batch.size, 16384
	InFlightMax        int           // max.in.flight.requests.per.connection, 5
	RequestTimeout     time.Duration // request.timeout.ms, 30 s
	DeliveryTimeout    time.Duration // delivery.timeout.ms, 120 s
	MaxBlock           time.Duration // max.block.ms, 60 s
	RetryBackoff       time.Duration // retry.backoff.ms, 100 ms, doubled up to 1 s
}

// Client is the actor at "<process>/kafka": wire's Kafka words on one side, brokers on the other.
type Client struct {
	cfg          Config
	calls        protocol.Caller
	bootstrap    int // the broker to ask what any broker knows
	alive        []int32
	leaders      map[string][]leadership // by topic, then partition
	asking       bool                    // metadata is under way
	parked       []parked                // waits for metadata
	coordinators map[string]int32        // by transactional id or group
	producers    []*producer             // as made; few
	jobs         []*job                  // under way, and some that are over
	lastConn     uint32
	muted        map[muteKey]time.Time // until when
	groups       [][]shipment          // by broker, while a producer is pumped
}

// New returns a client that knows nothing yet.
func New(cfg Config) mailbox.Actor {
	cfg.Linger = cmp.Or(cfg.Linger, 5*time.Millisecond)
	cfg.BatchBytes = cmp.Or(cfg.BatchBytes, 16384)
	cfg.InFlightMax = cmp.Or(cfg.InFlightMax, 5)
	cfg.RequestTimeout = cmp.Or(cfg.RequestTimeout, 30*time.Second)
	cfg.DeliveryTimeout = cmp.Or(cfg.DeliveryTimeout, 120*time.Second)
	cfg.MaxBlock = cmp.Or(cfg.MaxBlock, 60*time.Second)
	cfg.RetryBackoff = cmp.Or(cfg.RetryBackoff, 100*time.Millisecond)
	c := &Client{cfg: cfg, calls: protocol.NewCaller(cfg.RequestTimeout), leaders: map[string][]leadership{}, coordinators: map[string]int32{},
		muted: map[muteKey]time.Time{}, groups: make([][]shipment, len(cfg.Brokers))}
	for n := range cfg.Brokers {
		c.alive = append(c.alive, int32(n))
	}
	return c
}

// Receive handles one message.
func (c *Client) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
	case protocol.Response:
		c.throttled(env, from, m.Resp)
		c.calls.Answered(env, m)
	case mailbox.Undeliverable:
		if r, ok := m.M.(protocol.Request); ok { // an answer to an asker that is gone is nobody's loss
			c.calls.Refused(env, r.Corr)
		}
	case mailbox.Disconnected:
		c.calls.Disconnected(env, m.Process)
	case protocol.Sweep:
		c.calls.Sweep(env)
		c.expireBatches(env)
		c.expireJobs(env)
	case resume:
		m.do(env)
	case linger:
		c.lingered(env, m.producer)
	case wire.KafkaPartitions:
		c.partitions(env, from, m)
	case wire.KafkaFetch:
		c.fetch(env, &fetching{asker: from, m: m, since: env.Now()})
	case wire.KafkaInitProducer:
		c.initProducer(env, from, m)
	case wire.KafkaProduce:
		c.produce(env, from, m)
	case wire.KafkaFlush:
		c.flush(env, from, m)
	case wire.KafkaEndTxn:
		c.endTxn(env, from, m)
	case wire.KafkaListTxns:
		c.listTxns(env, from, m)
	case wire.KafkaDescribeTxn:
		c.describeTxn(env, from, m)
	case wire.KafkaFindHolder:
		c.findHolder(env, from, m)
	case wire.KafkaCloseProducer:
		c.closeProducer(from, m.TransactionalID)
	case wire.KafkaClose:
		c.close(env, m.Asker)
	case wire.KafkaCommitOffsets:
		c.commitOffsets(env, from, m)
	case SendOffsetToTxn:
		c.sendOffsetToTxn(env, from, m)
	case FetchOffset:
		c.fetchOffset(env, from, m)
	default:
		return fmt.Errorf("kafka client: no handler for %q from %s", m.Word(), from)
	}
	return nil
}

// send asks one broker. Then gets nil if there was no answer.
func (c *Client) send(env mailbox.Env, node int32, conn uint32, version int16, req kmsg.Request, then func(mailbox.Env, kmsg.Response)) {
	req.SetVersion(version)
	if wait := c.silence(env, node, req.Key()); wait > 0 {
		later(env, wait, func(env mailbox.Env) { c.send(env, node, conn, version, req, then) })
		return
	}
	c.calls.Send(env, c.cfg.Brokers[node], conn, req, then)
}

// sendAny asks some broker, another one after a failure.
func (c *Client) sendAny(env mailbox.Env, version int16, req kmsg.Request, then func(mailbox.Env, kmsg.Response)) {
	node := c.alive[c.bootstrap%len(c.alive)]
	c.send(env, node, 0, version, req, func(env mailbox.Env, resp kmsg.Response) {
		if resp == nil {
			c.bootstrap++
		}
		then(env, resp)
	})
}
