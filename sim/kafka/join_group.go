package kafka

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// joinGroup takes a member in. The answer is the next generation, so it comes when the rebalance has got that far.
func (b *Broker) joinGroup(env mailbox.Env, c call, req *kmsg.JoinGroupRequest) {
	s, code := b.groupShard(req.Group)
	session := ms(req.SessionTimeoutMillis)
	switch {
	case code != protocol.None:
	case session < sessionTimeoutMin || session > sessionTimeoutMax:
		code = protocol.InvalidSessionTimeout
	case req.MemberID != "" && s.find(req.Group) == nil:
		code = protocol.UnknownMemberID
	}
	if code != protocol.None {
		b.refuseJoin(env, c, req.MemberID, code)
		return
	}
	g := s.find(req.Group)
	switch {
	case g != nil && !g.supports(req.ProtocolType, req.Protocols) || len(req.Protocols) == 0 || req.ProtocolType == "":
		b.refuseJoin(env, c, req.MemberID, protocol.InconsistentGroupProtocol)
	case req.MemberID == "":
		b.joinNew(env, c, s, s.make(req.Group), req)
	default:
		b.joinKnown(env, c, s, g, req)
	}
}

// joinNew is for who does not know its member id. From version 4 on a client has to join again with the id that it is
// given: if it gives up and starts anew there is no member that nobody is.
func (b *Broker) joinNew(env mailbox.Env, c call, s *shard, g *group, req *kmsg.JoinGroupRequest) {
	prefix := c.client
	if req.InstanceID != nil {
		prefix = *req.InstanceID
	}
	r := env.Rand("member-id")
	x, y := r.Uint64(), r.Uint64()
	id := fmt.Sprintf("%s-%08x-%04x-4%03x-%04x-%012x", prefix, x>>32, x>>16&0xffff, x&0xfff, 0x8000|y>>48&0x3fff, y&0xffffffffffff)
	old := g.static(req.InstanceID)
	switch {
	case old != nil:
		b.replace(env, c, s, g, old, id, req)
	case req.Version >= 4 && req.InstanceID == nil:
		g.invited[id] = b.tick(env, s, ms(req.SessionTimeoutMillis), func(env mailbox.Env) {
			delete(g.invited, id)
			b.maybeJoined(env, s, g)
		})
		b.refuseJoin(env, c, id, protocol.MemberIDRequired)
	default:
		b.joinAs(env, c, s, g, id, req)
	}
}

// joinAs makes a member of who joins.
func (b *Broker) joinAs(env mailbox.Env, c call, s *shard, g *group, id string, req *kmsg.JoinGroupRequest) {
	if len(g.members) == 0 {
		g.leader = id
	}
	g.protocolType = req.ProtocolType
	m := &member{id: id, instance: req.InstanceID, client: c.client, host: "/" + string(c.from), isNew: true}
	g.members = append(g.members, m)
	g.late = true
	m.join(c, req)
	b.expectHeartbeat(env, s, g, m, newMemberTimeout)
	b.rebalance(env, s, g)
}

// join takes over what the latest JoinGroup of a member says.
func (m *member) join(c call, req *kmsg.JoinGroupRequest) {
	m.session, m.rebalance, m.protocols = ms(req.SessionTimeoutMillis), ms(req.RebalanceTimeoutMillis), req.Protocols
	if req.Version == 0 {
		m.rebalance = m.session
	}
	m.joining = &c
}

// joinKnown is for members, and for who has been given an id.
func (b *Broker) joinKnown(env mailbox.Env, c call, s *shard, g *group, req *kmsg.JoinGroupRequest) {
	if timer, ok := g.invited[req.MemberID]; ok && req.InstanceID == nil {
		stop(timer)
		delete(g.invited, req.MemberID)
		b.joinAs(env, c, s, g, req.MemberID, req)
		return
	}
	m, code := g.known(req.MemberID, req.InstanceID)
	if code != protocol.None {
		b.refuseJoin(env, c, req.MemberID, code)
		return
	}
	same := m.matches(req.Protocols)
	switch {
	case g.state == completingRebalance && same, g.state == groupStable && same && m.id != g.leader:
		b.answer(env, c, g.generationFor(m)) // it has missed the answer
		return
	case m.joining != nil:
		b.refuseMember(env, m, protocol.UnknownMemberID) // only the latest request of a member is answered
	}
	m.join(c, req)
	b.rebalance(env, s, g)
}

// replace gives the place of a static member to who comes with its group.instance.id. If the protocol stays the same
// nobody else has to know.
func (b *Broker) replace(env mailbox.Env, c call, s *shard, g *group, m *member, id string, req *kmsg.JoinGroupRequest) {
	b.refuseMember(env, m, protocol.FencedInstanceID)
	leader := g.leader
	if leader == m.id {
		g.leader = id
	}
	delete(g.owing, m.id)
	m.id, m.client, m.host = id, c.client, "/"+string(c.from)
	m.join(c, req)
	b.expectHeartbeat(env, s, g, m, m.session)
	if g.state != groupStable || g.vote() != g.protocol {
		b.rebalance(env, s, g)
		return
	}
	b.write(env, s, []logRecord{g.record(millis(env))}, func(env mailbox.Env, code int16) {
		if m.joining == nil {
			return
		}
		m.joining = nil
		if code != protocol.None {
			b.refuseJoin(env, c, "", code)
			return
		}
		resp := g.generationFor(m)
		if resp.SkipAssignment = req.Version >= 9 && m.id == g.leader; !resp.SkipAssignment {
			resp.LeaderID, resp.Members = leader, nil // an older client that is told to lead would assign once more
		}
		b.answer(env, c, resp)
	})
}

func (b *Broker) refuseJoin(env mailbox.Env, c call, id string, code int16) {
	resp := kmsg.NewPtrJoinGroupResponse()
	resp.ErrorCode, resp.Generation, resp.MemberID = code, -1, id
	if c.version < 7 {
		resp.Protocol = kmsg.StringPtr("")
	}
	b.answer(env, c, resp)
}

// The bounds of a session (group.min.session.timeout.ms, group.max.session.timeout.ms).
const (
	sessionTimeoutMin = 6 * time.Second
	sessionTimeoutMax = 30 * time.Minute
)
