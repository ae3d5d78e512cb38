package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// heartbeat keeps a member in its group, and tells it to join again when others come or go.
func (b *Broker) heartbeat(env mailbox.Env, req *kmsg.HeartbeatRequest) kmsg.Response {
	resp := kmsg.NewPtrHeartbeatResponse()
	s, code := b.groupShard(req.Group)
	if code == CoordinatorLoadInProgress { // whoever it is may well be a member
		return resp
	}
	if code != none {
		resp.ErrorCode = code
		return resp
	}
	g := s.find(req.Group)
	m, code := g.known(req.MemberID, req.InstanceID)
	switch {
	case code != none:
		resp.ErrorCode = code
		return resp
	case req.Generation != g.generation:
		resp.ErrorCode = illegalGeneration
		return resp
	case g.state == preparingRebalance:
		resp.ErrorCode = rebalanceInProgress
	}
	b.expectHeartbeat(env, s, g, m, m.session)
	return resp
}
