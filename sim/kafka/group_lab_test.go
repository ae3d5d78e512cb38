package kafka

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// student is a client that is, or wants to be, a member of the group "g". What it says of itself is its name.
type student struct {
	l          *lab
	name       string
	instance   *string
	id         string
	generation int32
	leads      bool
	others     []string // that the leader was told of, by what they say of themselves
	joined     uint64   // the request under way
	synced     uint64
	version    int16 // of JoinGroup
}

func (l *lab) student(name string) *student { return &student{l: l, name: name, version: 9} }

func (s *student) static(instance string) *student {
	s.instance = &instance
	return s
}

func (s *student) coordinator() int { return s.l.GroupCoordinator("g") }

func (s *student) joinRequest() *kmsg.JoinGroupRequest {
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.MemberID, req.InstanceID, req.ProtocolType = "g", s.id, s.instance, "consumer"
	req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 10_000, 60_000
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name, p.Metadata = "range", []byte(s.name)
	req.Protocols = append(req.Protocols, p)
	return req
}

// asks sends JoinGroup, with the id that the coordinator gives to who has none.
func (s *student) asks() *student {
	for {
		s.joined = s.l.send(s.coordinator(), s.version, s.joinRequest())
		s.l.pass(50 * time.Millisecond)
		resp, ok := s.l.heard[s.joined].(*kmsg.JoinGroupResponse)
		if !ok || resp.ErrorCode != memberIDRequired {
			return s
		}
		s.id = resp.MemberID
	}
}

// joins is what the answer to JoinGroup says: "2 leads alice bob" is the second generation, for its leader.
func (s *student) joins() string {
	resp, ok := s.l.answer(s.joined).(*kmsg.JoinGroupResponse)
	switch {
	case !ok:
		return silence
	case resp.ErrorCode != none:
		return name(resp.ErrorCode)
	}
	s.id, s.generation, s.leads, s.others = resp.MemberID, resp.Generation, resp.LeaderID == resp.MemberID, nil
	if !s.leads && len(resp.Members) == 0 {
		return fmt.Sprint(s.generation)
	}
	for _, m := range resp.Members {
		s.others = append(s.others, string(m.ProtocolMetadata))
	}
	said := fmt.Sprintf("%d leads %s", s.generation, strings.Join(s.others, " "))
	if resp.SkipAssignment {
		said += ", assigned already"
	}
	return said
}

// syncs sends SyncGroup; a leader gives everybody a desk by the name of its owner.
func (s *student) syncs(members ...*student) *student {
	req := kmsg.NewPtrSyncGroupRequest()
	req.Group, req.MemberID, req.InstanceID, req.Generation = "g", s.id, s.instance, s.generation
	for _, m := range members {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = m.id, []byte("desk of "+m.name)
		req.GroupAssignment = append(req.GroupAssignment, a)
	}
	s.synced = s.l.send(s.coordinator(), 5, req)
	return s
}

func (s *student) desk() string {
	resp, ok := s.l.answer(s.synced).(*kmsg.SyncGroupResponse)
	switch {
	case !ok:
		return silence
	case resp.ErrorCode != none:
		return name(resp.ErrorCode)
	}
	return string(resp.MemberAssignment)
}

func (s *student) beats() string {
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.InstanceID, req.Generation = "g", s.id, s.instance, s.generation
	resp, ok := s.l.ask(s.coordinator(), 4, req).(*kmsg.HeartbeatResponse)
	if !ok {
		return silence
	}
	return name(resp.ErrorCode)
}

func (s *student) leaves() string {
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = "g"
	m := kmsg.NewLeaveGroupRequestMember()
	m.MemberID, m.InstanceID = s.id, s.instance
	req.Members = append(req.Members, m)
	resp, ok := s.l.ask(s.coordinator(), 5, req).(*kmsg.LeaveGroupResponse)
	switch {
	case !ok:
		return silence
	case resp.ErrorCode != none:
		return name(resp.ErrorCode)
	}
	return name(resp.Members[0].ErrorCode)
}

// class is a stable group of the first generation, whose first member leads.
func (l *lab) class(names ...string) (students []*student) {
	l.t.Helper()
	for _, n := range names {
		students = append(students, l.student(n).asks())
	}
	for _, s := range students {
		s.joins()
	}
	students[0].syncs(students...)
	for _, s := range students[1:] {
		s.syncs()
	}
	for _, s := range students {
		l.is(s.desk(), "desk of "+s.name)
	}
	return students
}

// group is what the coordinator says of "g": its state, and who has which desk.
func (l *lab) group() string {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{"g"}
	resp, ok := l.ask(l.GroupCoordinator("g"), 5, req).(*kmsg.DescribeGroupsResponse)
	if !ok {
		return silence
	}
	g := resp.Groups[0]
	if g.ErrorCode != none {
		return name(g.ErrorCode)
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

// failOverGroup makes another broker the coordinator of "g", and waits until that has read it.
func (l *lab) failOverGroup() {
	l.MoveGroups(TxnPartitionOf("g"), (l.GroupCoordinator("g")+1)%3)
	l.pass(time.Second)
}
