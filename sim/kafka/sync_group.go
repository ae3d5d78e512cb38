package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// syncGroup gives a member its assignment, which the leader of the group brings with its own SyncGroup.
func (b *Broker) syncGroup(env mailbox.Env, c call, req *kmsg.SyncGroupRequest) {
	if req.Version >= 5 && (req.ProtocolType == nil || req.Protocol == nil) { // null for older ones, which do not send it
		b.refuseSync(env, c, protocol.InconsistentGroupProtocol)
		return
	}
	s, code := b.groupShard(req.Group)
	var g *group
	var m *member
	if code == protocol.None {
		g = s.find(req.Group)
		m, code = g.known(req.MemberID, req.InstanceID)
	}
	switch {
	case code != protocol.None:
	case req.Generation != g.generation:
		code = protocol.IllegalGeneration
	case req.ProtocolType != nil && *req.ProtocolType != g.protocolType || req.Protocol != nil && *req.Protocol != g.protocol:
		code = protocol.InconsistentGroupProtocol
	case g.state == preparingRebalance:
		code = protocol.RebalanceInProgress
	}
	if code != protocol.None {
		b.refuseSync(env, c, code)
		return
	}
	delete(g.owing, m.id)
	m.syncing = &c
	switch {
	case g.state == groupStable:
		b.answerSync(env, g, m, protocol.None)
	case m.id == g.leader:
		b.assign(env, s, g, req.GroupAssignment)
	}
}

// assign makes the group stable once its assignment is in the log, unless somebody has come or gone meanwhile.
func (b *Broker) assign(env mailbox.Env, s *shard, g *group, assignment []kmsg.SyncGroupRequestGroupAssignment) {
	for _, m := range g.members {
		m.assignment = nil
		if i := slices.IndexFunc(assignment, func(a kmsg.SyncGroupRequestGroupAssignment) bool { return a.MemberID == m.id }); i >= 0 {
			m.assignment = assignment[i].MemberAssignment
		}
	}
	generation := g.generation
	b.write(env, s, []logRecord{g.record(millis(env))}, func(env mailbox.Env, code int16) {
		if g.state != completingRebalance || g.generation != generation {
			return
		}
		if code == protocol.None {
			g.move(groupStable)
		}
		for _, m := range g.members {
			if m.syncing != nil {
				b.expectHeartbeat(env, s, g, m, m.session)
			}
		}
		b.spread(env, g, code)
	})
}

func (b *Broker) answerSync(env mailbox.Env, g *group, m *member, code int16) {
	c := *m.syncing
	m.syncing = nil
	if code != protocol.None {
		b.refuseSync(env, c, code)
		return
	}
	resp := kmsg.NewPtrSyncGroupResponse()
	resp.ProtocolType, resp.Protocol = kmsg.StringPtr(g.protocolType), kmsg.StringPtr(g.protocol)
	resp.MemberAssignment = m.assignment
	b.answer(env, c, resp)
}

func (b *Broker) refuseSync(env mailbox.Env, c call, code int16) {
	resp := kmsg.NewPtrSyncGroupResponse()
	resp.ErrorCode = code
	b.answer(env, c, resp)
}
