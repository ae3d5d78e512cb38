package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// metadata says which brokers there are and who leads what. Without topics in the request: all of them.
func (b *Broker) metadata(req *kmsg.MetadataRequest) kmsg.Response {
	c := b.cluster
	resp := kmsg.NewPtrMetadataResponse()
	for n := range c.cfg.Brokers {
		if c.down[n] {
			continue
		}
		e := kmsg.NewMetadataResponseBroker()
		e.NodeID, e.Host, e.Port = int32(n), string(c.addrs[n]), 9092
		resp.Brokers = append(resp.Brokers, e)
	}
	names := make([]string, 0, len(req.Topics))
	for _, t := range req.Topics {
		if t.Topic != nil {
			names = append(names, *t.Topic)
		}
	}
	if req.Topics == nil {
		for _, t := range c.order {
			names = append(names, t.name)
		}
	}
	for _, name := range names {
		out := kmsg.NewMetadataResponseTopic()
		out.Topic = kmsg.StringPtr(name)
		t := c.topics[name]
		if t == nil {
			out.ErrorCode = unknownTopicOrPartition
			resp.Topics = append(resp.Topics, out)
			continue
		}
		for _, p := range t.partitions {
			e := kmsg.NewMetadataResponseTopicPartition()
			e.Partition, e.Leader, e.LeaderEpoch = p.index, p.leader, p.leaderEpoch
			e.Replicas, e.ISR = []int32{p.leader}, []int32{p.leader}
			out.Partitions = append(out.Partitions, e)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
