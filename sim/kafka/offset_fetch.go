package kafka

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// offsetFetch reads what groups have committed. With require-stable it does not answer for a partition about whose
// offset an open transaction has yet to decide.
func (b *Broker) offsetFetch(req *kmsg.OffsetFetchRequest) kmsg.Response {
	resp := kmsg.NewPtrOffsetFetchResponse()
	if req.Version >= 8 {
		for _, g := range req.Groups {
			resp.Groups = append(resp.Groups, b.fetchOffsets(g, req.RequireStable, req.Version))
		}
		return resp
	}
	one := kmsg.NewOffsetFetchRequestGroup()
	one.Group = req.Group
	if req.Topics != nil {
		one.Topics = []kmsg.OffsetFetchRequestGroupTopic{}
	}
	for _, t := range req.Topics {
		topic := kmsg.NewOffsetFetchRequestGroupTopic()
		topic.Topic, topic.Partitions = t.Topic, t.Partitions
		one.Topics = append(one.Topics, topic)
	}
	found := b.fetchOffsets(one, req.RequireStable, req.Version)
	resp.ErrorCode = found.ErrorCode
	for _, t := range found.Topics {
		topic := kmsg.NewOffsetFetchResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			topic.Partitions = append(topic.Partitions, kmsg.OffsetFetchResponseTopicPartition{Partition: p.Partition, Offset: p.Offset,
				LeaderEpoch: p.LeaderEpoch, Metadata: p.Metadata, ErrorCode: p.ErrorCode})
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}

// fetchOffsets reads the offsets of one group; without topics all that it has.
func (b *Broker) fetchOffsets(in kmsg.OffsetFetchRequestGroup, stable bool, version int16) kmsg.OffsetFetchResponseGroup {
	out := kmsg.NewOffsetFetchResponseGroup()
	out.Group = in.Group
	s, refused := b.shardOf(in.Group)
	var g *group
	if refused == protocol.None {
		g = s.find(in.Group)
		if in.Topics == nil {
			in.Topics = g.everything(b.cluster)
		}
	}
	if refused != protocol.None && version >= 2 {
		out.ErrorCode = refused
		return out
	}
	for _, t := range in.Topics {
		topic := kmsg.NewOffsetFetchResponseGroupTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		name, code := t.Topic, protocol.None
		if version >= 10 {
			found, unknown := b.cluster.named("", t.TopicID, true)
			if code = unknown; code == protocol.None {
				name = found.name
			}
		}
		if refused != protocol.None {
			code = refused
		}
		for _, n := range t.Partitions {
			p := kmsg.NewOffsetFetchResponseGroupTopicPartition()
			p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, p.ErrorCode = n, -1, -1, kmsg.StringPtr(""), code
			tp := topicPartition{name, n}
			switch o := g.committed(b.cluster, tp); {
			case code != protocol.None:
			case stable && g.unstable(tp):
				p.ErrorCode = protocol.UnstableOffsetCommit
			case o != nil:
				p.Offset, p.LeaderEpoch, p.Metadata = o.offset, o.leaderEpoch, &o.metadata
			}
			topic.Partitions = append(topic.Partitions, p)
		}
		out.Topics = append(out.Topics, topic)
	}
	return out
}

// everything are all partitions for which a group has committed an offset.
func (g *group) everything(c *Cluster) []kmsg.OffsetFetchRequestGroupTopic {
	if g == nil {
		return nil
	}
	var topics []kmsg.OffsetFetchRequestGroupTopic
	for _, tp := range slices.SortedFunc(maps.Keys(g.offsets), compareTopicPartition) {
		if g.committed(c, tp) == nil {
			continue
		}
		if n := len(topics); n == 0 || topics[n-1].Topic != tp.topic {
			t := kmsg.NewOffsetFetchRequestGroupTopic()
			t.Topic, t.TopicID = tp.topic, c.topics[tp.topic].id
			topics = append(topics, t)
		}
		last := &topics[len(topics)-1]
		last.Partitions = append(last.Partitions, tp.partition)
	}
	return topics
}
