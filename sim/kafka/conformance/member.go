package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Member is a client that is, or wants to be, a member of the group "g". What it says of itself is its name.
type Member struct {
	l                  *Lab
	Name               string
	Instance           *string // of a static member
	ID                 string
	Generation         int32
	Version            int16         // of JoinGroup
	Session, Rebalance time.Duration // its timeouts
	joined, synced     func() kmsg.Response
}

// A session is as short as brokers allow, and a rebalance longer than a story takes, if it does not say otherwise.
const (
	sessionTimeout   = 6 * time.Second
	rebalanceTimeout = time.Minute
)

// Member is one with a name, and no id yet.
func (l *Lab) Member(name string) *Member {
	return &Member{l: l, Name: name, Generation: NoGeneration, Version: 9, Session: sessionTimeout, Rebalance: rebalanceTimeout}
}

// Static makes it a static member.
func (m *Member) Static(instance string) *Member {
	m.Instance = &instance
	return m
}

// Joining is the request of Asks.
func (m *Member) Joining() *kmsg.JoinGroupRequest {
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.MemberID, req.InstanceID, req.ProtocolType = m.l.global("g"), m.ID, m.Instance, "consumer"
	req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = int32(m.Session.Milliseconds()), int32(m.Rebalance.Milliseconds())
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name, p.Metadata = "range", []byte(m.Name)
	req.Protocols = append(req.Protocols, p)
	return req
}

// Asks sends JoinGroup, with the id that the coordinator gives to who has none.
func (m *Member) Asks() *Member {
	node := m.l.GroupCoordinator("g")
	if m.ID == "" && m.Instance == nil {
		if resp, ok := m.l.Ask(node, m.Version, m.Joining()).(*kmsg.JoinGroupResponse); ok {
			m.ID = resp.MemberID
		}
	}
	m.joined = m.l.SendTo(node, m.Version, m.Joining())
	return m
}

// Joins is what the answer to JoinGroup says: "2 leads alice bob" is the second generation, for its leader.
func (m *Member) Joins() string {
	resp, ok := m.joined().(*kmsg.JoinGroupResponse)
	switch {
	case !ok:
		return Silence
	case resp.ErrorCode != 0:
		return Name(resp.ErrorCode)
	}
	m.ID, m.Generation = resp.MemberID, resp.Generation
	if resp.LeaderID != m.ID && len(resp.Members) == 0 {
		return fmt.Sprint(m.Generation)
	}
	var all []string
	for _, each := range resp.Members {
		all = append(all, string(each.ProtocolMetadata))
	}
	slices.Sort(all)
	said := fmt.Sprintf("%d leads %s", m.Generation, strings.Join(all, " "))
	if resp.SkipAssignment {
		said += ", assigned already"
	}
	return said
}

// Syncs sends SyncGroup; a leader gives everybody a desk by the name of its owner.
func (m *Member) Syncs(members ...*Member) *Member {
	m.synced = m.l.SendTo(m.l.GroupCoordinator("g"), 5, m.Syncing(members...))
	return m
}

// Syncing is the request of Syncs.
func (m *Member) Syncing(members ...*Member) *kmsg.SyncGroupRequest {
	req := kmsg.NewPtrSyncGroupRequest()
	req.Group, req.MemberID, req.InstanceID, req.Generation = m.l.global("g"), m.ID, m.Instance, m.Generation
	req.ProtocolType, req.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range")
	for _, each := range members {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = each.ID, []byte("desk of "+each.Name)
		req.GroupAssignment = append(req.GroupAssignment, a)
	}
	return req
}

// Desk is what the answer to SyncGroup says.
func (m *Member) Desk() string {
	resp, ok := m.synced().(*kmsg.SyncGroupResponse)
	switch {
	case !ok:
		return Silence
	case resp.ErrorCode != 0:
		return Name(resp.ErrorCode)
	}
	return string(resp.MemberAssignment)
}

// Beats sends a heartbeat.
func (m *Member) Beats() string {
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.InstanceID, req.Generation = m.l.global("g"), m.ID, m.Instance, m.Generation
	resp, ok := m.l.Ask(m.l.GroupCoordinator("g"), 4, req).(*kmsg.HeartbeatResponse)
	if !ok {
		return Silence
	}
	return Name(resp.ErrorCode)
}

// Hears waits for the answer to its heartbeats that it is to join again, for as long as two sessions.
func (m *Member) Hears() { m.l.Comes(2*sessionTimeout, "REBALANCE_IN_PROGRESS", m.Beats) }

// Leaves sends LeaveGroup; one without an id is named by its instance.
func (m *Member) Leaves() string {
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = m.l.global("g")
	each := kmsg.NewLeaveGroupRequestMember()
	each.MemberID, each.InstanceID = m.ID, m.Instance
	req.Members = append(req.Members, each)
	resp, ok := m.l.Ask(m.l.GroupCoordinator("g"), 5, req).(*kmsg.LeaveGroupResponse)
	switch {
	case !ok:
		return Silence
	case resp.ErrorCode != 0:
		return Name(resp.ErrorCode)
	}
	return Name(resp.Members[0].ErrorCode)
}

// Commits commits a position in the topic out.
func (m *Member) Commits(partition int32, offset int64) string {
	return m.l.Committed(m.l.Ask(m.l.GroupCoordinator("g"), 9, m.l.Committing(m, partition, offset)))
}

// class has members join one after the other, until all are of one generation, which is as many as they are. The first
// one leads.
func (l *Lab) class(members ...*Member) {
	for i, m := range members {
		m.Asks()
		if i > 0 {
			members[0].Hears()
		}
		for _, each := range members[:i] {
			each.Asks()
		}
		for _, each := range members[:i+1] {
			each.Joins()
		}
		members[0].Syncs(members[:i+1]...)
		for _, each := range members[1 : i+1] {
			each.Syncs()
		}
		for _, each := range members[:i+1] {
			l.Is(each.Desk(), "desk of "+each.Name)
		}
	}
}

// pair is alice, who leads, and bob.
func (l *Lab) pair() (alice, bob *Member) {
	alice, bob = l.Member("alice"), l.Member("bob")
	l.class(alice, bob)
	return alice, bob
}

// Group is what the coordinator says of the group: its state, and who has which desk.
func (l *Lab) Group() string {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{l.global("g")}
	resp, ok := l.Ask(l.GroupCoordinator("g"), 5, req).(*kmsg.DescribeGroupsResponse)
	if !ok {
		return Silence
	}
	g := resp.Groups[0]
	if g.ErrorCode != 0 {
		return Name(g.ErrorCode)
	}
	said := []string{g.State}
	for _, m := range g.Members {
		if len(m.MemberAssignment) == 0 {
			said = append(said, "?")
		} else {
			said = append(said, strings.TrimPrefix(string(m.MemberAssignment), "desk of "))
		}
	}
	slices.Sort(said[1:])
	return strings.Join(said, " ")
}

// Groups are those that brokers list, without those of others.
func (l *Lab) Groups() string {
	var said []string
	for _, b := range l.Metadata(AnyNode).Brokers {
		resp, ok := l.Ask(b.NodeID, 5, kmsg.NewPtrListGroupsRequest()).(*kmsg.ListGroupsResponse)
		switch {
		case !ok:
			return Silence
		case resp.ErrorCode != 0:
			return Name(resp.ErrorCode)
		}
		for _, g := range resp.Groups {
			if strings.HasSuffix(g.Group, l.suffix) {
				said = append(said, l.local(g.Group)+" is "+g.GroupState)
			}
		}
	}
	return strings.Join(said, ", ")
}

// DeleteGroup forgets the group.
func (l *Lab) DeleteGroup() string {
	req := kmsg.NewPtrDeleteGroupsRequest()
	req.Groups = []string{l.global("g")}
	resp, ok := l.Ask(l.GroupCoordinator("g"), 2, req).(*kmsg.DeleteGroupsResponse)
	if !ok {
		return Silence
	}
	return Name(resp.Groups[0].ErrorCode)
}

// moveGroup makes another broker the coordinator of the group.
func (l *Lab) moveGroup() {
	to := l.Another(l.GroupCoordinator("g"))
	l.Target.(Mover).MoveGroup(l.global("g"), to)
	l.Comes(Patience, "moved", func() string {
		if l.GroupCoordinator("g") != to {
			return "not moved"
		}
		return "moved"
	})
}
