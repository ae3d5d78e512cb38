package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// The timestamps that stand for the ends of a log.
const (
	latest   = -1
	earliest = -2
)

// listOffsets finds offsets by timestamp. A read_committed reader's log ends at the LSO.
func (b *Broker) listOffsets(req *kmsg.ListOffsetsRequest) kmsg.Response {
	resp := kmsg.NewPtrListOffsetsResponse()
	for _, t := range req.Topics {
		topic := kmsg.NewListOffsetsResponseTopic()
		topic.Topic = t.Topic
		for _, in := range t.Partitions {
			out := kmsg.NewListOffsetsResponseTopicPartition()
			out.Partition = in.Partition
			p := b.cluster.partition(topicPartition{t.Topic, in.Partition})
			switch {
			case p == nil:
				out.ErrorCode = unknownTopicOrPartition
			case b.leads(p) == nil:
				out.ErrorCode = notLeaderOrFollower
			case in.Timestamp == latest:
				out.Offset = p.end(req.IsolationLevel == 1)
			case in.Timestamp == earliest:
				out.Offset = p.logStart
			default:
				out.Offset, out.Timestamp = p.offsetFor(in.Timestamp, p.end(req.IsolationLevel == 1))
			}
			topic.Partitions = append(topic.Partitions, out)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}
