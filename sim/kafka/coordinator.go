package kafka

import (
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// entry is a transactional id in the coordinator's cache: the last record that was replicated, and what only
// this memory knows.
type entry struct {
	txnRecord
	log         *txnPartition
	loadedIn    int32 // the coordinator epoch in which it was cached
	pending     *transition
	lastEpoch   int16  // before the last bump: who sends it gets the current one, as a retry
	failedFence bool   // the epoch was bumped here by a fence that could not be written
	cause       string // of the decision under way
	unmarked    []*marker
}

// transition is a change between its two steps: it has been prepared and is being appended. The caches take it
// over, and done is called, when it is replicated.
type transition struct {
	entry *entry
	next  txnRecord
	last  int16 // lastEpoch from then on
	cause string
	done  func(env mailbox.Env, code int16)
}

// busy says whether a decision, or any other change, is under way.
func (e *entry) busy() bool { return e.pending != nil || e.state.deciding() }

// lookup finds a transactional id. Code says why this broker cannot answer for it; an unknown id is nil, none.
func (b *Broker) lookup(id string) (*entry, int16) {
	c := b.cluster
	i := TxnPartitionOf(id)
	if code := b.coordinates(i); code != none {
		return nil, code
	}
	e := b.txns[id]
	if e == nil {
		if r := c.txns[i].records[id]; r != nil {
			e = b.cache(i, *r)
		}
	}
	return e, none
}

// coordinates says with which code a request about a partition of the transaction log must be refused.
func (b *Broker) coordinates(i int) int16 {
	tp := &b.cluster.txns[i]
	if tp.leader != b.node {
		return NotCoordinator
	}
	if code := b.cluster.coordinatorFault(); code != none {
		return code
	}
	if b.ready[i] != tp.epoch {
		return CoordinatorLoadInProgress
	}
	return none
}

func (b *Broker) cache(i int, r txnRecord) *entry {
	tp := &b.cluster.txns[i]
	e := &entry{txnRecord: r, log: tp, loadedIn: tp.epoch, lastEpoch: noEpoch}
	b.txns[r.id] = e
	return e
}

// begin is the first step of a transition: nothing else may happen to the id until the record is appended.
func (b *Broker) begin(env mailbox.Env, t *transition) {
	e := t.entry
	from := e.state
	assert(e.pending == nil, "%s goes to %s while another change is pending", e.id, t.next.state)
	if t.next.state == PrepareAbort && (t.cause == "timeout" || t.cause == "init") {
		assert(legal(from, PrepareEpochFence, false), "%s is fenced while it is %s", e.id, from)
		from = PrepareEpochFence
		env.Note(history.Transaction{ID: e.id, ProducerID: e.pid, Epoch: e.epoch, State: "Fenced", Cause: t.cause})
	}
	assert(legal(from, t.next.state, t.next.tv2), "%s goes from %s to %s", e.id, from, t.next.state)
	if t.next.state == Ongoing && from != Ongoing {
		b.cluster.checkUse(&e.txnRecord, &t.next)
		t.next.usedPID, t.next.usedEpoch = t.next.pid, t.next.epoch
	}
	t.next.updated = millis(env)
	e.pending, e.cause = t, t.cause
	e.log.inFlight[e.id] = &t.next
	env.After(draw(env, "txn-append", b.cluster.cfg.TxnReplication), appended{t})
}

// appended is the second step.
func (b *Broker) appended(env mailbox.Env, t *transition) {
	e, c := t.entry, b.cluster
	if e.log.leader != b.node || e.log.epoch != e.loadedIn {
		e.pending = nil // somebody else is the coordinator now, and decides what is in the log
		t.done(env, NotCoordinator)
		return
	}
	delete(e.log.inFlight, e.id)
	if c.faults.failAppends > 0 {
		c.faults.failAppends--
		if c.faults.failWritten {
			e.log.records[e.id] = &t.next
		}
		e.pending = nil
		if t.next.state == PrepareAbort && (t.cause == "timeout" || t.cause == "init") && !e.failedFence {
			e.epoch, e.failedFence = t.next.epoch, true
		}
		t.done(env, CoordinatorNotAvailable)
		return
	}
	from := e.state
	e.pending = nil
	e.failedFence = false
	e.txnRecord, e.lastEpoch = t.next, t.last
	if t.next.state == Dead {
		delete(e.log.records, e.id)
		delete(b.txns, e.id)
	} else {
		e.log.records[e.id] = &t.next
		c.ids[e.pid] = e.id
	}
	if from != e.state || e.state == Empty {
		env.Note(history.Transaction{ID: e.id, ProducerID: e.pid, Epoch: e.epoch, State: string(e.state), Cause: t.cause})
	}
	t.done(env, none)
	if e.state.deciding() {
		b.decide(env, e)
	}
}

// elect makes this broker read a partition of the transaction log.
func (b *Broker) elect(env mailbox.Env, i int) {
	tp := &b.cluster.txns[i]
	if tp.leader == b.node && b.ready[i] != tp.epoch {
		env.After(draw(env, "load", b.cluster.cfg.Load), loaded{i, tp.epoch})
	}
}

// load takes over what the log has: pending work of the predecessor is gone, decisions are carried out.
func (b *Broker) load(env mailbox.Env, i int, epoch int32) {
	tp := &b.cluster.txns[i]
	if tp.leader != b.node || tp.epoch != epoch || b.ready[i] == epoch {
		return
	}
	b.ready[i] = epoch
	for id := range b.txns { // only deletes, so it may be done in any order
		if TxnPartitionOf(id) == i {
			delete(b.txns, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(tp.inFlight)) {
		// The predecessor's append was under way: whether it reached this replica is chance.
		if env.Rand("in-flight").IntN(2) == 0 {
			b.adopt(env, tp, tp.inFlight[id])
		}
		delete(tp.inFlight, id)
	}
	for _, id := range slices.Sorted(maps.Keys(tp.records)) {
		if r := tp.records[id]; r.state.deciding() {
			b.decide(env, b.cache(i, *r))
		}
	}
}

// adopt takes a record over that the predecessor had sent and not seen confirmed.
func (b *Broker) adopt(env mailbox.Env, tp *txnPartition, r *txnRecord) {
	if r.state == Dead {
		delete(tp.records, r.id)
		return
	}
	if old := tp.records[r.id]; old == nil || old.state != r.state {
		env.Note(history.Transaction{ID: r.id, ProducerID: r.pid, Epoch: r.epoch, State: string(r.state), Cause: "failover"})
	}
	tp.records[r.id] = r
	b.cluster.ids[r.pid] = r.id
}

// scan fences and aborts transactions that have been open for longer than their timeout, and now and then
// forgets ids that nobody uses.
func (b *Broker) scan(env mailbox.Env) {
	now := millis(env)
	every := b.cluster.cfg.AbortScanInterval
	env.After(every, scan{})
	b.expiry -= every
	expire := b.expiry <= 0
	if expire {
		b.expiry = b.cluster.cfg.IDExpiryScanInterval
	}
	for i := range b.cluster.txns {
		if b.coordinates(i) != none {
			continue
		}
		tp := &b.cluster.txns[i]
		for _, id := range slices.Sorted(maps.Keys(tp.records)) {
			e, _ := b.lookup(id)
			switch {
			case e.pending != nil:
			case e.state == Ongoing && e.start+e.timeout.Milliseconds() < now:
				b.fence(env, e, "timeout", func(mailbox.Env, int16) {})
			case expire && e.state.settled() && e.updated <= now-b.cluster.cfg.IDExpiration.Milliseconds():
				next := e.txnRecord
				next.state = Dead
				b.begin(env, &transition{entry: e, next: next, last: noEpoch, done: func(mailbox.Env, int16) {}})
			}
		}
	}
}

// fence bumps the epoch, so that the owner of an open transaction is refused from now on, and aborts it.
func (b *Broker) fence(env mailbox.Env, e *entry, cause string, done func(mailbox.Env, int16)) {
	next := e.txnRecord
	next.state = PrepareAbort
	if !e.failedFence { // else it was bumped when the fence was first tried
		next.epoch++
	}
	last := noEpoch
	if e.tv2 {
		last = next.epoch - 1
	}
	b.begin(env, &transition{entry: e, next: next, last: last, cause: cause, done: done})
}
