package conformance

import (
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
		l.Is(w.CommitOffset(4, 0, 10)+", "+w.CommitOffset(3, 0, 10), "TRANSACTION_ABORTABLE, INVALID_TXN_STATE")
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
		l.Is(strings.TrimRight(l.Describe("a"), "0123456789"), "Ongoing p1/0 "+offsetsLog+"-")
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
	{"H24", "what is pending is known to another coordinator of the group", Moves, func(l *Lab) {
		w := l.Writer("a")
		l.Is(w.CommitOffset(5, 0, 10), "NONE")
		l.moveGroup()
		l.Comes(Patience, "0 UNSTABLE_OFFSET_COMMIT", func() string { return l.Position(true, 0) })
		l.Is(w.Commit(), "NONE p1/1")
		l.Comes(Patience, "0 at 10", func() string { return l.Position(true, 0) })
	}},
	{"H25", "a group with members takes it from their generation only, also within a transaction", 0, func(l *Lab) {
		alice, w := l.Member("alice"), l.Writer("a")
		l.class(alice)
		alice.Generation++
		l.Is(w.CommitOffsetOf(alice, 0, 10), "ILLEGAL_GENERATION")
		alice.Generation--
		l.Is(w.CommitOffsetOf(alice, 0, 10), "NONE")
		alice.ID = "mallory"
		l.Is(w.CommitOffsetOf(alice, 0, 11), "UNKNOWN_MEMBER_ID")
	}},
	{"H26", "only the group's coordinator takes it", Brokers, func(l *Lab) {
		w := l.Writer("a")
		node := l.Another(l.GroupCoordinator("g"))
		for _, version := range []int16{4, 5} {
			l.Is(l.positioned(l.Ask(node, version, w.Positioning(out, 0, 10, NoGeneration))), "NOT_COORDINATOR")
		}
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
}

// NoGeneration is that of a consumer that is no member.
const NoGeneration int32 = -1

// JoinGroup adds the group to the transaction, as clients did before TV2.
func (w *Writer) JoinGroup() string {
	return w.l.UntilSettled(func() string {
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
	return w.l.UntilSettled(func() string {
		return w.l.positioned(w.l.Ask(w.l.GroupCoordinator("g"), version, w.Positioning(topic, partition, offset, generation)))
	})
}

// CommitOffsetOf is CommitOffset for a member of the group.
func (w *Writer) CommitOffsetOf(m *Member, partition int32, offset int64) string {
	w.l.needsNewStyle()
	return w.l.UntilSettled(func() string {
		req := w.Positioning(out, partition, offset, m.Generation)
		req.MemberID = m.ID
		return w.l.positioned(w.l.Ask(w.l.GroupCoordinator("g"), 5, req))
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
