package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Offsets in a transaction count when its marker has come to the group's log.
func TestTxnOffsetCommit(t *testing.T) {
	tell(t, []story{
		{"until then they are pending", func(l *lab) {
			w := l.writer("a")
			l.commitAs(nil, "out", 0, 5)
			l.is(w.commitOffset(5, 0, 10), "NONE")
			l.is(l.positions("g", false)+", "+l.positions("g", true), "out-0@5, out-0 UNSTABLE_OFFSET_COMMIT")
			w.commit()
			l.pass(time.Second)
			l.is(l.positions("g", true), "out-0@10")
			next := w.follow()
			next.commitOffset(5, 0, 20)
			next.abort()
			l.pass(time.Second)
			l.is(l.positions("g", true), "out-0@10")
		}},
		{"an older client adds the group first", func(l *lab) {
			w := l.oldWriter("a")
			l.is(w.commitOffset(4, 0, 10)+", "+w.commitOffset(3, 0, 10), "TRANSACTION_ABORTABLE, INVALID_TXN_STATE")
			l.is(w.joinGroup()+", "+w.commitOffset(4, 0, 10), "NONE, NONE")
			l.is(l.describe("a"), fmt.Sprintf("Ongoing p1/0 %s-%d", offsetsTopic, TxnPartitionOf("g")))
			w.commit()
			l.pass(time.Second)
			l.is(l.positions("g", true), "out-0@10")
		}},
		{"an offset that is committed outside of it, and later, stays", func(l *lab) {
			w := l.writer("a")
			w.commitOffset(5, 0, 10)
			l.commitAs(nil, "out", 0, 20)
			w.commit()
			l.pass(time.Second)
			l.is(l.positions("g", true), "out-0@20")
		}},
		{"what is pending survives the coordinator, and so does the marker", func(l *lab) {
			w := l.writer("a")
			w.commitOffset(5, 0, 10)
			l.failOverGroup()
			l.is(l.positionOf(0, true), "out-0 UNSTABLE_OFFSET_COMMIT")
			l.SlowMarkers(time.Second, time.Millisecond)
			w.commit()
			l.failOverGroup()
			l.pass(2 * time.Second)
			l.is(l.positions("g", true)+", "+l.describe("a"), "out-0@10, CompleteCommit p1/1")
		}},
		{"a marker that comes while they are read is to come again", func(l *lab) {
			w := l.writer("a")
			w.commitOffset(5, 0, 10)
			log := l.Partition(offsetsTopic, TxnPartitionOf("g"))
			l.MoveGroups(int(log.index), (int(log.leader)+1)%3)
			req := kmsg.NewPtrWriteTxnMarkersRequest()
			m := kmsg.NewWriteTxnMarkersRequestMarker()
			m.ProducerID, m.ProducerEpoch = w.pid, w.epoch
			m.Topics = []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: offsetsTopic, Partitions: []int32{log.index}}}
			req.Markers = append(req.Markers, m)
			resp := l.ask(int(log.leader), 1, req).(*kmsg.WriteTxnMarkersResponse)
			l.is(name(resp.Markers[0].Topics[0].Partitions[0].ErrorCode), "NOT_LEADER_OR_FOLLOWER")
		}},
		{"a zombie, and a group that has gone on, are refused", func(l *lab) {
			zombie := l.writer("a")
			l.writer("a")
			l.is(zombie.commitOffset(5, 0, 1), "INVALID_PRODUCER_EPOCH")
			alice := l.class("alice")[0]
			w := l.writer("b")
			req := w.offsetsRequest(0, 1)
			req.MemberID, req.Generation = alice.id, 7
			l.is(l.txnCommitted(l.ask(l.GroupCoordinator("g"), 5, req)), "ILLEGAL_GENERATION")
			req.Generation = 1
			l.is(l.txnCommitted(l.ask(l.GroupCoordinator("g"), 5, req)), "NONE")
			req.Group = "unknown"
			l.is(l.txnCommitted(l.ask(l.GroupCoordinator("unknown"), 5, req)), "ILLEGAL_GENERATION")
		}},
		{"another broker does not take them", func(l *lab) {
			w := l.writer("a")
			l.is(l.txnCommitted(l.ask((l.GroupCoordinator("g")+1)%3, 5, w.offsetsRequest(0, 1))), "NOT_COORDINATOR")
			l.is(l.describe("a"), "Empty p1/0")
		}},
		{"a client may neither write to the log of the groups, nor cut it", func(l *lab) {
			req := kmsg.NewPtrProduceRequest()
			req.Acks = -1
			req.Topics = []kmsg.ProduceRequestTopic{{Topic: offsetsTopic, Partitions: []kmsg.ProduceRequestTopicPartition{{Records: l.plainWriter().to(0, 0, 1).data}}}}
			resp := l.ask(l.Leader(offsetsTopic, 0), 9, req).(*kmsg.ProduceResponse)
			l.is(name(resp.Topics[0].Partitions[0].ErrorCode), "INVALID_TOPIC_EXCEPTION")
			cut := kmsg.NewPtrDeleteRecordsRequest()
			cut.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: offsetsTopic, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Offset: -1}}}}
			l.is(name(l.ask(l.Leader(offsetsTopic, 0), 2, cut).(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0].ErrorCode), "INVALID_TOPIC_EXCEPTION")
		}},
	})
}

// offsetsRequest is a commit of one offset of "out" for "g" in a transaction, by a client that is no member.
func (w *writer) offsetsRequest(partition int32, offset int64) *kmsg.TxnOffsetCommitRequest {
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch, req.Generation = w.id, "g", w.pid, w.epoch, -1
	p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	req.Topics = []kmsg.TxnOffsetCommitRequestTopic{{Topic: "out", Partitions: []kmsg.TxnOffsetCommitRequestTopicPartition{p}}}
	return req
}

func (w *writer) commitOffset(version int16, partition int32, offset int64) string {
	return w.l.untilSettled(func() string {
		return w.l.txnCommitted(w.l.ask(w.l.GroupCoordinator("g"), version, w.offsetsRequest(partition, offset)))
	})
}

func (l *lab) txnCommitted(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.TxnOffsetCommitResponse)
	if !ok {
		return silence
	}
	return name(resp.Topics[0].Partitions[0].ErrorCode)
}

func (w *writer) joinGroup() string {
	req := kmsg.NewPtrAddOffsetsToTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group = w.id, w.pid, w.epoch, "g"
	resp, ok := w.l.ask(w.l.Coordinator(w.id), 3, req).(*kmsg.AddOffsetsToTxnResponse)
	if !ok {
		return silence
	}
	return name(resp.ErrorCode)
}
