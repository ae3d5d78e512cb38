package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// The timestamps that stand for something else than a time. What is local, and what is in tiered storage, differs only
// for a cluster with tiered storage.
const (
	latest           = -1
	earliest         = -2
	maxTimestamp     = -3
	earliestLocal    = -4
	latestTiered     = -5
	earliestUploaded = -6
)

// timestampSince is the version of the request that knows such a timestamp first.
var timestampSince = map[int64]int16{latest: 0, earliest: 0, maxTimestamp: 7, earliestLocal: 8, latestTiered: 9, earliestUploaded: 11}

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
	if code == none {
		code = b.leadsIn(p, in.CurrentLeaderEpoch)
	}
	since, special := timestampSince[in.Timestamp]
	switch {
	case code != none:
		out.ErrorCode = code
		return out
	case in.Timestamp < 0 && (!special || version < since):
		out.ErrorCode = unsupportedVersion
		return out
	}
	end := p.end(committed)
	switch in.Timestamp {
	case latest:
		out.Offset = end
	case earliest, earliestLocal:
		out.Offset = p.logStart
	case maxTimestamp:
		out.Offset, out.Timestamp = p.newest(end)
	case latestTiered, earliestUploaded:
	default:
		out.Offset, out.Timestamp = p.offsetFor(in.Timestamp, end)
	}
	if out.Offset >= 0 {
		out.LeaderEpoch = p.epochAt(out.Offset)
	}
	return out
}
