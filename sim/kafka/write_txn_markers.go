package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
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
	m := &markerAppend{call: c, resp: kmsg.NewPtrWriteTxnMarkersResponse()}
	for _, in := range req.Markers {
		out := kmsg.NewWriteTxnMarkersResponseMarker()
		out.ProducerID = in.ProducerID
		for _, t := range in.Topics {
			topic := kmsg.NewWriteTxnMarkersResponseMarkerTopic()
			topic.Topic = t.Topic
			topic.Partitions = make([]kmsg.WriteTxnMarkersResponseMarkerTopicPartition, len(t.Partitions))
			for i, n := range t.Partitions {
				r := &topic.Partitions[i]
				p := b.cluster.partition(topicPartition{t.Topic, n})
				r.Partition, r.ErrorCode = n, b.mark(env, c, &in, p)
				if r.ErrorCode == protocol.None {
					m.ends = append(m.ends, end{p: p, offset: p.leo, epoch: p.leaderEpoch, code: &r.ErrorCode})
					m.notes = append(m.notes, history.MarkerAppended{ID: b.cluster.ids[in.ProducerID], ProducerID: in.ProducerID,
						Epoch: in.ProducerEpoch, Topic: t.Topic, Partition: n, Commit: in.Committed})
				}
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

// mark appends one marker to one partition.
func (b *Broker) mark(env mailbox.Env, c call, in *kmsg.WriteTxnMarkersRequestMarker, p *Partition) int16 {
	if p == nil {
		return protocol.UnknownTopicOrPartition
	}
	l := b.leads(p)
	switch {
	case l == nil:
		return protocol.NotLeaderOrFollower
	case p.underMinISR():
		return protocol.NotEnoughReplicas
	case !b.room(env):
		return protocol.KafkaStorageError
	}
	if p.topic == offsetsTopic && b.shardAt(p) == nil {
		return protocol.NotLeaderOrFollower // the groups that it is about are not read yet
	}
	if slices.Contains(b.cluster.addrs, c.from) {
		b.cluster.checkMarker(in.ProducerID, in.ProducerEpoch, in.Committed)
	}
	strict := c.version >= 2 && in.TransactionVersion >= 2
	code := p.appendMarker(in.ProducerID, in.ProducerEpoch, in.Committed, in.CoordinatorEpoch, strict, millis(env), b.cluster.cfg.Now())
	// What ends a transaction ends the right to open one, too; but the next transaction, which has the marker's epoch
	// under TV2, may be asking already.
	if g := l.guards[in.ProducerID]; code == protocol.None && g != nil && !(g.tv2 && g.epoch == in.ProducerEpoch) {
		delete(l.guards, in.ProducerID)
	}
	return code
}

// marked lets readers see the decision, and answers.
func (b *Broker) marked(env mailbox.Env, m *markerAppend) {
	b.replicate(env, m.ends, interBrokerTimeout, func(env mailbox.Env) {
		for i, e := range m.ends {
			if *e.code == protocol.None {
				env.Note(m.notes[i])
			}
		}
		b.answer(env, m.call, m.resp)
	})
}
