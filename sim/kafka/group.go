package kafka

import (
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// GroupState is a group's state at its coordinator.
type GroupState string

// The states of a group of the classic protocol.
const (
	groupEmpty          GroupState = "Empty"               // no members; it may have offsets
	preparingRebalance  GroupState = "PreparingRebalance"  // members are awaited with their subscriptions
	completingRebalance GroupState = "CompletingRebalance" // the leader is awaited with the assignment
	groupStable         GroupState = "Stable"
	groupDead           GroupState = "Dead"
)

// groupMoves has the states from which each state can be reached. That a group is stable can be read from the log, too.
var groupMoves = map[GroupState][]GroupState{
	groupEmpty:          {preparingRebalance},
	preparingRebalance:  {groupEmpty, completingRebalance, groupStable},
	completingRebalance: {preparingRebalance},
	groupStable:         {completingRebalance},
	groupDead:           {groupEmpty},
}

// group is a consumer group, or any other that uses the same protocol. Offsets and the members of a stable group
// follow from the log; the rest is in the coordinator's memory.
type group struct {
	id           string
	state        GroupState
	initial      bool // the rebalance under way began with an empty group
	generation   int32
	protocolType string
	protocol     string // that all members have agreed on
	leader       string
	members      []*member                // as they joined
	invited      map[string]mailbox.Timer // ids that were given to clients which have not joined with them yet
	late         bool                     // somebody joined while the initial rebalance waited
	joinTimer    mailbox.Timer
	syncTimer    mailbox.Timer
	owing        map[string]bool // members that have not asked for their assignment yet
	offsets      map[topicPartition]*committed
	pending      map[int64]map[topicPartition]*committed // by producer id: offsets of open transactions
}

// member of a group. A request of its that waits is a call.
type member struct {
	id                 string
	instance           *string // group.instance.id of a static member
	client, host       string
	rebalance, session time.Duration
	protocols          []kmsg.JoinGroupRequestProtocol
	assignment         []byte
	joining, syncing   *call
	isNew              bool // it does not know its id yet
	timer              mailbox.Timer
}

// find returns a group, or nil.
func (s *shard) find(id string) *group { return s.groups[id] }

// make returns a group, which is new and empty if there was none.
func (s *shard) make(id string) *group {
	g := s.groups[id]
	if g == nil {
		g = &group{id: id, state: groupEmpty, invited: map[string]mailbox.Timer{}, owing: map[string]bool{},
			offsets: map[topicPartition]*committed{}, pending: map[int64]map[topicPartition]*committed{}}
		s.groups[id] = g
	}
	return g
}

func (s *shard) ids() []string { return slices.Sorted(maps.Keys(s.groups)) }

func (g *group) move(to GroupState) {
	if !slices.Contains(groupMoves[to], g.state) {
		bug("group %s goes from %s to %s", g.id, g.state, to)
	}
	g.state = to
}

func (g *group) member(id string) *member {
	for _, m := range g.members {
		if m.id == id {
			return m
		}
	}
	return nil
}

// static returns the member with a group.instance.id, or nil.
func (g *group) static(instance *string) *member {
	if instance != nil {
		for _, m := range g.members {
			if m.instance != nil && *m.instance == *instance {
				return m
			}
		}
	}
	return nil
}

// known finds the member that a request names. The code says why there is none: another one may have its
// group.instance.id by now.
func (g *group) known(id string, instance *string) (*member, int16) {
	if g == nil {
		return nil, protocol.UnknownMemberID
	}
	if instance != nil {
		switch m := g.static(instance); {
		case m == nil:
			return nil, protocol.UnknownMemberID
		case m.id != id:
			return nil, protocol.FencedInstanceID
		}
	}
	m := g.member(id)
	if m == nil {
		return nil, protocol.UnknownMemberID
	}
	return m, protocol.None
}

// metadata is what a member has to say under a protocol: to what it subscribes.
func (m *member) metadata(protocol string) []byte {
	for _, p := range m.protocols {
		if p.Name == protocol {
			return p.Metadata
		}
	}
	return nil
}

// matches says whether a member has these protocols already, with the same words.
func (m *member) matches(protocols []kmsg.JoinGroupRequestProtocol) bool {
	return slices.EqualFunc(m.protocols, protocols, func(a, b kmsg.JoinGroupRequestProtocol) bool {
		return a.Name == b.Name && string(a.Metadata) == string(b.Metadata)
	})
}

// supports says whether somebody with these protocols can be a member, too.
func (g *group) supports(protocolType string, protocols []kmsg.JoinGroupRequestProtocol) bool {
	switch {
	case len(protocols) == 0 || protocolType == "":
		return false
	case len(g.members) == 0:
		return true
	}
	return g.protocolType == protocolType && slices.ContainsFunc(protocols, func(p kmsg.JoinGroupRequestProtocol) bool {
		return g.common(p.Name)
	})
}

// common says whether all members have a protocol.
func (g *group) common(protocol string) bool {
	return !slices.ContainsFunc(g.members, func(m *member) bool {
		return !slices.ContainsFunc(m.protocols, func(p kmsg.JoinGroupRequestProtocol) bool { return p.Name == protocol })
	})
}

// vote is the protocol that most members like best of those that all have.
func (g *group) vote() string {
	votes := map[string]int{}
	best := ""
	for _, m := range g.members {
		for _, p := range m.protocols {
			if g.common(p.Name) {
				votes[p.Name]++
				break
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(votes)) {
		if votes[name] > votes[best] {
			best = name
		}
	}
	return best
}

// patience is how long a rebalance waits for members: as long as the most patient one allows.
func (g *group) patience() time.Duration {
	var most time.Duration
	for _, m := range g.members {
		most = max(most, m.rebalance)
	}
	return most
}

// allJoined says whether nobody is missing from a rebalance.
func (g *group) allJoined() bool {
	return len(g.invited) == 0 && !slices.ContainsFunc(g.members, func(m *member) bool { return m.joining == nil })
}

// committed is the offset of a partition, if there is one, and it is not of a topic that was deleted since.
func (g *group) committed(c *Cluster, tp topicPartition) *committed {
	if g == nil {
		return nil
	}
	o := g.offsets[tp]
	if t := c.topics[tp.topic]; o != nil && (t == nil || t.id != o.topicID) {
		return nil
	}
	return o
}

// unstable says whether a transaction has yet to decide about the offset of a partition.
func (g *group) unstable(tp topicPartition) bool {
	if g == nil {
		return false
	}
	for _, offsets := range g.pending { // whichever it is, so it may be done in any order
		if offsets[tp] != nil {
			return true
		}
	}
	return false
}

func ms(n int32) time.Duration { return time.Duration(n) * time.Millisecond }

func stop(t mailbox.Timer) {
	if t != nil {
		t.Stop()
	}
}
