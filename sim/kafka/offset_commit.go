package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// offsetMetadataMax is how many bytes may go with an offset (offset.metadata.max.bytes).
const offsetMetadataMax = 4096

// offsetCommit stores positions of a group: of a member, or, as long as there are none, of anybody, as a job does for
// its monitoring.
func (b *Broker) offsetCommit(env mailbox.Env, c call, req *kmsg.OffsetCommitRequest) {
	s, refused := b.shardOf(req.Group)
	var g *group
	if refused == protocol.None {
		g = s.find(req.Group)
		refused = g.mayCommit(req.MemberID, req.InstanceID, req.Generation, false)
		if refused == protocol.GroupIDNotFound && req.Version < 9 {
			refused = protocol.IllegalGeneration
		}
	}
	resp := kmsg.NewPtrOffsetCommitResponse()
	var records []logRecord
	for _, t := range req.Topics {
		topic := kmsg.NewOffsetCommitResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		found, code := b.cluster.named(t.Topic, t.TopicID, req.Version >= 10)
		for _, in := range t.Partitions {
			out := kmsg.NewOffsetCommitResponseTopicPartition()
			out.Partition, out.ErrorCode = in.Partition, code
			switch {
			case refused != protocol.None:
				out.ErrorCode = refused
			case code != protocol.None:
			default:
				var r logRecord
				r, out.ErrorCode = found.offsetRecord(req.Group, in.Partition, in.Offset, in.LeaderEpoch, in.Metadata, millis(env))
				if out.ErrorCode == protocol.None {
					records = append(records, r)
				}
			}
			topic.Partitions = append(topic.Partitions, out)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	if len(records) == 0 {
		b.answer(env, c, resp)
		return
	}
	if m := g.committer(req.MemberID); m != nil {
		b.expectHeartbeat(env, s, g, m, m.session)
	}
	b.write(env, s, records, func(env mailbox.Env, code int16) {
		for _, t := range resp.Topics {
			for i := range t.Partitions {
				if p := &t.Partitions[i]; p.ErrorCode == protocol.None {
					p.ErrorCode = code
				}
			}
		}
		b.answer(env, c, resp)
	})
}

// offsetRecord is what the log keeps of one committed offset. The code says why it cannot be committed.
func (t *topic) offsetRecord(group string, partition int32, offset int64, epoch int32, metadata *string, wall int64) (logRecord, int16) {
	o := committed{offset: offset, leaderEpoch: epoch, topicID: t.id}
	if metadata != nil {
		o.metadata = *metadata
	}
	switch {
	case partition < 0 || int(partition) >= len(t.partitions):
		return logRecord{}, protocol.UnknownTopicOrPartition
	case len(o.metadata) > offsetMetadataMax:
		return logRecord{}, protocol.OffsetMetadataTooLarge
	}
	return offsetRecord(group, topicPartition{t.name, partition}, o, wall), protocol.None
}

// mayCommit says whether who commits offsets is a member of this generation. A group without members is anybody's; and
// a transaction may leave it to its own epoch to keep zombies out.
func (g *group) mayCommit(id string, instance *string, generation int32, transactional bool) int16 {
	switch {
	case g == nil && generation >= 0:
		return protocol.GroupIDNotFound
	case g == nil, generation < 0 && g.state == groupEmpty:
		return protocol.None
	case generation >= 0 || id != "" || instance != nil:
		if _, code := g.known(id, instance); code != protocol.None {
			return code
		}
		if generation != g.generation {
			return protocol.IllegalGeneration
		}
	case !transactional:
		return protocol.UnknownMemberID
	}
	if !transactional && g.state == completingRebalance {
		return protocol.RebalanceInProgress
	}
	return protocol.None
}

// committer is the member that commits, or nil. That it does is a sign of life.
func (g *group) committer(id string) *member {
	if g == nil {
		return nil
	}
	return g.member(id)
}
