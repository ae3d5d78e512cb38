package conformance

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Positions of a group with members, and what else is asked of positions that are committed without a transaction.
var offsetCommits = []Case{
	{"H14", "a group with members takes positions from them only, and from their generation", 0, func(l *Lab) {
		alice, mallory := l.Member("alice"), l.Member("mallory")
		l.class(alice)
		l.Is(l.CommitOffset(0, 1)+", "+alice.Commits(0, 2), "UNKNOWN_MEMBER_ID, NONE")
		alice.Generation++
		mallory.ID, mallory.Generation = "mallory", 1
		l.Is(alice.Commits(0, 3)+", "+mallory.Commits(0, 3), "ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID")
		l.Is(l.Position(false, 0), "0 at 2")
	}},
	{"H15", "not while it is assigned, but while members are awaited", 0, func(l *Lab) {
		alice, bob := l.Member("alice"), l.Member("bob")
		l.class(alice)
		bob.Asks()
		alice.Hears()
		l.Is(alice.Commits(0, 5), "NONE")
		l.Is(alice.Asks().Joins(), "2 leads alice bob")
		l.Is(alice.Commits(0, 6), "REBALANCE_IN_PROGRESS")
	}},
	{"H16", "of a group that is not there no generation is right", 0, func(l *Lab) {
		mallory := l.Member("mallory")
		mallory.ID, mallory.Generation = "mallory", 1
		l.Is(mallory.Commits(0, 1), "GROUP_ID_NOT_FOUND")
		l.Is(l.Committed(l.Ask(l.GroupCoordinator("g"), 8, l.Committing(mallory, 0, 1))), "ILLEGAL_GENERATION")
	}},
	{"H17", "a commit is a sign of life", 0, func(l *Lab) {
		alice := l.Member("alice")
		l.class(alice)
		for range 3 {
			l.Pass(sessionTimeout / 2)
			l.Is(alice.Commits(0, 1), "NONE")
		}
		l.Is(alice.Beats(), "NONE")
	}},
	{"H18", "words that go with a position are kept, if they are few", 0, func(l *Lab) {
		req := l.Committing(nobody, 0, 1)
		req.Topics[0].Partitions[0].Metadata = kmsg.StringPtr(strings.Repeat("x", 4097))
		l.Is(l.Committed(l.Ask(l.GroupCoordinator("g"), 9, req)), "OFFSET_METADATA_TOO_LARGE")
		req.Topics[0].Partitions[0].Metadata = kmsg.StringPtr("noon")
		l.Is(l.Committed(l.Ask(l.GroupCoordinator("g"), 9, req)), "NONE")
		l.Is(l.wordsWith(0), "noon")
	}},
	{"H19", "topics can be named by id", 0, func(l *Lab) {
		req := l.Committing(nobody, 1, 7)
		req.Topics[0].TopicID = l.Metadata(AnyNode, out).Topics[0].TopicID
		l.Is(l.Committed(l.Ask(l.GroupCoordinator("g"), 10, req)), "NONE")
		l.Is(l.Position(false, 1), "1 at 7")
		req.Topics[0].TopicID[0]++
		l.Is(l.Committed(l.Ask(l.GroupCoordinator("g"), 10, req)), "UNKNOWN_TOPIC_ID")
	}},
	{"H20", "a topic that is deleted takes its positions along", 0, func(l *Lab) {
		l.Is(l.CommitOffset(0, 42), "NONE")
		l.DeleteTopic(out)
		l.CreateTopic(out, outPartitions)
		l.Comes(Patience, "0 at -1", func() string { return l.Position(false, 0) })
	}},
	{"H21", "another coordinator has read them, and tells them in any version", Moves, func(l *Lab) {
		req := l.Committing(nobody, 1, 7)
		req.Topics[0].Partitions[0].Metadata = kmsg.StringPtr("noon")
		l.Is(l.Committed(l.Ask(l.GroupCoordinator("g"), 8, req)), "NONE")
		l.moveGroup()
		l.Comes(Patience, "0 at -1, 1 at 7", func() string { return l.Position(true, 0, 1) })
		for v := int16(1); v <= 9; v++ {
			l.Is(fmt.Sprint(v, ": ", l.PositionAt(l.GroupCoordinator("g"), v, true, 0, 1)), fmt.Sprint(v, ": 0 at -1, 1 at 7"))
		}
		l.Is(l.wordsWith(1), "noon")
	}},
	{"H22", "another broker tells nothing, in any version", Brokers, func(l *Lab) {
		node := l.Another(l.GroupCoordinator("g"))
		for v := int16(1); v <= 9; v++ {
			says := "NOT_COORDINATOR"
			if v == 1 {
				says = "0 NOT_COORDINATOR" // of each partition
			}
			l.Is(fmt.Sprint(v, ": ", l.PositionAt(node, v, false, 0)), fmt.Sprint(v, ": ", says))
		}
	}},
	{"H27", "who names no topics is told of all", 0, func(l *Lab) {
		l.Is(l.CommitOffset(0, 5)+", "+l.CommitOffset(2, 7), "NONE, NONE")
		for v := int16(2); v <= 9; v++ {
			l.Is(fmt.Sprint(v, ": ", l.PositionAt(l.GroupCoordinator("g"), v, false)), fmt.Sprint(v, ": 0 at 5, 2 at 7"))
		}
		req := l.Committing(nobody, 0, 9)
		req.Topics[0].Topic = l.global("none")
		l.Is(l.Committed(l.Ask(l.GroupCoordinator("g"), 8, req)), "UNKNOWN_TOPIC_OR_PARTITION")
	}},
	{"H23", "clients neither write to the log of the groups nor cut it", 0, func(l *Lab) {
		node := l.GroupCoordinator("g")
		leads := int32(-1)
		for _, p := range NewLab(l.Target, "").Metadata(AnyNode, offsetsLog).Topics[0].Partitions {
			if p.Leader == node {
				leads = p.Partition
			}
		}
		write := kmsg.NewPtrProduceRequest()
		write.Acks, write.TimeoutMillis = -1, int32(Patience.Milliseconds())
		write.Topics = []kmsg.ProduceRequestTopic{{Topic: offsetsLog,
			Partitions: []kmsg.ProduceRequestTopicPartition{{Partition: leads, Records: l.PlainWriter().To(0, 0, 1).Data}}}}
		l.Is(l.Produced(l.Ask(node, 9, write)), "INVALID_TOPIC_EXCEPTION")
		cut := kmsg.NewPtrDeleteRecordsRequest()
		cut.TimeoutMillis = int32(Patience.Milliseconds())
		cut.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: offsetsLog, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: leads, Offset: -1}}}}
		resp, ok := l.Ask(node, 2, cut).(*kmsg.DeleteRecordsResponse)
		if !ok {
			l.Stop("the request to cut it is not answered")
		}
		l.Is(Name(resp.Topics[0].Partitions[0].ErrorCode), "INVALID_TOPIC_EXCEPTION")
	}},
}

// offsetsLog is where groups are, with their positions.
const offsetsLog = "__consumer_offsets"

// nobody commits for a group without members.
var nobody *Member

// Committing is the request of a member, or of nobody, to commit a position in the topic out.
func (l *Lab) Committing(m *Member, partition int32, offset int64) *kmsg.OffsetCommitRequest {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = l.global("g"), NoGeneration
	if m != nil {
		req.MemberID, req.Generation, req.InstanceID = m.ID, m.Generation, m.Instance
	}
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic = l.topic(out)
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return req
}

// Committed is what a response says of the first position.
func (l *Lab) Committed(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.OffsetCommitResponse)
	if !ok {
		return Silence
	}
	return Name(resp.Topics[0].Partitions[0].ErrorCode)
}

// CommitOffset commits the group's position without a transaction.
func (l *Lab) CommitOffset(partition int32, offset int64) string {
	return l.CommitOffsetAt(l.GroupCoordinator("g"), partition, offset)
}

// CommitOffsetAt asks a broker to do so.
func (l *Lab) CommitOffsetAt(node, partition int32, offset int64) string {
	return l.Committed(l.Ask(node, 8, l.Committing(nobody, partition, offset)))
}
