package conformance

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// What ListOffsets takes for a time. What is local and what is in tiered storage differs where there is such a storage.
const (
	latest           int64 = -1
	earliest         int64 = -2
	newest           int64 = -3
	earliestLocal    int64 = -4
	latestTiered     int64 = -5
	earliestUploaded int64 = -6
)

// Offsets are found by time, and by what is no time.
var listOffsets = []Case{
	{"G20", "a time finds the first record not older", 0, func(l *Lab) {
		from := l.Now().UnixMilli()
		for _, after := range []int64{1000, 2000, 3000} {
			l.timed(from, after)
		}
		said := l.Offset(0, 0, true)
		for _, after := range []int64{1000, 1001, 3000, 3001} {
			said += ", " + l.Offset(0, from+after, true)
		}
		l.Is(said, "0, 0, 1, 2, -1")
	}},
	{"G26", "an empty log begins and ends at 0, and has no newest record", 0, func(l *Lab) {
		l.Is(l.Listed(0, latest, false)+", "+l.Listed(0, earliest, false), "0 at -1, 0 at -1")
		l.Is(l.Listed(0, newest, false)+", "+l.Listed(0, 0, false), "-1 at -1, -1 at -1")
	}},
	{"G27", "records need not be in the order of their times", 0, func(l *Lab) {
		from := l.Now().UnixMilli()
		l.timed(from, 1000, 3000, 2000)
		said := l.listedSince(from, from) + ", " + l.listedSince(from, from+1500) + ", " + l.listedSince(from, from+3000)
		l.Is(said+", "+l.Listed(0, from+3001, false), "0 at 1000, 1 at 3000, 1 at 3000, -1 at -1")
		l.Is(l.listedSince(from, newest)+", "+l.Listed(0, latest, false), "1 at 3000, 3 at -1")
	}},
	{"G28", "one that was deleted is not found", 0, func(l *Lab) {
		from := l.Now().UnixMilli()
		l.timed(from, 1000, 3000, 2000)
		l.Is(l.DeleteRecords(0, 2), "NONE low 2")
		l.Is(l.listedSince(from, from)+", "+l.Listed(0, earliest, false), "2 at 2000, 2 at -1")
	}},
	{"G29", "for a read_committed reader the log ends where a transaction is open", 0, func(l *Lab) {
		from, w := l.Now().UnixMilli(), l.Producer("a")
		w.Write(0, 2)
		l.Is(l.Listed(0, latest, false)+", "+l.Listed(0, latest, true), "2 at -1, 0 at -1")
		l.Is(l.listed(listVersion, out, 0, from, false, -1)+", "+l.Listed(0, from, true)+", "+l.Listed(0, newest, true), "0, -1 at -1, -1 at -1")
		w.Commit()
		l.Settle("a")
		l.Is(l.Listed(0, latest, true)+", "+l.listed(listVersion, out, 0, from, true, -1), "3 at -1, 0")
	}},
	{"G30", "a marker has a time, too", 0, func(l *Lab) {
		w := l.Producer("a")
		w.Write(0, 2)
		wrote := l.Now().UnixMilli()
		l.Pass(pollEvery)
		w.Commit()
		l.Settle("a")
		l.Is(l.listed(listVersion, out, 0, newest, true, -1)+", "+l.listed(listVersion, out, 0, wrote+1, true, -1), "2, 2")
	}},
	{"G31", "the newest record is asked for since version 7", 0, func(l *Lab) {
		l.Is(l.listed(6, out, 0, newest, false, -1)+", "+l.listed(7, out, 0, newest, false, -1), "UNSUPPORTED_VERSION, -1")
	}},
	{"G32", "so is what is in a tiered storage, where there is one, since version 8, 9 and 11", 0, func(l *Lab) {
		for _, each := range []struct {
			at    int64
			since int16
			says  string
		}{{earliestLocal, 8, "0"}, {latestTiered, 9, "-1"}, {earliestUploaded, 11, "-1"}} {
			l.Is(l.listed(each.since-1, out, 0, each.at, false, -1), "UNSUPPORTED_VERSION")
			l.Is(l.listed(each.since, out, 0, each.at, false, -1), each.says)
		}
		l.Is(l.listed(11, out, 0, -7, false, -1), "UNSUPPORTED_VERSION")
	}},
	{"G33", "who believes in another leader epoch is told so", Brokers | Moves, func(l *Lab) {
		l.PlainWriter().Write(0, 1)
		l.moveLeader(0)
		var epoch int32
		l.Comes(Patience, "1", func() string {
			epoch = l.epochOf(0)
			return l.listed(listVersion, out, 0, latest, false, epoch)
		})
		l.Is(l.listed(listVersion, out, 0, latest, false, epoch-1)+", "+l.listed(listVersion, out, 0, latest, false, epoch+1),
			"FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH")
		if p := l.offsetAt(listVersion, out, 0, earliest, false, -1); p == nil || p.LeaderEpoch >= epoch {
			l.Stop("the first record is told as %+v, and was written before epoch %d", p, epoch)
		}
	}},
}

// timed appends a batch of records with these times, in milliseconds after from.
func (l *Lab) timed(from int64, after ...int64) {
	var b recordbatch.Builder
	for _, ms := range after {
		b.Add(&record.Record{Key: []byte("k"), Count: 1, Time: record.EventTime(from + ms)}, true)
	}
	l.Produce(12, "", Load{0, b.Seal(0, -1, -1, -1)})
}

// A version of the request that knows the newest record, and one that any cluster has.
const (
	listVersion    int16 = 7
	oldListVersion int16 = 6
)

// Offset asks for an offset of the topic out by its time.
func (l *Lab) Offset(partition int32, at int64, committed bool) string {
	return l.OffsetOf(out, partition, at, committed)
}

// OffsetOf asks for an offset by its time.
func (l *Lab) OffsetOf(topic string, partition int32, at int64, committed bool) string {
	return l.listed(oldListVersion, topic, partition, at, committed, -1)
}

// Listed asks for an offset of the topic out with the time of its record, -1 for none: "0 at 1000".
func (l *Lab) Listed(partition int32, at int64, committed bool) string {
	return written(l.offsetAt(listVersion, out, partition, at, committed, -1), 0)
}

// listedSince is Listed of the first partition, with times after from.
func (l *Lab) listedSince(from, at int64) string {
	return written(l.offsetAt(listVersion, out, 0, at, false, -1), from)
}

func written(p *kmsg.ListOffsetsResponseTopicPartition, from int64) string {
	switch {
	case p == nil:
		return Silence
	case p.ErrorCode != 0:
		return Name(p.ErrorCode)
	}
	return fmt.Sprintf("%d at %d", p.Offset, p.Timestamp-from)
}

// listed is the offset alone.
func (l *Lab) listed(version int16, topic string, partition int32, at int64, committed bool, epoch int32) string {
	said, _, _ := strings.Cut(written(l.offsetAt(version, topic, partition, at, committed, epoch), 0), " at ")
	return said
}

// offsetAt asks the leader for an offset, in the epoch that the asker believes in; nil is no answer.
func (l *Lab) offsetAt(version int16, topic string, partition int32, at int64, committed bool, epoch int32) *kmsg.ListOffsetsResponseTopicPartition {
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID, req.TimeoutMillis = -1, int32(Patience.Milliseconds())
	if committed {
		req.IsolationLevel = 1
	}
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = l.topic(topic)
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Partition, p.Timestamp, p.CurrentLeaderEpoch = partition, at, epoch
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	resp, ok := l.Ask(l.Leads(topic, partition), version, req).(*kmsg.ListOffsetsResponse)
	if !ok {
		return nil
	}
	return &resp.Topics[0].Partitions[0]
}
