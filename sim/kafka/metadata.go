package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// clusterID names the cluster to clients, which do not use it for anything.
const clusterID = "flinch-simulated-clstr"

// metadata says which brokers there are and who leads what. Without topics in the request: all of them.
func (b *Broker) metadata(req *kmsg.MetadataRequest) kmsg.Response {
	c := b.cluster
	resp := kmsg.NewPtrMetadataResponse()
	resp.ClusterID, resp.ControllerID = kmsg.StringPtr(clusterID), b.node // which passes on what is the controller's
	for n := range c.cfg.Brokers {
		if c.down[n] {
			continue
		}
		e := kmsg.NewMetadataResponseBroker()
		e.NodeID = int32(n)
		e.Host, e.Port = c.cfg.Advertised(n)
		resp.Brokers = append(resp.Brokers, e)
	}
	if req.Topics == nil || req.Version == 0 && len(req.Topics) == 0 {
		for _, t := range c.order {
			resp.Topics = append(resp.Topics, c.described(t))
		}
		if c.grouped {
			resp.Topics = append(resp.Topics, c.described(c.offsetsLog))
		}
		return resp
	}
	create := (req.AllowAutoTopicCreation || req.Version < 4) && !c.cfg.NoTopicAutoCreation
	for _, in := range req.Topics {
		t, code := c.wanted(in, create)
		if code == protocol.None {
			resp.Topics = append(resp.Topics, c.described(t))
			continue
		}
		out := kmsg.NewMetadataResponseTopic()
		out.Topic, out.TopicID, out.ErrorCode = in.Topic, in.TopicID, code
		if out.Topic == nil && req.Version < 12 {
			out.Topic = kmsg.StringPtr("")
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// wanted finds a topic that a client asks for. One that is created only now has its leaders the next time.
func (c *Cluster) wanted(in kmsg.MetadataRequestTopic, create bool) (*topic, int16) {
	if in.Topic == nil {
		return c.named("", in.TopicID, true)
	}
	t, code := c.named(*in.Topic, in.TopicID, false)
	switch {
	case code == protocol.None:
		return t, protocol.None
	case badTopicName(*in.Topic) != "":
		return nil, protocol.InvalidTopicException
	case create:
		if _, bad := c.autoCreate(*in.Topic); bad != protocol.None {
			return nil, bad
		}
	}
	return nil, protocol.UnknownTopicOrPartition
}

func (c *Cluster) described(t *topic) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic, out.TopicID, out.IsInternal = kmsg.StringPtr(t.name), t.id, t == c.offsetsLog
	for _, p := range t.partitions {
		e := kmsg.NewMetadataResponseTopicPartition()
		e.Partition, e.Leader, e.LeaderEpoch, e.Replicas, e.ISR = p.index, p.leader, p.leaderEpoch, p.replicas, p.isr
		if p.leader == protocol.NoLeader {
			e.ErrorCode = protocol.LeaderNotAvailable
		}
		for _, n := range e.Replicas {
			if c.down[n] {
				e.OfflineReplicas = append(e.OfflineReplicas, n)
			}
		}
		out.Partitions = append(out.Partitions, e)
	}
	return out
}
