package kafka

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// A rebalance, from a change of members to their new assignment:
//
//	Empty, Stable ─ prepare ─▶ PreparingRebalance ─ all have joined, or their time is up ─▶ CompletingRebalance
//	   ▲                         ▲                                                            │ leader's SyncGroup
//	   └─ nobody joined ─────────┘◀── somebody comes, goes, or is not heard of ── Stable ◀────┘ is in the log

// newMemberTimeout is how long a client may take to come back for the answer of its first JoinGroup.
const newMemberTimeout = 5 * time.Minute

// rebalance starts one, or lets the one under way go on if this was what it waited for.
func (b *Broker) rebalance(env mailbox.Env, s *shard, g *group) {
	if g.state == preparingRebalance {
		b.maybeJoined(env, s, g)
		return
	}
	b.prepare(env, s, g)
}

// prepare asks every member to join again. An empty group first waits for others to come.
func (b *Broker) prepare(env mailbox.Env, s *shard, g *group) {
	if g.state == completingRebalance {
		b.spread(env, g, protocol.RebalanceInProgress)
	}
	stop(g.syncTimer)
	g.initial = g.state == groupEmpty
	delay := b.cluster.cfg.initialRebalanceDelay()
	g.move(preparingRebalance)
	switch {
	case g.initial:
		g.late = false
		b.awaitMore(env, s, g, delay, max(g.patience()-delay, 0))
	case g.allJoined():
		b.joined(env, s, g)
	default:
		g.joinTimer = b.tick(env, s, g.patience(), func(env mailbox.Env) { b.joined(env, s, g) })
	}
}

// awaitMore waits for the first members of a group, and once more for each wait in which another one came.
func (b *Broker) awaitMore(env mailbox.Env, s *shard, g *group, wait, left time.Duration) {
	g.joinTimer = b.tick(env, s, wait, func(env mailbox.Env) {
		if g.late && left > 0 {
			g.late = false
			b.awaitMore(env, s, g, min(b.cluster.cfg.initialRebalanceDelay(), left), max(left-wait, 0))
			return
		}
		b.joined(env, s, g)
	})
}

// maybeJoined ends the preparation early if nobody is missing. The first members wait for their time in any case.
func (b *Broker) maybeJoined(env mailbox.Env, s *shard, g *group) {
	if g.state == preparingRebalance && !g.initial && g.allJoined() {
		b.joined(env, s, g)
	}
}

// joined ends the preparation: who has not joined is out, a static member excepted, and a new generation begins.
func (b *Broker) joined(env mailbox.Env, s *shard, g *group) {
	if g.state != preparingRebalance {
		return
	}
	stop(g.joinTimer)
	for _, m := range slices.Clone(g.members) {
		if m.joining == nil && m.instance == nil {
			b.drop(env, g, m)
		}
	}
	if len(g.members) > 0 && !g.elect() { // only static ones, and none is here: their sessions decide
		g.joinTimer = b.tick(env, s, g.patience(), func(env mailbox.Env) { b.joined(env, s, g) })
		return
	}
	g.generation++
	clear(g.owing)
	if len(g.members) == 0 {
		g.protocol = ""
		g.move(groupEmpty)
		b.write(env, s, []logRecord{g.record(millis(env))}, func(mailbox.Env, int16) {})
		return
	}
	g.protocol = g.vote()
	g.move(completingRebalance)
	generation := g.generation
	g.syncTimer = b.tick(env, s, g.patience(), func(env mailbox.Env) { b.syncExpired(env, s, g, generation) })
	for _, m := range g.members {
		g.owing[m.id] = true
		b.answerJoin(env, g, m)
		m.isNew = false
		b.expectHeartbeat(env, s, g, m, m.session)
	}
}

// elect makes sure that the leader is somebody who has joined, and says whether there is anybody.
func (g *group) elect() bool {
	if m := g.member(g.leader); m != nil && m.joining != nil {
		return true
	}
	for _, m := range g.members {
		if m.joining != nil {
			g.leader = m.id
			return true
		}
	}
	return false
}

// syncExpired takes those out who have joined and never asked for their assignment.
func (b *Broker) syncExpired(env mailbox.Env, s *shard, g *group, generation int32) {
	if g.generation != generation || len(g.owing) == 0 || g.state != completingRebalance && g.state != groupStable {
		return
	}
	for _, m := range slices.Clone(g.members) {
		if g.owing[m.id] {
			b.drop(env, g, m)
		}
	}
	b.prepare(env, s, g)
}

// spread answers everybody who waits for an assignment.
func (b *Broker) spread(env mailbox.Env, g *group, code int16) {
	for _, m := range g.members {
		if code != protocol.None {
			m.assignment = nil
		}
		if m.syncing != nil {
			b.answerSync(env, g, m, code)
		}
	}
}

// drop takes a member out of the group, and answers what it still waits for.
func (b *Broker) drop(env mailbox.Env, g *group, m *member) {
	stop(m.timer)
	b.refuseMember(env, m, protocol.UnknownMemberID)
	delete(g.owing, m.id)
	g.members = slices.DeleteFunc(g.members, func(other *member) bool { return other == m })
	if g.leader == m.id {
		g.leader = ""
		if len(g.members) > 0 {
			g.leader = g.members[0].id
		}
	}
}

// refuseMember answers the requests of a member that wait.
func (b *Broker) refuseMember(env mailbox.Env, m *member, code int16) {
	if c := m.joining; c != nil {
		m.joining = nil
		b.refuseJoin(env, *c, "", code)
	}
	if c := m.syncing; c != nil {
		m.syncing = nil
		b.refuseSync(env, *c, code)
	}
}

// expectHeartbeat takes a member out unless it is heard of in time. Who waits for the group is not expected to say
// anything.
func (b *Broker) expectHeartbeat(env mailbox.Env, s *shard, g *group, m *member, within time.Duration) {
	stop(m.timer)
	m.timer = b.tick(env, s, within, func(env mailbox.Env) {
		if !m.isNew && (m.joining != nil || m.syncing != nil) {
			return
		}
		b.remove(env, s, g, m)
	})
}

// remove takes a member out, and has the others rebalance.
func (b *Broker) remove(env mailbox.Env, s *shard, g *group, m *member) {
	b.drop(env, g, m)
	if g.state != groupEmpty {
		b.rebalance(env, s, g)
	}
}

// resign sends everybody who waits to the new coordinator.
func (s *shard) resign(env mailbox.Env, b *Broker) {
	for _, id := range s.ids() {
		for _, m := range s.groups[id].members {
			b.refuseMember(env, m, protocol.NotCoordinator)
		}
	}
}

// answerJoin tells a member of the new generation; the leader gets to know who else there is.
func (b *Broker) answerJoin(env mailbox.Env, g *group, m *member) {
	if c := m.joining; c != nil {
		m.joining = nil
		b.answer(env, *c, g.generationFor(m))
	}
}

func (g *group) generationFor(m *member) *kmsg.JoinGroupResponse {
	resp := kmsg.NewPtrJoinGroupResponse()
	resp.Generation, resp.Protocol, resp.LeaderID, resp.MemberID = g.generation, kmsg.StringPtr(g.protocol), g.leader, m.id
	resp.ProtocolType = kmsg.StringPtr(g.protocolType)
	if m.id == g.leader {
		for _, other := range g.members {
			resp.Members = append(resp.Members, kmsg.JoinGroupResponseMember{MemberID: other.id, InstanceID: other.instance,
				ProtocolMetadata: other.metadata(g.protocol)})
		}
	}
	return resp
}
