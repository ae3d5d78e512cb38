package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// markerAppend is a request whose markers are in the log and not yet on every replica.
type markerAppend struct {
	call  call
	resp  *kmsg.WriteTxnMarkersResponse
	ends  []end
	notes []history.MarkerAppended
}

// writeTxnMarkers appends the decision to partitions. It comes from a coordinator, or from an operator who ends
// a hanging transaction.
func (b *Broker) writeTxnMarkers(env mailbox.Env, c call, req *kmsg.WriteTxnMarkersRequest) {
	now := b.cluster.cfg.Now()
	m := &markerAppend{call: c, resp: kmsg.NewPtrWriteTxnMarkersResponse()}
	fromBroker := slices.Contains(b.cluster.addrs, c.from)
	for _, in := range req.Markers {
		out := kmsg.NewWriteTxnMarkersResponseMarker()
		out.ProducerID = in.ProducerID
		for _, t := range in.Topics {
			topic := kmsg.NewWriteTxnMarkersResponseMarkerTopic()
			topic.Topic = t.Topic
			topic.Partitions = make([]kmsg.WriteTxnMarkersResponseMarkerTopicPartition, len(t.Partitions))
			for i, n := range t.Partitions {
				r := &topic.Partitions[i]
				r.Partition = n
				p := b.cluster.partition(topicPartition{t.Topic, n})
				if p == nil {
					r.ErrorCode = unknownTopicOrPartition
					continue
				}
				l := b.leads(p)
				if l == nil {
					r.ErrorCode = notLeaderOrFollower
					continue
				}
				if fromBroker {
					b.cluster.checkMarker(in.ProducerID, in.ProducerEpoch, in.Committed)
				}
				strict := req.Version >= 2 && in.TransactionVersion >= 2
				r.ErrorCode = p.appendMarker(in.ProducerID, in.ProducerEpoch, in.Committed, in.CoordinatorEpoch, strict, millis(env), now)
				if r.ErrorCode != none {
					continue
				}
				// What ends a transaction ends the right to open one, too; but the next transaction, which has the
				// marker's epoch under TV2, may be asking already.
				if g := l.guards[in.ProducerID]; g != nil && !(g.tv2 && g.epoch == in.ProducerEpoch) {
					delete(l.guards, in.ProducerID)
				}
				m.ends = append(m.ends, end{p, p.leo, p.leaderEpoch, &r.ErrorCode})
				m.notes = append(m.notes, history.MarkerAppended{ID: b.cluster.ids[in.ProducerID], ProducerID: in.ProducerID,
					Epoch: in.ProducerEpoch, Topic: t.Topic, Partition: n, Commit: in.Committed})
			}
			out.Topics = append(out.Topics, topic)
		}
		m.resp.Markers = append(m.resp.Markers, out)
	}
	if len(m.ends) == 0 {
		b.answer(env, c, m.resp)
		return
	}
	env.After(draw(env, "replicate", b.cluster.cfg.Replication), marked{m})
}

// marked lets readers see the decision, and answers.
func (b *Broker) marked(env mailbox.Env, m *markerAppend) {
	for i, e := range m.ends {
		b.advance(env, e)
		env.Note(m.notes[i])
	}
	b.answer(env, m.call, m.resp)
}
