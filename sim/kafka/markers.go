package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// marker is one partition that has yet to learn the decision of a transaction.
type marker struct {
	entry *entry
	tp    topicPartition
	done  bool
}

// decide carries out a decision: each partition gets its marker, at its own time. The client has its answer
// before.
func (b *Broker) decide(env mailbox.Env, e *entry) {
	e.unmarked = nil
	if len(e.partitions) == 0 {
		b.complete(env, e)
		return
	}
	gap := b.cluster.cfg.MarkerGap
	extra := b.cluster.markerFault()
	for _, tp := range e.partitions {
		m := &marker{entry: e, tp: tp}
		e.unmarked = append(e.unmarked, m)
		env.After(draw(env, "marker", gap)+extra, sendMarker{m})
	}
}

// mine says whether this broker is still the coordinator that made the entry.
func (b *Broker) mine(e *entry) bool {
	return e.log.leader == b.node && e.log.epoch == e.loadedIn && b.txns[e.id] == e
}

func (b *Broker) sendMarker(env mailbox.Env, m *marker) {
	e := m.entry
	if !b.mine(e) || m.done {
		return
	}
	p := b.cluster.partition(m.tp)
	if p == nil { // the topic was deleted: there is nobody to tell
		b.markerDone(env, m)
		return
	}
	if p.leader == protocol.NoLeader {
		env.After(retryBackoff, sendMarker{m})
		return
	}
	req := kmsg.NewPtrWriteTxnMarkersRequest()
	req.Version = 2
	mk := kmsg.NewWriteTxnMarkersRequestMarker()
	mk.ProducerID, mk.ProducerEpoch = e.pid, e.epoch
	mk.Committed = e.state == PrepareCommit
	mk.CoordinatorEpoch = e.log.epoch
	if e.tv2 {
		mk.TransactionVersion = 2
	}
	t := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	t.Topic, t.Partitions = m.tp.topic, []int32{m.tp.partition}
	mk.Topics = append(mk.Topics, t)
	req.Markers = append(req.Markers, mk)
	b.asked.Send(env, b.cluster.addrs[p.leader], 0, req, func(env mailbox.Env, resp kmsg.Response) {
		b.markerAnswered(env, m, resp)
	})
}

func (b *Broker) markerAnswered(env mailbox.Env, m *marker, resp kmsg.Response) {
	code := protocol.NetworkException
	if resp, ok := resp.(*kmsg.WriteTxnMarkersResponse); ok {
		code = resp.Markers[0].Topics[0].Partitions[0].ErrorCode
	}
	switch code {
	case protocol.None:
		b.markerDone(env, m)
	case protocol.InvalidProducerEpoch, protocol.CoordinatorFenced:
		// Another coordinator is, or was, at it. The record stays as it is until the next election.
	default:
		env.After(retryBackoff, sendMarker{m})
	}
}

func (b *Broker) markerDone(env mailbox.Env, m *marker) {
	e := m.entry
	if m.done || !b.mine(e) || !e.state.deciding() {
		return
	}
	m.done = true
	for _, other := range e.unmarked {
		if !other.done {
			return
		}
	}
	b.complete(env, e)
}

// complete writes that the transaction is over, once every partition has its marker or is gone.
func (b *Broker) complete(env mailbox.Env, e *entry) {
	if !b.mine(e) || e.pending != nil || !e.state.deciding() {
		return
	}
	for _, m := range e.unmarked {
		if !m.done {
			bug("%s is complete before %s-%d has its marker", e.id, m.tp.topic, m.tp.partition)
		}
	}
	next := e.txnRecord
	next.state = CompleteAbort
	if e.state == PrepareCommit {
		next.state = CompleteCommit
	}
	next.partitions = nil
	if next.nextPID != protocol.NoProducerID {
		next.prevPID = next.pid
		next.pid, next.epoch = next.successor()
		next.nextPID, next.nextEpoch = protocol.NoProducerID, 0
	}
	b.begin(env, &transition{entry: e, next: next, last: e.lastEpoch, cause: e.cause, done: func(env mailbox.Env, code int16) {
		if code == protocol.CoordinatorNotAvailable {
			env.After(retryBackoff, complete{e})
		}
	}})
}

// openPartitions are the members of a transaction that have no marker yet.
func (e *entry) openPartitions() []topicPartition {
	if !e.state.deciding() {
		return e.partitions
	}
	var open []topicPartition
	for _, m := range e.unmarked {
		if !m.done {
			open = append(open, m.tp)
		}
	}
	return open
}
