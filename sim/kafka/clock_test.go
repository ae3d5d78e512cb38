package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Every broker goes by its own clock, and writes what that shows into logs which others read. Transactions here have a
// timeout of one minute, unless it is said, and one has been open since 00:00:00 by true time.
func TestClocks(t *testing.T) {
	const ahead = 20 * time.Minute
	skew := func(l *lab, broker int, by time.Duration) { l.SetClock(string(Addr(broker)), by, 1) }
	// wrote is a writer with a transaction that has a record, and a timeout.
	wrote := func(l *lab, timeout time.Duration) *writer {
		_, pid, epoch := l.InitFor("a", protocol.NoProducerID, protocol.NoEpoch, timeout)
		w := l.Owner("a", pid, epoch)
		w.Write(0, 1)
		return w
	}
	tell(t, []story{
		{"a coordinator whose clock jumps ahead aborts what has time left", func(l *lab) {
			w := wrote(l, 15*time.Minute)
			l.pass(10 * time.Second)
			l.is(l.Describe("a"), "Ongoing p1/0 out-0")
			skew(l, l.Coordinator("a"), ahead)
			l.pass(11 * time.Second)
			l.is(l.Describe("a"), "CompleteAbort p1/1")
			l.is(w.Commit(), "INVALID_TXN_STATE")
			l.is(l.Visible(0), "")
		}},
		{"the clock of another broker does not matter", func(l *lab) {
			w := wrote(l, 15*time.Minute)
			skew(l, (l.Coordinator("a")+1)%3, ahead)
			l.pass(time.Minute)
			l.is(w.Commit(), "NONE p1/1")
		}},
		{"a coordinator whose clock is behind lets it live", func(l *lab) {
			w := wrote(l, time.Minute)
			skew(l, l.Coordinator("a"), -ahead)
			l.pass(20 * time.Minute)
			l.is(l.Describe("a"), "Ongoing p1/0 out-0")
			l.pass(2 * time.Minute)
			l.is(l.Describe("a"), "CompleteAbort p1/1")
			l.is(w.Commit(), "INVALID_TXN_STATE")
		}},
		{"the start by one clock is judged by the next coordinator's", func(l *lab) {
			skew(l, l.Coordinator("a"), ahead)
			wrote(l, time.Minute)
			l.failOver("a")
			l.pass(20 * time.Minute)
			l.is(l.Describe("a"), "Ongoing p1/0 out-0")
			l.pass(2 * time.Minute)
			l.is(l.Describe("a"), "CompleteAbort p1/1")
		}},
		{"so a coordinator whose clock is right aborts at once what began by one that was behind", func(l *lab) {
			skew(l, l.Coordinator("a"), -ahead)
			wrote(l, time.Minute)
			l.failOver("a")
			l.pass(11 * time.Second)
			l.is(l.Describe("a"), "CompleteAbort p1/1")
		}},
		{"a clock that runs fast has its scans early, too", func(l *lab) {
			wrote(l, time.Minute)
			l.SetClock(string(Addr(l.Coordinator("a"))), 0, 10)
			l.pass(8 * time.Second) // 80 s to it
			l.is(l.Describe("a"), "CompleteAbort p1/1")
		}},
		{"records have the time of their leader's clock", func(l *lab) {
			config, _ := newTopicConfig(map[string]string{"message.timestamp.type": "LogAppendTime"})
			l.Partition("out", 0).config = config
			skew(l, l.Leader("out", 0), ahead)
			w := l.PlainWriter()
			l.pass(time.Minute - l.Now())
			w.Write(0, 1)
			if h, _ := recordbatch.ParseHeader(l.Fetch(0, 0, false).RecordBatches); time.UnixMilli(h.MaxTime).UTC().Format("15:04") != "00:21" {
				t.Errorf("the record is of %v", time.UnixMilli(h.MaxTime).UTC())
			}
		}},
		{"retention goes by it", func(l *lab) {
			l.Partition("out", 0).config, _ = newTopicConfig(map[string]string{"retention.ms": "3600000", "message.timestamp.type": "LogAppendTime"})
			l.PlainWriter().Write(0, 1)
			l.pass(10 * time.Minute)
			l.is(l.Marked(0), "0 p1/0")
			skew(l, l.Leader("out", 0), 2*time.Hour)
			l.pass(6 * time.Minute)
			req := kmsg.NewPtrListOffsetsRequest()
			req.ReplicaID = -1
			topic := kmsg.NewListOffsetsRequestTopic()
			topic.Topic = "out"
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Timestamp = protocol.Earliest
			topic.Partitions = append(topic.Partitions, p)
			req.Topics = append(req.Topics, topic)
			if got := l.ask(l.Leader("out", 0), 5, req).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0].Offset; got != 1 {
				t.Errorf("the log begins at %d, and what is older than an hour to its leader is still there", got)
			}
		}},
	})
}
