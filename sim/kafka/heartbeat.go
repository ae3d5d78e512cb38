package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// heartbeat keeps a member in its group, and tells it to join again when others come or go.
func (b *Broker) heartbeat(env mailbox.Env, req *kmsg.HeartbeatRequest) kmsg.Response {
	resp := kmsg.NewPtrHeartbeatResponse()
	s, code := b.groupShard(req.Group)
	if code == protocol.CoordinatorLoadInProgress { // whoever it is may well be a member
		return resp
	}
	if code != protocol.None {
		resp.ErrorCode = code
		return resp
	}
	g := s.find(req.Group)
	m, code := g.known(req.MemberID, req.InstanceID)
	switch {
	case code != protocol.None:
		resp.ErrorCode = code
		return resp
	case req.Generation != g.generation:
		resp.ErrorCode = protocol.IllegalGeneration
		return resp
	case g.state == preparingRebalance:
		resp.ErrorCode = protocol.RebalanceInProgress
	}
	b.expectHeartbeat(env, s, g, m, m.session)
	return resp
}
