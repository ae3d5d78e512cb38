package kafka

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// waitingAppend is a record of the transaction log that not all replicas in sync have. Its coordinator waits for them as
// long as the transaction may live (Kafka appends with that timeout), and its client for as long as it likes.
type waitingAppend struct {
	*transition
	timer mailbox.Timer
}

// underMinISR says whether too few replicas of the transaction log are in sync for anything to be appended to it
// (transaction.state.log.min.isr).
func (b *Broker) underMinISR(tp *txnPartition) bool {
	return tp.underMin(b.cluster.cfg.TransactionStateLogMinISR)
}

// everywhere says whether all replicas in sync have the log as it is now, and are enough.
func (b *Broker) everywhere(tp *txnPartition) bool {
	tp.replicated = tp.leo
	return tp.common() == tp.leo && !b.underMinISR(tp)
}

func (b *Broker) wait(env mailbox.Env, t *transition) {
	b.appends = append(b.appends, waitingAppend{t, env.After(max(t.next.timeout, time.Second), appendTimedOut{t})})
}

// retryAppends looks again at the appends that wait, since replicas have changed.
func (b *Broker) retryAppends(env mailbox.Env) {
	waiting := b.appends
	b.appends = nil
	for _, a := range waiting {
		a.timer.Stop()
		b.appended(env, a.transition)
	}
}

// appendTimedOut gives an append up. The record is in the log all the same, for the next coordinator to find.
func (b *Broker) appendTimedOut(env mailbox.Env, t *transition) {
	i := slices.IndexFunc(b.appends, func(a waitingAppend) bool { return a.transition == t })
	if i < 0 {
		return
	}
	b.appends = slices.Delete(b.appends, i, i+1)
	if log := t.entry.log; log.leader == b.node && log.epoch == t.entry.loadedIn {
		delete(log.inFlight, t.entry.id)
		b.cluster.store(log, &t.next)
	}
	b.giveUp(env, t, protocol.CoordinatorNotAvailable)
}
