package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// offsetCommit stores positions of a group without members, as a job does for its monitoring.
func (b *Broker) offsetCommit(req *kmsg.OffsetCommitRequest) kmsg.Response {
	code := none
	if b.coordinatorOf(req.Group) != b.node {
		code = NotCoordinator
	}
	resp := kmsg.NewPtrOffsetCommitResponse()
	for _, t := range req.Topics {
		topic := kmsg.NewOffsetCommitResponseTopic()
		topic.Topic = t.Topic
		for _, in := range t.Partitions {
			out := kmsg.NewOffsetCommitResponseTopicPartition()
			out.Partition, out.ErrorCode = in.Partition, code
			switch {
			case code != none:
			case b.cluster.partition(topicPartition{t.Topic, in.Partition}) == nil:
				out.ErrorCode = unknownTopicOrPartition
			default:
				b.cluster.offsets[groupPartition{req.Group, t.Topic, in.Partition}] = in.Offset
			}
			topic.Partitions = append(topic.Partitions, out)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}

// CommittedOffset is the position that a group has committed for a partition, -1 if none.
func (c *Cluster) CommittedOffset(group, topic string, partition int) int64 {
	if offset, ok := c.offsets[groupPartition{group, topic, int32(partition)}]; ok {
		return offset
	}
	return -1
}
