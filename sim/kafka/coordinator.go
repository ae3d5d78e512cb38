package kafka

import (
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
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

// busy says whether a decision, or any other change, is under way.
func (e *entry) busy() bool { return e.pending != nil || e.state.deciding() }

// lookup finds a transactional id. Code says why this broker cannot answer for it; an unknown id is nil, none.
func (b *Broker) lookup(id string) (*entry, int16) {
	i := TxnPartitionOf(id)
	if code := b.coordinates(i); code != protocol.None {
		return nil, code
	}
	return b.entry(i, id), protocol.None
}

// entry is what this broker has of a transactional id that it coordinates, or nil.
func (b *Broker) entry(i int, id string) *entry {
	if e := b.txns[id]; e != nil {
		return e
	}
	if r := b.cluster.txns[i].records[id]; r != nil {
		return b.cache(i, *r)
	}
	return nil
}

// coordinates says with which code a request about a partition of the transaction log must be refused.
func (b *Broker) coordinates(i int) int16 {
	tp := &b.cluster.txns[i]
	if tp.leader != b.node {
		return protocol.NotCoordinator
	}
	if code := b.cluster.coordinatorFault(); code != protocol.None {
		return code
	}
	if !b.loaded(i) {
		return protocol.CoordinatorLoadInProgress
	}
	return protocol.None
}

// loaded says whether this broker coordinates a partition of the transaction log, whatever it answers.
func (b *Broker) loaded(i int) bool {
	tp := &b.cluster.txns[i]
	return tp.leader == b.node && b.ready[i] == tp.epoch
}

func (b *Broker) cache(i int, r txnRecord) *entry {
	tp := &b.cluster.txns[i]
	e := &entry{txnRecord: r, log: tp, loadedIn: tp.epoch, lastEpoch: protocol.NoEpoch}
	b.txns[r.id] = e
	return e
}

// elect makes this broker read a partition of the transaction log.
func (b *Broker) elect(env mailbox.Env, i int) {
	tp := &b.cluster.txns[i]
	if tp.leader == b.node && b.ready[i] != tp.epoch {
		env.Note(history.CoordinatorLoading{Partition: int32(i), Epoch: tp.epoch})
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
	env.Note(history.CoordinatorLoaded{Partition: int32(i), Epoch: epoch})
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
	if old := tp.records[r.id]; old == nil || old.state != r.state {
		env.Note(history.Transaction{ID: r.id, ProducerID: r.pid, Epoch: r.epoch, State: string(r.state), Cause: "failover"})
	}
	b.cluster.store(tp, r)
}
