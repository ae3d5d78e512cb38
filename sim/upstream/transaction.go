package upstream

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/client"
)

// timedOut is what a client says when it gave up before there was a final answer.
const timedOut = "TIMED_OUT"

// transaction is the number of the one that is open.
func (a *Instance) transaction() int32 { return a.cfg.Life*transactionsMax + a.begun }

// begin is about the first record of a transaction; to Kafka it begins with that.
func (a *Instance) begin(env mailbox.Env, now time.Time) {
	a.begun++
	if a.begun == transactionsMax {
		panic("upstream: an instance has had all the transactions that there are numbers for")
	}
	a.since, a.abort = now, env.Rand("upstream.abort").Float64() < a.cfg.Abort
	env.Note(history.ProducerBegan{TransactionalID: a.cfg.TransactionalID, Transaction: a.transaction(), First: a.first})
}

// end ends a transaction: first everything must be at the brokers, as what is still under way could come after the end.
func (a *Instance) end(env mailbox.Env) {
	a.phase = flushing
	env.Send(a.cfg.Kafka, wire.KafkaFlush{Req: a.request(), TransactionalID: a.cfg.TransactionalID})
}

func (a *Instance) flushed(env mailbox.Env, m wire.KafkaFlushed) {
	if m.Req != a.req {
		return
	}
	a.pid, a.epoch = m.ProducerID, m.Epoch
	switch {
	case m.Err != "":
		a.abort, a.wrong = true, m.Err
		a.decide(env)
	case a.abort:
		a.decide(env)
	default:
		a.phase = sending
		env.Send(a.cfg.Kafka, client.SendOffsetToTxn{Req: a.request(), TransactionalID: a.cfg.TransactionalID,
			Group: a.cfg.Group, Topic: a.cfg.Topic, Next: a.next})
	}
}

// sent is about the position. That it is refused is a reason to abort, and no more.
func (a *Instance) sent(env mailbox.Env, m client.OffsetSent) {
	if m.Req != a.req {
		return
	}
	a.abort = m.Err != ""
	a.decide(env)
}

func (a *Instance) decide(env mailbox.Env) {
	a.phase = ending
	env.Send(a.cfg.Kafka, wire.KafkaEndTxn{Req: a.request(), TransactionalID: a.cfg.TransactionalID, ProducerID: a.pid, Epoch: a.epoch,
		Commit: !a.abort})
}

// ended is the answer to that. One that leaves the outcome open must not be taken for a failure: what was committed
// would be written once more.
func (a *Instance) ended(env mailbox.Env, m wire.KafkaTxnEnded) {
	if m.Req != a.req {
		return
	}
	told := history.ProducerTold{TransactionalID: a.cfg.TransactionalID, Transaction: a.transaction(), ProducerID: a.pid, Epoch: a.epoch,
		First: a.first, Next: a.next, Outcome: history.ToldUnknown, Answer: m.Err}
	switch {
	case m.Err == "" && a.abort:
		told.Outcome = history.ToldAborted
	case m.Err == "":
		told.Outcome = history.ToldCommitted
	}
	env.Note(told)
	switch {
	case m.Err == timedOut:
		a.decide(env)
	case m.Err != "":
		a.quit(env, m.Err)
	case a.wrong != "":
		a.quit(env, a.wrong)
	default:
		if !a.abort {
			a.first = a.next
		}
		a.next = a.first
		a.phase = writing
	}
}
