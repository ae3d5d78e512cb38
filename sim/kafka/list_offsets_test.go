package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
)

// Offsets are found by time, and by what is no time. (Answers are those of Apache Kafka 4.4 to the same requests.)
func TestListOffsets(t *testing.T) {
	timed := func(l *lab) {
		l.Partition("out", 0).AppendInput(l.Now(), record.Record{Key: []byte("k"), Time: 1000}, record.Record{Key: []byte("k"), Time: 3000},
			record.Record{Key: []byte("k"), Time: 2000})
	}
	tell(t, []story{
		{"an empty log begins and ends at 0, and has no time", func(l *lab) {
			l.is(l.listAt(0, latest, false)+", "+l.listAt(0, earliest, false)+", "+l.listAt(0, earliestLocal, false), "0 at -1, 0 at -1, 0 at -1")
			l.is(l.listAt(0, maxTimestamp, false)+", "+l.listAt(0, 0, false), "-1 at -1, -1 at -1")
			l.is(l.listAt(0, latestTiered, false)+", "+l.listAt(0, earliestUploaded, false)+", "+l.listAt(0, -7, false), "-1 at -1, -1 at -1, UNSUPPORTED_VERSION")
		}},
		{"a time is that of the first record that is not older", func(l *lab) {
			timed(l)
			l.is(l.listAt(0, 0, false)+", "+l.listAt(0, 1500, false)+", "+l.listAt(0, 3000, false)+", "+l.listAt(0, 3001, false),
				"0 at 1000, 1 at 3000, 1 at 3000, -1 at -1")
			l.is(l.listAt(0, maxTimestamp, false)+", "+l.listAt(0, latest, false), "1 at 3000, 3 at -1")
		}},
		{"a record that was deleted is not found", func(l *lab) {
			timed(l)
			l.Partition("out", 0).deleteRecords(2, l.Now())
			l.is(l.listAt(0, 0, false)+", "+l.listAt(0, earliest, false), "2 at 2000, 2 at -1")
		}},
		{"for a read_committed reader the log ends where a transaction is open", func(l *lab) {
			w := l.writer("a")
			w.write(0, 2)
			l.is(l.listAt(0, latest, false)+", "+l.listAt(0, latest, true), "2 at -1, 0 at -1")
			l.is(l.listAt(0, 0, false)+", "+l.listAt(0, 0, true)+", "+l.listAt(0, maxTimestamp, true), "0 at 0, -1 at -1, -1 at -1")
			w.commit()
			l.pass(time.Second)
			l.is(l.listAt(0, latest, true)+", "+l.listAt(0, 0, true), "3 at -1, 0 at 0")
		}},
		{"a marker has a time, too", func(l *lab) {
			w := l.writer("a")
			w.write(0, 2)
			w.commit()
			l.pass(time.Second)
			l.is(l.listAt(0, maxTimestamp, false)[:5]+", "+l.listAt(0, 1, true)[:5], "2 at , 2 at ")
		}},
		{"the latest time is asked for from version 7 on", func(l *lab) {
			l.is(name(l.listOffsets(6, "out", maxTimestamp, false, -1).ErrorCode), "UNSUPPORTED_VERSION")
		}},
		{"who believes in another leader epoch is told so", func(l *lab) {
			l.MoveLeader("out", 0, 1)
			l.plainWriter().write(0, 1)
			l.is(name(l.listOffsets(10, "out", latest, false, 0).ErrorCode)+", "+name(l.listOffsets(10, "out", latest, false, 2).ErrorCode),
				"FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH")
			l.is(fmt.Sprint(l.listOffsets(10, "out", latest, false, 1).LeaderEpoch), "1")
		}},
		{"an unknown topic has no offsets", func(l *lab) {
			l.is(name(l.listOffsets(10, "none", latest, false, -1).ErrorCode), "UNKNOWN_TOPIC_OR_PARTITION")
		}},
	})
}

func (l *lab) listAt(partition int32, timestamp int64, committed bool) string {
	p := l.listOffsets(11, "out", timestamp, committed, -1)
	if p.ErrorCode != none {
		return name(p.ErrorCode)
	}
	return fmt.Sprintf("%d at %d", p.Offset, p.Timestamp)
}

func (l *lab) listOffsets(version int16, topic string, timestamp int64, committed bool, epoch int32) kmsg.ListOffsetsResponseTopicPartition {
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	if committed {
		req.IsolationLevel = 1
	}
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Timestamp, p.CurrentLeaderEpoch = timestamp, epoch
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return l.ask(max(l.Leader(topic, 0), 0), version, req).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
}
