package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// describeGroups shows groups with their members, and what those have; what they subscribe to while the group is stable.
func (b *Broker) describeGroups(req *kmsg.DescribeGroupsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeGroupsResponse()
	for _, id := range req.Groups {
		out := kmsg.NewDescribeGroupsResponseGroup()
		out.Group = id
		s, code := b.groupShard(id)
		switch {
		case code != protocol.None:
			out.ErrorCode = code
		case s.find(id) != nil:
			s.find(id).describe(&out)
		case req.Version >= 6:
			out.ErrorCode, out.State = protocol.GroupIDNotFound, string(groupDead)
			out.ErrorMessage = kmsg.StringPtr("Group " + id + " not found.")
		default:
			out.State = string(groupDead)
		}
		resp.Groups = append(resp.Groups, out)
	}
	return resp
}

func (g *group) describe(out *kmsg.DescribeGroupsResponseGroup) {
	out.State, out.ProtocolType = string(g.state), g.protocolType
	stable := g.state == groupStable
	if stable {
		out.Protocol = g.protocol
	}
	for _, m := range g.members {
		e := kmsg.NewDescribeGroupsResponseGroupMember()
		e.MemberID, e.InstanceID, e.ClientID, e.ClientHost = m.id, m.instance, m.client, m.host
		e.MemberAssignment = m.assignment
		if stable {
			e.ProtocolMetadata = m.metadata(g.protocol)
		}
		out.Members = append(out.Members, e)
	}
}
