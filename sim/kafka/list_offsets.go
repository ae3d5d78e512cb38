package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// timestampSince is the version of the request that knows such a timestamp first.
var timestampSince = map[int64]int16{protocol.Latest: 0, protocol.Earliest: 0, protocol.MaxTimestamp: 7,
	protocol.EarliestLocal: 8, protocol.LatestTiered: 9, protocol.EarliestUploaded: 11}

// listOffsets finds offsets by timestamp. A read_committed reader's log ends at the LSO.
func (b *Broker) listOffsets(req *kmsg.ListOffsetsRequest) kmsg.Response {
	resp := kmsg.NewPtrListOffsetsResponse()
	for _, t := range req.Topics {
		topic := kmsg.NewListOffsetsResponseTopic()
		topic.Topic = t.Topic
		for _, in := range t.Partitions {
			topic.Partitions = append(topic.Partitions, b.offsetFor(t.Topic, in, req.IsolationLevel == 1, req.Version))
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}

func (b *Broker) offsetFor(topic string, in kmsg.ListOffsetsRequestTopicPartition, committed bool, version int16) kmsg.ListOffsetsResponseTopicPartition {
	out := kmsg.NewListOffsetsResponseTopicPartition()
	out.Partition, out.Offset, out.Timestamp, out.LeaderEpoch = in.Partition, -1, -1, -1
	p, code := b.cluster.find(topic, [16]byte{}, false, in.Partition)
	if code == protocol.None {
		code = b.leadsIn(p, in.CurrentLeaderEpoch)
	}
	since, special := timestampSince[in.Timestamp]
	switch {
	case code != protocol.None:
		out.ErrorCode = code
		return out
	case in.Timestamp < 0 && (!special || version < since):
		out.ErrorCode = protocol.UnsupportedVersion
		return out
	}
	end := p.end(committed)
	switch in.Timestamp {
	case protocol.Latest:
		out.Offset = end
	case protocol.Earliest, protocol.EarliestLocal:
		out.Offset = p.logStart
	case protocol.MaxTimestamp:
		out.Offset, out.Timestamp = p.newest(end)
	case protocol.LatestTiered, protocol.EarliestUploaded:
	default:
		out.Offset, out.Timestamp = p.offsetFor(in.Timestamp, end)
	}
	if out.Offset >= 0 {
		out.LeaderEpoch = p.epochAt(out.Offset)
	}
	return out
}
