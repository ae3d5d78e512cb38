package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Positions of groups, with members and without.
func TestOffsetCommit(t *testing.T) {
	nobody := (*student)(nil)
	tell(t, []story{
		{"anybody may commit for a group without members", func(l *lab) {
			l.is(l.commitAs(nobody, "out", 0, 42)+", "+l.positions("g", false), "NONE, out-0@42")
			l.is(l.commitAs(nobody, "out", 9, 1)+", "+l.commitAs(nobody, "none", 0, 1), "UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_OR_PARTITION")
			l.is(l.group(), "Empty")
		}},
		{"a group with members takes it from them only, and from their generation", func(l *lab) {
			c := l.class("alice")
			l.is(l.commitAs(nobody, "out", 0, 1)+", "+l.commitAs(c[0], "out", 0, 2), "UNKNOWN_MEMBER_ID, NONE")
			c[0].generation++
			l.is(l.commitAs(c[0], "out", 0, 3), "ILLEGAL_GENERATION")
			stranger := &student{l: l, id: "mallory", generation: 1}
			l.is(l.commitAs(stranger, "out", 0, 3)+", "+l.positions("g", false), "UNKNOWN_MEMBER_ID, out-0@2")
		}},
		{"not while the assignment is made, but while members are awaited", func(l *lab) {
			alice := l.class("alice")[0]
			l.student("bob").asks()
			l.is(l.commitAs(alice, "out", 0, 5), "NONE")
			l.is(alice.asks().joins(), "2 leads alice bob")
			l.is(l.commitAs(alice, "out", 0, 6), "REBALANCE_IN_PROGRESS")
		}},
		{"a generation of a group that is unknown is illegal, from version 9 on the group is not found", func(l *lab) {
			stranger := &student{l: l, id: "m", generation: 1}
			l.is(l.commitAs(stranger, "out", 0, 1), "GROUP_ID_NOT_FOUND")
			req := offsetsOf(stranger, "out", 0, 1)
			l.is(name(l.ask(l.GroupCoordinator("g"), 8, req).(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode), "ILLEGAL_GENERATION")
		}},
		{"a commit is a sign of life", func(l *lab) {
			alice := l.class("alice")[0]
			for range 5 {
				l.pass(4 * time.Second)
				l.commitAs(alice, "out", 0, 1)
			}
			l.is(alice.beats(), "NONE")
		}},
		{"words that go with an offset are kept, if they are few", func(l *lab) {
			req := offsetsOf(nobody, "out", 0, 1)
			req.Topics[0].Partitions[0].Metadata = kmsg.StringPtr(strings.Repeat("x", 4097))
			l.is(name(l.ask(l.GroupCoordinator("g"), 9, req).(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode), "OFFSET_METADATA_TOO_LARGE")
			req.Topics[0].Partitions[0].Metadata = kmsg.StringPtr("noon")
			l.ask(l.GroupCoordinator("g"), 9, req)
			l.failOverGroup()
			l.is(*l.fetchPositions(9, "g", false, "out").Topics[0].Partitions[0].Metadata, "noon")
		}},
		{"topics can be named by id", func(l *lab) {
			req := offsetsOf(nobody, "", 1, 7)
			req.Topics[0].TopicID = l.topics["out"].id
			l.is(name(l.ask(l.GroupCoordinator("g"), 10, req).(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode), "NONE")
			req.Topics[0].TopicID[0]++
			l.is(name(l.ask(l.GroupCoordinator("g"), 10, req).(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode), "UNKNOWN_TOPIC_ID")
			l.is(l.positions("g", false), "out-1@7")
		}},
		{"a topic that was deleted takes its offsets along", func(l *lab) {
			l.commitAs(nobody, "out", 0, 42)
			l.DeleteTopic("out")
			l.CreateTopic("out", 2)
			l.is(l.positions("g", false)+fmt.Sprint(l.CommittedOffset("g", "out", 0)), "-1")
		}},
		{"offsets survive the coordinator, in all versions of the request", func(l *lab) {
			l.commitAs(nobody, "out", 1, 7)
			l.failOverGroup()
			for v := int16(1); v <= 9; v++ {
				p := l.fetchPositions(v, "g", true, "out").Topics[0].Partitions
				l.is(fmt.Sprint(v, p[0].Offset, p[1].Offset, p[1].ErrorCode), fmt.Sprint(v, -1, 7, 0))
			}
			l.is(l.positions("none", false), "")
		}},
		{"an offset that is not on every replica yet is not read", func(l *lab) {
			l = newLab(l.t, Config{GroupReplication: Delay{time.Second, time.Second}})
			sent := l.send(l.GroupCoordinator("g"), 9, offsetsOf(nobody, "out", 0, 1))
			l.pass(500 * time.Millisecond)
			l.is(l.positions("g", false), "")
			l.pass(time.Second)
			l.is(l.positions("g", false), "out-0@1")
			l.is(name(l.answer(sent).(*kmsg.OffsetCommitResponse).Topics[0].Partitions[0].ErrorCode), "NONE")
		}},
		{"another broker knows nothing of the group", func(l *lab) {
			for v := int16(1); v <= 9; v++ {
				req := positionsRequest(v, "g", false, "out")
				resp := l.ask((l.GroupCoordinator("g")+1)%3, v, req).(*kmsg.OffsetFetchResponse)
				code := resp.ErrorCode
				switch {
				case v < 2:
					code = resp.Topics[0].Partitions[0].ErrorCode
				case v >= 8:
					code = resp.Groups[0].ErrorCode
				}
				l.is(name(code), "NOT_COORDINATOR")
			}
		}},
	})
}

// offsetsOf is a commit of one offset for "g", by a member or by nobody.
func offsetsOf(s *student, topic string, partition int32, offset int64) *kmsg.OffsetCommitRequest {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = "g", -1
	if s != nil {
		req.MemberID, req.Generation, req.InstanceID = s.id, s.generation, s.instance
	}
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	req.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: topic, Partitions: []kmsg.OffsetCommitRequestTopicPartition{p}}}
	return req
}

func (l *lab) commitAs(s *student, topic string, partition int32, offset int64) string {
	resp, ok := l.ask(l.GroupCoordinator("g"), 9, offsetsOf(s, topic, partition, offset)).(*kmsg.OffsetCommitResponse)
	if !ok {
		return silence
	}
	return name(resp.Topics[0].Partitions[0].ErrorCode)
}

func positionsRequest(version int16, group string, stable bool, topics ...string) *kmsg.OffsetFetchRequest {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable = stable
	if version < 8 {
		req.Group = group
		for _, t := range topics {
			req.Topics = append(req.Topics, kmsg.OffsetFetchRequestTopic{Topic: t, Partitions: []int32{0, 1}})
		}
		return req
	}
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	for _, t := range topics {
		g.Topics = append(g.Topics, kmsg.OffsetFetchRequestGroupTopic{Topic: t, Partitions: []int32{0, 1}})
	}
	req.Groups = append(req.Groups, g)
	return req
}

// fetchPositions reads what a group has committed for topics; without any, for all. Old answers come in the new form.
func (l *lab) fetchPositions(version int16, group string, stable bool, topics ...string) kmsg.OffsetFetchResponseGroup {
	resp := l.ask(l.GroupCoordinator(group), version, positionsRequest(version, group, stable, topics...)).(*kmsg.OffsetFetchResponse)
	if version >= 8 {
		return resp.Groups[0]
	}
	g := kmsg.OffsetFetchResponseGroup{ErrorCode: resp.ErrorCode}
	for _, t := range resp.Topics {
		topic := kmsg.OffsetFetchResponseGroupTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			topic.Partitions = append(topic.Partitions, kmsg.OffsetFetchResponseGroupTopicPartition{Partition: p.Partition, Offset: p.Offset, ErrorCode: p.ErrorCode})
		}
		g.Topics = append(g.Topics, topic)
	}
	return g
}

func (l *lab) positions(group string, stable bool) string {
	return written(l.fetchPositions(9, group, stable))
}

// positionOf asks for one partition, which may have no offset yet.
func (l *lab) positionOf(partition int, stable bool) string {
	g := l.fetchPositions(9, "g", stable, "out")
	g.Topics[0].Partitions = g.Topics[0].Partitions[partition : partition+1]
	return written(g)
}

func written(g kmsg.OffsetFetchResponseGroup) string {
	if g.ErrorCode != none {
		return name(g.ErrorCode)
	}
	var said []string
	for _, t := range g.Topics {
		for _, p := range t.Partitions {
			if p.ErrorCode != none {
				said = append(said, fmt.Sprintf("%s-%d %s", t.Topic, p.Partition, name(p.ErrorCode)))
			} else {
				said = append(said, fmt.Sprintf("%s-%d@%d", t.Topic, p.Partition, p.Offset))
			}
		}
	}
	return strings.Join(said, " ")
}
