package kafka

import (
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// scan fences and aborts transactions that have been open for longer than their timeout, and now and then
// forgets ids that nobody uses.
func (b *Broker) scan(env mailbox.Env) {
	now := millis(env)
	every := b.cluster.cfg.AbortScanInterval
	env.After(every, scan{})
	if b.retain -= every; b.retain <= 0 {
		b.retain = retentionCheckInterval
		b.dropOld(now)
	}
	b.expiry -= every
	expire := b.expiry <= 0
	if expire {
		b.expiry = b.cluster.cfg.IDExpiryScanInterval
	}
	for i := range b.cluster.txns {
		if !b.loaded(i) {
			continue
		}
		tp := &b.cluster.txns[i]
		for _, id := range slices.Sorted(maps.Keys(tp.records)) {
			e := b.entry(i, id)
			switch {
			case e.pending != nil:
			case e.state == Ongoing && !e.promised() && e.start+e.timeout.Milliseconds() < now:
				b.fence(env, e, causeTimeout, func(mailbox.Env, int16) {})
			case expire && e.state.settled() && e.updated <= now-b.cluster.cfg.IDExpiration.Milliseconds():
				next := e.txnRecord
				next.state = Dead
				b.begin(env, &transition{entry: e, next: next, last: protocol.NoEpoch, done: func(mailbox.Env, int16) {}})
			}
		}
	}
}

// fence bumps the epoch, so that the owner of an open transaction is refused from now on, and aborts it.
func (b *Broker) fence(env mailbox.Env, e *entry, cause string, done func(mailbox.Env, int16)) {
	next := e.txnRecord
	next.settle()
	if !e.failedFence { // else it was bumped when the fence was first tried
		next.epoch++
		if next.nextPID != protocol.NoProducerID {
			next.nextEpoch++
		}
	}
	next.state = PrepareAbort
	last := protocol.NoEpoch
	if b.cluster.cfg.TransactionVersion.Level() >= 2 { // the cluster's own, whatever the client's style
		last = next.epoch - 1
		if last >= exhausted && !b.cluster.reproduces(Kafka20090) {
			next.nextPID = b.cluster.freshPID()
		}
	}
	if e.tv2 && b.cluster.reproduces(Kafka19367) {
		next.epoch++
	}
	if overflown(next.epoch) {
		done(env, protocol.UnknownServerError)
		return
	}
	b.begin(env, &transition{entry: e, next: next, last: last, cause: cause, done: done})
}
