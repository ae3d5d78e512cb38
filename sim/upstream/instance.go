package upstream

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/client"
)

// Feed is what the application works off.
type Feed interface {
	// Due is how many records there are to write at a time of the application's clock.
	Due(now time.Time) int64
	// Record makes the one with a number, from 0 on.
	Record(n int64) record.Record
}

// Config describes one life of an instance of the application.
type Config struct {
	Kafka           mailbox.Addr
	TransactionalID string
	Group           string // under which the position is kept
	Topic           string
	Timeout         time.Duration // transaction.timeout.ms
	Records         int64         // so many make a transaction; 0: any number
	Interval        time.Duration // a transaction as old as this is ended
	Abort           float64       // the share of transactions that are aborted on purpose, 0 to 1
	Life            int32         // no other life of any instance has this number
	Feed            Feed
}

// An instance looks for records that are due this often, hands over so many at once at most, and has less than so many
// transactions in its life: their numbers are those of the life with these digits behind it.
const (
	tickEvery       = 50 * time.Millisecond
	handOverMax     = 10_000
	transactionsMax = 1_000_000
)

// phase is what an instance waits for.
type phase uint8

const (
	opening  phase = iota // its producer id
	locating              // its position
	writing               // records that are due
	flushing              // that all records are acknowledged
	sending               // that its position is part of the transaction
	ending                // the end of the transaction
	leaving               // nothing
)

// Instance is the root actor of a process.
type Instance struct {
	cfg   Config
	phase phase
	pid   int64
	epoch int16
	begun int32 // transactions so far
	first int64 // of the transaction: all before it are committed
	next  int64 // the next record to write
	since time.Time
	// abort says that the transaction is not to be committed; wrong is why the instance ends after it, "" if it goes on.
	abort bool
	wrong string
	req   uint64
}

// New returns an instance that has yet to be started.
func New(cfg Config) *Instance { return &Instance{cfg: cfg} }

// tick is the timer that looks for work; leave ends the instance once what it had to note is noted.
type (
	tick  struct{}
	leave struct{}
)

func (tick) Word() string  { return "tick" }
func (leave) Word() string { return "leave" }

// Receive handles one message.
func (a *Instance) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		a.open(env)
	case mailbox.Undeliverable, mailbox.Disconnected: // its client lives and dies with it
	case wire.KafkaProducerReady:
		a.opened(env, m)
	case client.OffsetIs:
		a.located(env, m)
	case tick:
		env.After(tickEvery, tick{})
		a.work(env)
	case wire.KafkaProduced:
		if m.Err != "" && a.phase == writing {
			a.end(env) // the flush says the same, and under which epoch
		}
	case wire.KafkaFlushed:
		a.flushed(env, m)
	case client.OffsetSent:
		a.sent(env, m)
	case wire.KafkaTxnEnded:
		a.ended(env, m)
	case leave:
		return fmt.Errorf("%s cannot go on: %s", a.cfg.TransactionalID, a.wrong)
	default:
		return fmt.Errorf("upstream instance: no handler for %q from %s", m.Word(), from)
	}
	return nil
}

// open takes the transactional id: whoever had it is fenced, and what that one had open is aborted.
func (a *Instance) open(env mailbox.Env) {
	a.phase = opening
	env.Send(a.cfg.Kafka, wire.KafkaInitProducer{Req: a.request(), TransactionalID: a.cfg.TransactionalID, Timeout: a.cfg.Timeout})
}

func (a *Instance) opened(env mailbox.Env, m wire.KafkaProducerReady) {
	switch {
	case m.Req != a.req:
	case m.Err == timedOut:
		a.open(env)
	case m.Err != "":
		a.quit(env, m.Err)
	default:
		a.pid, a.epoch = m.ProducerID, m.Epoch
		a.locate(env)
	}
}

// locate asks where to go on. Another instance's open transaction may have yet to decide about that.
func (a *Instance) locate(env mailbox.Env) {
	a.phase = locating
	env.Send(a.cfg.Kafka, client.FetchOffset{Req: a.request(), Group: a.cfg.Group, Topic: a.cfg.Topic})
}

func (a *Instance) located(env mailbox.Env, m client.OffsetIs) {
	switch {
	case m.Req != a.req:
	case m.Err == timedOut:
		a.locate(env)
	case m.Err != "":
		a.quit(env, m.Err)
	default:
		a.first = max(m.Next, 0)
		a.next = a.first
		env.Note(history.ProducerReady{TransactionalID: a.cfg.TransactionalID, ProducerID: a.pid, Epoch: a.epoch, Next: a.next})
		a.phase = writing
		env.After(tickEvery, tick{})
	}
}

// work ends the transaction if it is time, and else writes what is due.
func (a *Instance) work(env mailbox.Env) {
	if a.phase != writing {
		return
	}
	now := env.Now()
	if a.next > a.first && now.Sub(a.since) >= a.cfg.Interval {
		a.end(env)
		return
	}
	due := min(a.cfg.Feed.Due(now), a.next+handOverMax)
	if a.cfg.Records > 0 {
		due = min(due, a.first+a.cfg.Records)
	}
	if due <= a.next {
		return
	}
	if a.next == a.first {
		a.begin(env, now)
	}
	var records record.Batch
	for ; a.next < due; a.next++ {
		r := a.cfg.Feed.Record(a.next)
		r.Origin = record.Origin{Partition: a.transaction(), Offset: a.next}
		records.Append(r)
	}
	env.Send(a.cfg.Kafka, wire.KafkaProduce{TransactionalID: a.cfg.TransactionalID, Topic: a.cfg.Topic, Records: records})
	if a.cfg.Records > 0 && a.next == a.first+a.cfg.Records {
		a.end(env)
	}
}

// request numbers what is asked for. Only the answer to the last question is taken.
func (a *Instance) request() uint64 {
	a.req++
	return a.req
}

// quit ends the instance, and leaves it to its supervisor to start another life.
func (a *Instance) quit(env mailbox.Env, wrong string) {
	a.phase, a.wrong = leaving, wrong
	env.After(0, leave{})
}
