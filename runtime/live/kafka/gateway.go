package kafka

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Config describes a gateway. All but Brokers may be left at zero.
type Config struct {
	Brokers         []string      // host:port of some; they tell of the others
	BatchBytes      int           // the most that one record batch gets, 512 KiB; the topic's max.message.bytes must allow it
	RequestTimeout  time.Duration // request.timeout.ms, 30 s
	DeliveryTimeout time.Duration // delivery.timeout.ms, 120 s
	MaxBlock        time.Duration // max.block.ms, 60 s
	RetryBackoff    time.Duration // retry.backoff.ms, 100 ms, doubled up to 1 s
	Options         []kgo.Opt     // how to dial: TLS, SASL
	Log             *slog.Logger  // nil: silence
}

// Gateway is the actor. Whoever made it closes it when its node has ended.
type Gateway struct {
	cfg     Config
	main    *connection
	ctx     context.Context
	stop    context.CancelFunc
	working sync.WaitGroup
	post    func(mailbox.Msg)
	askers  map[mailbox.Addr]*asker
}

// New returns a gateway that has not dialled yet.
func New(cfg Config) (*Gateway, error) {
	cfg.BatchBytes = cmp.Or(cfg.BatchBytes, 512<<10)
	cfg.RequestTimeout = cmp.Or(cfg.RequestTimeout, 30*time.Second)
	cfg.DeliveryTimeout = cmp.Or(cfg.DeliveryTimeout, 120*time.Second)
	cfg.MaxBlock = cmp.Or(cfg.MaxBlock, 60*time.Second)
	cfg.RetryBackoff = cmp.Or(cfg.RetryBackoff, 100*time.Millisecond)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.Brokers) == 0 {
		return nil, fmt.Errorf("open a gateway to Kafka: no broker is named; give the host:port of one at least")
	}
	g := &Gateway{cfg: cfg, askers: map[mailbox.Addr]*asker{}}
	if err := kgo.ValidateOpts(g.options(2)...); err != nil {
		return nil, fmt.Errorf("open a gateway to Kafka: the options are no good: %w", err)
	}
	g.ctx, g.stop = context.WithCancel(context.Background())
	g.main = g.connect(g.ctx)
	return g, nil
}

// Close ends all that was asked, and returns when nothing is under way any more. Transactions stay open.
func (g *Gateway) Close() {
	g.stop()
	g.working.Wait()
}

// asker is one actor that has asked something. What is done for it ends with its context.
type asker struct {
	addr      mailbox.Addr
	ctx       context.Context
	end       context.CancelFunc
	producers map[string]*producer // by transactional id
	readers   map[topicPartition]*connection
}

func (g *Gateway) asker(addr mailbox.Addr) *asker {
	a := g.askers[addr]
	if a == nil {
		a = &asker{addr: addr, producers: map[string]*producer{}, readers: map[topicPartition]*connection{}}
		a.ctx, a.end = context.WithCancel(g.ctx)
		g.askers[addr] = a
	}
	return a
}

// answer is what a goroutine wants its asker to be told.
type answer struct {
	to *asker
	m  mailbox.Msg
}

func (answer) Word() string { return "kafka-answer" }

// Receive handles one message.
func (g *Gateway) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		g.post = live.Post(env)
	case mailbox.Undeliverable, mailbox.Disconnected: // an answer to an asker that is gone is nobody's loss
	case answer:
		g.answered(env, m)
	case ended:
		g.tellProducers(m)
		g.answered(env, m.answer)
	case failedInit:
		m.p.close()
		if a := m.answer.to; a.producers[m.p.id] == m.p {
			delete(a.producers, m.p.id)
		}
		g.answered(env, m.answer)
	case wire.KafkaPartitions:
		g.partitions(g.asker(from), m)
	case wire.KafkaFetch:
		g.fetch(g.asker(from), m)
	case wire.KafkaInitProducer:
		g.initProducer(g.asker(from), m)
	case wire.KafkaProduce:
		g.produce(env, g.asker(from), m)
	case wire.KafkaFlush:
		g.flush(env, g.asker(from), m)
	case wire.KafkaEndTxn:
		g.endTxn(g.asker(from), m)
	case wire.KafkaListTxns:
		g.listTxns(g.asker(from), m)
	case wire.KafkaDescribeTxn:
		g.describeTxn(g.asker(from), m)
	case wire.KafkaFindHolder:
		g.findHolder(g.asker(from), m)
	case wire.KafkaCloseProducer:
		g.asker(from).closeProducer(m.TransactionalID)
	case wire.KafkaClose:
		if a := g.askers[m.Asker]; a != nil {
			a.end()
			delete(g.askers, m.Asker)
		}
	case wire.KafkaCommitOffsets:
		g.commitOffsets(g.asker(from), m)
	default:
		return fmt.Errorf("kafka gateway: no handler for %q from %s", m.Word(), from)
	}
	return nil
}

// answered passes on an answer, unless its asker has ended meanwhile.
func (g *Gateway) answered(env mailbox.Env, a answer) {
	if a.to.ctx.Err() == nil {
		env.Send(a.to.addr, a.m)
	}
}

// serve does what an asker wishes in a goroutine of its own, and posts what comes of it; nil is nothing. Work whose
// asker has ended stops at its next wait.
func (g *Gateway) serve(a *asker, limit time.Duration, do func(ctx context.Context) mailbox.Msg) {
	g.working.Go(func() {
		ctx, cancel := context.WithTimeout(a.ctx, limit)
		defer cancel()
		switch m := do(ctx).(type) {
		case nil:
		case ended:
			g.post(m)
		default:
			g.post(answer{a, m})
		}
	})
}
