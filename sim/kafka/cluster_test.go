package kafka

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// After a run the checkers are told of every record what became of it, and when.
func TestTheDumpHasTheFateOfEveryRecord(t *testing.T) {
	l := newLab(t, Config{Replication: Delay{time.Second, time.Second}, TxnReplication: Delay{0, 1}, MarkerGap: Delay{0, 1}})
	a, b, c := l.Writer("a"), l.Writer("b"), l.Writer("c")
	l.Partition("out", 0).AppendInput(l.Now(), record.Record{Key: []byte("in"), Value: 7, Time: 42})
	a.Write(0, 2)
	a.Commit()
	b.Write(0, 1)
	b.Abort()
	l.pass(2 * time.Second)
	c.Write(0, 1)
	var rows []string
	for r := range l.Dump("out") {
		fate := map[Fate]string{Committed: "committed", Aborted: "aborted", Open: "open"}[r.Fate]
		rows = append(rows, fmt.Sprintf("%d-%d %s=%d by %q %s at %d, decided %d, visible %d", r.Partition, r.Offset, r.Key, r.Value,
			r.TransactionalID, fate, seconds(r.Appended), seconds(r.Decided), seconds(r.Visible)))
	}
	want := []string{
		`0-0 in=7 by "" committed at 0, decided 0, visible 0`,
		`0-1 k=0 by "a" committed at 0, decided 1, visible 2`,
		`0-2 k=1 by "a" committed at 0, decided 1, visible 2`,
		`0-4 k=0 by "b" aborted at 1, decided 2, visible 3`,
		`0-6 k=0 by "c" open at 4, decided -1, visible -1`,
	}
	if !slices.Equal(rows, want) {
		t.Errorf("the log has\n%v\nwant\n%v", rows, want)
	}
	l.is(fmt.Sprint(l.Rows("out")), "[5 0]")
}

func seconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Second)
}

// A marker that says the contrary of what its coordinator has decided can only come from a bug of the model; the
// model sees that by itself.
func TestAMarkerAgainstTheDecisionIsNoted(t *testing.T) {
	l := newLab(t, Config{})
	l.excused = "kafka-decided-once"
	w := l.Writer("a")
	w.Write(0, 1)
	l.SlowMarkers(time.Minute, time.Second)
	w.Commit()
	req := kmsg.NewPtrWriteTxnMarkersRequest()
	req.Version = 1
	m := kmsg.NewWriteTxnMarkersRequestMarker()
	m.ProducerID, m.ProducerEpoch = w.PID, w.Epoch+1
	m.Topics = []kmsg.WriteTxnMarkersRequestMarkerTopic{{Topic: "out", Partitions: []int32{0}}}
	req.Markers = append(req.Markers, m)
	l.Send("kafka-1", Addr(l.Leader("out", 0)), protocol.Request{Corr: 1, Req: req})
	l.pass(time.Second)
	var noted []string
	for _, e := range l.History() {
		if v, ok := e.Event.(history.Violation); ok {
			noted = append(noted, v.Invariant)
		}
	}
	l.is(fmt.Sprint(noted), "[kafka-decided-once]")
}

// Who wants no acknowledgement gets none, and who wants the leader's does not wait for the replicas.
func TestAcknowledgements(t *testing.T) {
	l := newLab(t, Config{Replication: Delay{time.Second, time.Second}})
	w := l.PlainWriter()
	produce := func(acks int16, sequence int32) (await func() kmsg.Response, asked uint64) {
		req := kmsg.NewPtrProduceRequest()
		req.Acks = acks
		part := kmsg.NewProduceRequestTopicPartition()
		part.Records = w.To(0, sequence, 1).Data
		req.Topics = []kmsg.ProduceRequestTopic{{Topic: "out", Partitions: []kmsg.ProduceRequestTopicPartition{part}}}
		return l.send(l.Leader("out", 0), 12, req), l.Last
	}
	_, none := produce(0, 0)
	_, leader := produce(1, 1)
	sent, all := produce(-1, 2)
	l.pass(500 * time.Millisecond)
	l.is(fmt.Sprint(l.Answered(none), l.Answered(leader), l.Answered(all)), "false true false")
	l.is(l.Produced(sent()), "NONE at 2")
	l.is(fmt.Sprint(l.Answered(none)), "false")
}
