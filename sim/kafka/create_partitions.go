package kafka

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// createPartitions gives topics more partitions. Records stay where they are.
func (b *Broker) createPartitions(req *kmsg.CreatePartitionsRequest) kmsg.Response {
	resp := kmsg.NewPtrCreatePartitionsResponse()
	asked := map[string]int{}
	for _, t := range req.Topics {
		asked[t.Topic]++
	}
	for _, in := range req.Topics {
		if asked[in.Topic] == 0 {
			continue // one answer has been given for all of them
		}
		out := kmsg.NewCreatePartitionsResponseTopic()
		out.Topic = in.Topic
		t, assignment, code, why := b.cluster.more(in)
		if asked[in.Topic] > 1 {
			code, why = protocol.InvalidRequest, "Duplicate topic name."
			asked[in.Topic] = 0
		}
		out.ErrorCode = code
		if code != protocol.None {
			out.ErrorMessage = &why
		} else if !req.ValidateOnly {
			old := len(t.partitions)
			b.cluster.grow(t, int(in.Count))
			for i, replicas := range assignment {
				t.partitions[old+i].replicaSet = b.cluster.placed(replicas)
			}
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// more checks one topic of the request. The assignment is the replicas of each new partition, where the request says it.
func (c *Cluster) more(in kmsg.CreatePartitionsRequestTopic) (t *topic, assignment [][]int32, code int16, why string) {
	t = c.topics[in.Topic]
	if t == nil {
		return nil, nil, protocol.UnknownTopicOrPartition, *protocol.Description(protocol.UnknownTopicOrPartition)
	}
	more := int(in.Count) - len(t.partitions)
	switch {
	case more == 0:
		return nil, nil, protocol.InvalidPartitions, fmt.Sprintf("Topic already has %d partition(s).", in.Count)
	case more < 0:
		return nil, nil, protocol.InvalidPartitions,
			fmt.Sprintf("The topic %s currently has %d partition(s); %d would not be an increase.", in.Topic, len(t.partitions), in.Count)
	case more > partitionsMax:
		return nil, nil, protocol.PolicyViolation, "Excessively large number of additional partitions per request."
	case t == c.offsetsLog:
		return nil, nil, protocol.InvalidPartitions, "Groups hash to the partitions of " + offsetsTopic + "."
	case in.Assignment != nil && len(in.Assignment) != more:
		return nil, nil, protocol.InvalidReplicaAssignment,
			fmt.Sprintf("Attempted to add %d additional partition(s), but only %d assignment(s) were specified.", more, len(in.Assignment))
	}
	for _, a := range in.Assignment {
		if why := c.badReplicas(a.Replicas, t.replicas); why != "" {
			return nil, nil, protocol.InvalidReplicaAssignment, why
		}
		assignment = append(assignment, a.Replicas)
	}
	return t, assignment, protocol.None, ""
}
