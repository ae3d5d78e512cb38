package kafka

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// describeProducers shows every producer that a partition knows, with or without an open transaction.
func (b *Broker) describeProducers(req *kmsg.DescribeProducersRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeProducersResponse()
	for _, t := range req.Topics {
		topic := kmsg.NewDescribeProducersResponseTopic()
		topic.Topic = t.Topic
		for _, n := range t.Partitions {
			out := kmsg.NewDescribeProducersResponseTopicPartition()
			out.Partition = n
			p := b.cluster.partition(topicPartition{t.Topic, n})
			switch {
			case p == nil:
				out.ErrorCode = protocol.UnknownTopicOrPartition
			case b.leads(p) == nil:
				out.ErrorCode = protocol.NotLeaderOrFollower
			default:
				for _, pid := range slices.Sorted(maps.Keys(p.producers)) {
					s := p.producers[pid]
					e := kmsg.NewDescribeProducersResponseTopicPartitionActiveProducer()
					e.ProducerID, e.ProducerEpoch, e.CoordinatorEpoch = pid, int32(s.epoch), s.coordinatorEpoch
					e.CurrentTxnStartOffset, e.LastSequence = s.txnFirst, -1
					if n := len(s.window); n > 0 {
						e.LastSequence = s.window[n-1].last
					}
					out.ActiveProducers = append(out.ActiveProducers, e)
				}
			}
			topic.Partitions = append(topic.Partitions, out)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}
