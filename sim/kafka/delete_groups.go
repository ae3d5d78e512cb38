package kafka

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// deleteGroups forgets groups without members, with all that they have committed.
func (b *Broker) deleteGroups(env mailbox.Env, c call, req *kmsg.DeleteGroupsRequest) {
	resp := kmsg.NewPtrDeleteGroupsResponse()
	resp.Groups = make([]kmsg.DeleteGroupsResponseGroup, len(req.Groups))
	left := len(req.Groups) + 1
	done := func(env mailbox.Env) {
		if left--; left == 0 {
			b.answer(env, c, resp)
		}
	}
	for i, id := range req.Groups {
		out := &resp.Groups[i]
		out.Group = id
		s, code := b.shardOf(id)
		switch {
		case code != protocol.None:
			out.ErrorCode = code
		case s.find(id) == nil:
			out.ErrorCode = protocol.GroupIDNotFound
		case s.find(id).state != groupEmpty:
			out.ErrorCode = protocol.NonEmptyGroup
		default:
			g := s.find(id)
			b.write(env, s, g.tombstones(), func(env mailbox.Env, code int16) {
				if code == protocol.None && g.state == groupEmpty {
					g.move(groupDead)
					delete(s.groups, id)
				}
				out.ErrorCode = code
				done(env)
			})
			continue
		}
		done(env)
	}
	done(env)
}

// tombstones are the records after which nothing is left of the group. What open transactions have pending goes, too.
func (g *group) tombstones() []logRecord {
	all := maps.Clone(g.offsets)
	for _, offsets := range g.pending { // sorted below, so it may be done in any order
		maps.Copy(all, offsets)
	}
	var records []logRecord
	for _, tp := range slices.SortedFunc(maps.Keys(all), compareTopicPartition) {
		records = append(records, logRecord{key: offsetKey(g.id, tp)})
	}
	return append(records, logRecord{key: groupKey(g.id)})
}
