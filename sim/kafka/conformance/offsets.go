package conformance

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Positions of a group, committed with a transaction or without one. The group is "g".
var offsets = []Case{
	{"H1", "a position is committed within a transaction without more ado", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(w.CommitOffset(5, 0, 10), "NONE")
		l.Is(w.Commit(), "NONE p1/1")
	}},
	{"H2", "by an older client only after the group was added", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(w.CommitOffset(4, 0, 10), "TRANSACTION_ABORTABLE")
	}},
	{"H3", "it counts once the transaction is committed, and never if it is aborted", 0, func(l *Lab) {
		l.CommitOffset(0, 1)
		w := l.Writer("a")
		w.CommitOffset(5, 0, 10)
		l.Is(l.Position(false, 0), "0 at 1")
		w.Commit()
		l.Settle("a")
		l.Is(l.Position(false, 0), "0 at 10")
		w = w.Follow()
		l.Is(w.CommitOffset(5, 0, 20), "NONE")
		w.Abort()
		l.Settle("a")
		l.Is(l.Position(false, 0), "0 at 10")
	}},
	{"H4", "who asks for what is stable hears of what is not, by partition", 0, func(l *Lab) {
		l.CommitOffset(0, 1)
		l.CommitOffset(1, 1)
		l.Writer("a").CommitOffset(5, 0, 10)
		l.Is(l.Position(true, 0, 1), "0 UNSTABLE_OFFSET_COMMIT, 1 at 1")
	}},
	{"H5", "also if there is nothing else in the group", 0, func(l *Lab) {
		l.Writer("a").CommitOffset(5, 0, 10)
		l.Is(l.Position(true, 0), "0 UNSTABLE_OFFSET_COMMIT")
	}},
	{"H6", "a plain commit that was written later survives the transaction's", 0, func(l *Lab) {
		w := l.Writer("a")
		w.CommitOffset(5, 0, 10)
		l.CommitOffset(0, 20)
		w.Commit()
		l.Settle("a")
		l.Is(l.Position(false, 0), "0 at 20")
	}},
	{"H7", "a zombie's position is refused", 0, func(l *Lab) {
		zombie := l.Writer("a")
		l.Writer("a")
		if said := zombie.CommitOffset(5, 0, 10); said != "PRODUCER_FENCED" {
			l.Is(said, "INVALID_PRODUCER_EPOCH")
		}
		l.Is(l.Position(true, 0), "0 at -1")
	}},
	{"H8", "so is that of an unknown topic", 0, func(l *Lab) {
		l.Is(l.Writer("a").commitOffset(5, "none", 0, 10, NoGeneration), "UNKNOWN_TOPIC_OR_PARTITION")
	}},
	{"H9", "and that of an unknown generation", 0, func(l *Lab) {
		l.Is(l.Writer("a").commitOffset(5, out, 0, 10, 3), "ILLEGAL_GENERATION")
	}},
	{"H10", "an older client adds the group first", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(w.JoinGroup(), "NONE")
		l.Is(w.CommitOffset(4, 0, 10), "NONE")
		l.Is(w.Commit(), "NONE")
		l.Settle("a")
		l.Is(l.Position(false, 0), "0 at 10")
	}},
	{"H11", "with the right epoch only", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(w.As(1).JoinGroup(), "PRODUCER_FENCED")
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
	{"H12", "positions and records are committed together", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		w.CommitOffset(5, 1, 7)
		l.Is(l.Visible(0)+", "+l.Position(false, 1), ", 1 at -1")
		w.Commit()
		l.Settle("a")
		l.Is(l.Visible(0)+", "+l.Position(false, 1), "0, 1 at 7")
	}},
	{"H13", "taking over drops a position that is not decided", 0, func(l *Lab) {
		l.CommitOffset(0, 1)
		l.Writer("a").CommitOffset(5, 0, 10)
		l.Writer("a")
		l.Is(l.Position(true, 0), "0 at 1")
	}},
}

// NoGeneration is that of a consumer that is no member.
const NoGeneration int32 = -1

// JoinGroup adds the group to the transaction, as clients did before TV2.
func (w *Writer) JoinGroup() string {
	return w.l.untilSettled(func() string {
		req := kmsg.NewPtrAddOffsetsToTxnRequest()
		req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group = w.l.global(w.ID), w.PID, w.Epoch, w.l.global("g")
		resp, ok := w.l.Ask(w.l.Coordinates(w.ID), 3, req).(*kmsg.AddOffsetsToTxnResponse)
		if !ok {
			return Silence
		}
		return Name(resp.ErrorCode)
	})
}

// CommitOffset commits the group's position in a partition of the topic out within the transaction.
func (w *Writer) CommitOffset(version int16, partition int32, offset int64) string {
	return w.commitOffset(version, out, partition, offset, NoGeneration)
}

func (w *Writer) commitOffset(version int16, topic string, partition int32, offset int64, generation int32) string {
	if version >= 5 {
		w.l.needsNewStyle()
	}
	return w.l.untilSettled(func() string {
		return w.l.positioned(w.l.Ask(w.l.GroupCoordinator("g"), version, w.Positioning(topic, partition, offset, generation)))
	})
}

// Positioning is the request of CommitOffset.
func (w *Writer) Positioning(topic string, partition int32, offset int64, generation int32) *kmsg.TxnOffsetCommitRequest {
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = w.l.global(w.ID), w.l.global("g"), w.PID, w.Epoch
	req.Generation = generation
	if generation != NoGeneration {
		req.MemberID = "member"
	}
	t := kmsg.NewTxnOffsetCommitRequestTopic()
	t.Topic = w.l.topic(topic)
	p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return req
}

func (l *Lab) positioned(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.TxnOffsetCommitResponse)
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
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = l.global("g"), NoGeneration
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic = l.topic(out)
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	resp, ok := l.Ask(node, 8, req).(*kmsg.OffsetCommitResponse)
	if !ok {
		return Silence
	}
	return Name(resp.Topics[0].Partitions[0].ErrorCode)
}

// Position asks for the group's positions: "0 at 10" for a partition of the topic out.
func (l *Lab) Position(stable bool, partitions ...int32) string {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable = stable
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = l.global("g")
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic, t.Partitions = l.topic(out), partitions
	g.Topics = append(g.Topics, t)
	req.Groups = append(req.Groups, g)
	resp, ok := l.Ask(l.GroupCoordinator("g"), 8, req).(*kmsg.OffsetFetchResponse)
	if !ok {
		return Silence
	}
	group := resp.Groups[0]
	if group.ErrorCode != 0 {
		return Name(group.ErrorCode)
	}
	var said []string
	for _, p := range group.Topics[0].Partitions {
		if p.ErrorCode != 0 {
			said = append(said, fmt.Sprintf("%d %s", p.Partition, Name(p.ErrorCode)))
		} else {
			said = append(said, fmt.Sprintf("%d at %d", p.Partition, p.Offset))
		}
	}
	return strings.Join(said, ", ")
}
