package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Offsets in a transaction count when its marker has come to the group's log.
func TestTxnOffsetCommit(t *testing.T) {
	tell(t, []story{
		{"the marker comes, whoever coordinates the group by then", func(l *lab) {
			w := l.Writer("a")
			w.CommitOffset(5, 0, 10)
			l.failOverGroup()
			l.is(l.Position(true, 0), "0 UNSTABLE_OFFSET_COMMIT")
			l.SlowMarkers(time.Second, time.Millisecond)
			w.Commit()
			l.failOverGroup()
			l.pass(2 * time.Second)
			l.is(l.Position(true, 0)+", "+l.Describe("a"), "0 at 10, CompleteCommit p1/1")
		}},
		{"one that comes while they are read is to come again", func(l *lab) {
			w := l.Writer("a")
			w.CommitOffset(5, 0, 10)
			log := l.Partition(offsetsTopic, TxnPartitionOf("g"))
			l.MoveGroups(int(log.index), (int(log.leader)+1)%3)
			req := kmsg.NewPtrWriteTxnMarkersRequest()
			m := kmsg.NewWriteTxnMarkersRequestMarker()
			m.ProducerID, m.ProducerEpoch = w.PID, w.Epoch
			m.Topics = []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: offsetsTopic, Partitions: []int32{log.index}}}
			req.Markers = append(req.Markers, m)
			resp := l.ask(int(log.leader), 1, req).(*kmsg.WriteTxnMarkersResponse)
			l.is(name(resp.Markers[0].Topics[0].Partitions[0].ErrorCode), "NOT_LEADER_OR_FOLLOWER")
		}},
	})
}
