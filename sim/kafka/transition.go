package kafka

import (
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// transition is a change between its two steps: it has been prepared and is being appended. The caches take it
// over, and done is called, when it is replicated.
type transition struct {
	entry *entry
	next  txnRecord
	last  int16 // lastEpoch from then on
	cause string
	done  func(env mailbox.Env, code int16)
}

// fences says whether the change takes an open transaction away from its owner.
func (t *transition) fences() bool {
	return t.next.state == PrepareAbort && (t.cause == causeTimeout || t.cause == causeInit)
}

// The causes of a decision.
const (
	causeClient  = "client"
	causeTimeout = "timeout"
	causeInit    = "init"
)

// begin is the first step of a transition: nothing else may happen to the id until the record is appended.
func (b *Broker) begin(env mailbox.Env, t *transition) {
	e := t.entry
	from := e.state
	if e.pending != nil {
		bug("%s goes to %s while another change is pending", e.id, t.next.state)
	}
	if t.fences() {
		if !legal(from, PrepareEpochFence, false) {
			bug("%s is fenced while it is %s", e.id, from)
		}
		from = PrepareEpochFence
		env.Note(history.Transaction{ID: e.id, ProducerID: e.pid, Epoch: e.epoch, State: "Fenced", Cause: t.cause})
	}
	if !legal(from, t.next.state, t.next.tv2) {
		bug("%s goes from %s to %s", e.id, from, t.next.state)
	}
	if t.next.state == Ongoing && from != Ongoing {
		b.cluster.checkUse(&e.txnRecord, &t.next)
		t.next.usedPID, t.next.usedEpoch = t.next.pid, t.next.epoch
	}
	t.next.updated = millis(env)
	e.pending, e.cause = t, t.cause
	if t.next.tv2 && b.cluster.cfg.TransactionVersion.Level() == 0 {
		// A record of TV0 has no place for the client's style. Kafka finds that out too late: the change stays pending,
		// and the id busy, until another coordinator reads the log.
		t.done(env, protocol.UnsupportedVersion)
		return
	}
	switch {
	case b.underMinISR(e.log):
		b.giveUp(env, t, protocol.CoordinatorNotAvailable)
		return
	case !b.room(env):
		b.giveUp(env, t, protocol.NotCoordinator)
		return
	}
	e.log.leo++
	b.cluster.spills(&e.log.replicaSet)
	e.log.inFlight[e.id] = &t.next
	if t.next.state.deciding() {
		env.Note(history.TransactionAppending{ID: e.id, ProducerID: t.next.pid, Epoch: t.next.epoch, State: string(t.next.state)})
	}
	env.After(draw(env, "txn-append", b.cluster.cfg.TxnReplication), appended{t})
}

// appended is the second step.
func (b *Broker) appended(env mailbox.Env, t *transition) {
	e, c := t.entry, b.cluster
	if e.log.leader != b.node || e.log.epoch != e.loadedIn {
		e.pending = nil // somebody else is the coordinator now, and decides what is in the log
		t.done(env, protocol.NotCoordinator)
		return
	}
	if !b.everywhere(e.log) {
		b.wait(env, t)
		return
	}
	delete(e.log.inFlight, e.id)
	if c.faults.failAppends > 0 {
		c.faults.failAppends--
		if c.faults.failWritten {
			c.store(e.log, &t.next)
		}
		b.giveUp(env, t, protocol.CoordinatorNotAvailable)
		return
	}
	from := e.state
	e.pending = nil
	e.failedFence = false
	e.txnRecord, e.lastEpoch = t.next, t.last
	c.store(e.log, &t.next)
	if e.state == Dead {
		delete(b.txns, e.id)
	}
	if from != e.state || e.state == Empty {
		env.Note(history.Transaction{ID: e.id, ProducerID: e.pid, Epoch: e.epoch, State: string(e.state), Cause: t.cause})
	}
	t.done(env, protocol.None)
	if e.state.deciding() {
		b.decide(env, e)
	}
}

// giveUp is for a change that could not be appended, as far as this coordinator knows.
func (b *Broker) giveUp(env mailbox.Env, t *transition, code int16) {
	e := t.entry
	e.pending = nil
	if t.fences() && !e.failedFence {
		e.epoch, e.failedFence = t.next.epoch, true
	}
	t.done(env, code)
}
