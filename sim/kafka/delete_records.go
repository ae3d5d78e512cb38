package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// deleteRecords moves the start of logs. It may cut into an open transaction, but not go beyond the high
// watermark; offset -1 stands for that.
func (b *Broker) deleteRecords(req *kmsg.DeleteRecordsRequest) kmsg.Response {
	resp := kmsg.NewPtrDeleteRecordsResponse()
	for _, t := range req.Topics {
		topic := kmsg.NewDeleteRecordsResponseTopic()
		topic.Topic = t.Topic
		for _, in := range t.Partitions {
			out := kmsg.NewDeleteRecordsResponseTopicPartition()
			out.Partition = in.Partition
			p := b.cluster.partition(topicPartition{t.Topic, in.Partition})
			switch {
			case p == nil:
				out.ErrorCode = protocol.UnknownTopicOrPartition
			case t.Topic == offsetsTopic:
				out.ErrorCode = protocol.InvalidTopicException
			case b.leads(p) == nil:
				out.ErrorCode = protocol.NotLeaderOrFollower
			case in.Offset > p.hw || in.Offset < -1:
				out.ErrorCode = protocol.OffsetOutOfRange
			default:
				to := in.Offset
				if to == -1 {
					to = p.hw
				}
				p.deleteRecords(to, b.cluster.cfg.Now())
				out.LowWatermark = p.logStart
			}
			topic.Partitions = append(topic.Partitions, out)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}
