package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// deleteTopics removes topics, by name or by id, with everything in them.
func (b *Broker) deleteTopics(req *kmsg.DeleteTopicsRequest) kmsg.Response {
	resp := kmsg.NewPtrDeleteTopicsResponse()
	asked := req.Topics
	for _, name := range req.TopicNames {
		t := kmsg.NewDeleteTopicsRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		asked = append(asked, t)
	}
	times := map[string]int{}
	for _, in := range asked {
		if in.Topic != nil {
			times[*in.Topic]++
		}
	}
	for _, in := range asked {
		if in.Topic != nil && times[*in.Topic] == 0 {
			continue // one answer has been given for all of them
		}
		out := kmsg.NewDeleteTopicsResponseTopic()
		out.Topic, out.TopicID = in.Topic, in.TopicID
		byID := in.Topic == nil
		var t *topic
		switch {
		case !byID && in.TopicID != [16]byte{}:
			out.ErrorCode, out.ErrorMessage = protocol.InvalidRequest, kmsg.StringPtr("You may not specify both topic name and topic id.")
		case !byID && times[*in.Topic] > 1:
			out.ErrorCode, out.ErrorMessage = protocol.InvalidRequest, kmsg.StringPtr("Duplicate topic name.")
			times[*in.Topic] = 0
		case byID:
			t, out.ErrorCode = b.cluster.named("", in.TopicID, true)
		default:
			t, out.ErrorCode = b.cluster.named(*in.Topic, in.TopicID, false)
		}
		switch {
		case t == nil:
			if out.ErrorMessage == nil {
				out.ErrorMessage = protocol.Description(out.ErrorCode)
			}
		case t == b.cluster.offsetsLog:
			out.ErrorCode, out.ErrorMessage = protocol.InvalidRequest, kmsg.StringPtr("The groups of the cluster are in "+offsetsTopic+".")
		default:
			out.Topic, out.TopicID = kmsg.StringPtr(t.name), t.id
			b.cluster.DeleteTopic(t.name)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
