package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// leaveGroup takes members out at once, where their sessions would do so later. From version 3 on an operator can name
// static members by group.instance.id alone.
func (b *Broker) leaveGroup(env mailbox.Env, req *kmsg.LeaveGroupRequest) kmsg.Response {
	resp := kmsg.NewPtrLeaveGroupResponse()
	s, code := b.groupShard(req.Group)
	if code != protocol.None {
		resp.ErrorCode = code
		return resp
	}
	g := s.find(req.Group)
	leaving := req.Members
	if req.Version < 3 {
		leaving = []kmsg.LeaveGroupRequestMember{{MemberID: req.MemberID}}
	}
	left := false
	for _, in := range leaving {
		out := kmsg.NewLeaveGroupResponseMember()
		out.MemberID, out.InstanceID = in.MemberID, in.InstanceID
		var gone bool
		gone, out.ErrorCode = b.leaveOne(env, g, in)
		left = left || gone
		resp.Members = append(resp.Members, out)
	}
	switch {
	case g == nil:
	case left && g.state != groupEmpty:
		b.rebalance(env, s, g)
	default:
		b.maybeJoined(env, s, g)
	}
	if req.Version < 3 {
		resp.ErrorCode = resp.Members[0].ErrorCode
	}
	return resp
}

// leaveOne takes one out, and says whether that was a member.
func (b *Broker) leaveOne(env mailbox.Env, g *group, in kmsg.LeaveGroupRequestMember) (bool, int16) {
	id := in.MemberID
	if g == nil {
		return false, protocol.UnknownMemberID
	}
	if timer, ok := g.invited[id]; ok {
		stop(timer)
		delete(g.invited, id)
		return false, protocol.None
	}
	if id == "" {
		if m := g.static(in.InstanceID); m != nil {
			id = m.id
		}
	}
	m, code := g.known(id, in.InstanceID)
	if code == protocol.None {
		b.drop(env, g, m)
	}
	return code == protocol.None, code
}
