package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
)

// What readers see, and up to where: a read_committed one nothing from the first open transaction on.
func TestFetch(t *testing.T) {
	tell(t, []story{
		{"G1 without transactions the LSO is the high watermark", func(l *lab) {
			l.plainWriter().write(0, 3)
			l.is(l.ends(0), "LSO 3 HW 3")
		}},
		{"G2 an open transaction holds back everything behind it", func(l *lab) {
			l.plainWriter().write(0, 1)
			l.writer("a").write(0, 2)
			l.plainWriter().write(0, 1)
			l.is(l.ends(0), "LSO 1 HW 4")
			l.is(l.visible(0), "0")
		}},
		{"G3 also what is committed before it, G4 until it ends", func(l *lab) {
			a, b := l.writer("a"), l.writer("b")
			a.write(0, 1)
			b.write(0, 1)
			b.commit()
			l.pass(time.Second)
			l.is(l.ends(0), "LSO 0 HW 3")
			a.abort()
			l.pass(time.Second)
			l.is(l.ends(0), "LSO 4 HW 4")
			l.is(l.aborted(0, 0), "p1@0")
			l.is(l.visible(0), "1")
		}},
		{"G5 the list has what touches the data that is sent", func(l *lab) {
			w := l.writer("a")
			w.write(0, 2)
			w.write(0, 2)
			w.abort()
			l.pass(time.Second)
			l.plainWriter().write(0, 1)
			l.is(l.log(0), "0-1 p1/0, 2-3 p1/0, 4 abort p1/1, 5 p2/0")
			l.is(l.aborted(0, 3), "p1@0")
			l.is(l.aborted(0, 5), "")
		}},
		{"G6 the list is in the order of the markers", func(l *lab) {
			a, b := l.writer("a"), l.writer("b")
			a.write(0, 1)
			b.write(0, 1)
			b.abort()
			l.pass(time.Second)
			a.abort()
			l.pass(time.Second)
			l.is(l.aborted(0, 0), "p2@1 p1@0")
			l.is(l.visible(0), "")
		}},
		{"G7 a read_uncommitted reader sees it all, and gets no list", func(l *lab) {
			a, b := l.writer("a"), l.writer("b")
			a.write(0, 1)
			a.abort()
			b.write(0, 1)
			p := l.fetch(0, 0, false)
			l.is(l.offsets(0, p, false), "0 2")
			l.is(fmt.Sprint(p.AbortedTransactions == nil), "true")
		}},
		{"G8 the latest offset depends on who asks", func(l *lab) {
			l.plainWriter().write(0, 2)
			l.writer("a").write(0, 1)
			l.is(l.offset(0, latest, true)+", "+l.offset(0, latest, false), "2, 3")
			l.is(l.offset(0, earliest, true), "0")
		}},
		{"G9 markers have offsets", func(l *lab) {
			w := l.writer("a")
			w.write(0, 2)
			w.commit()
			w = w.follow()
			w.write(0, 2)
			w.abort()
			w = w.follow()
			w.write(0, 1)
			w.commit()
			l.pass(time.Second)
			l.is(l.log(0), "0-1 p1/0, 2 commit p1/1, 3-4 p1/1, 5 abort p1/2, 6 p1/2, 7 commit p1/3")
			l.is(l.visible(0), "0 1 6")
		}},
		{"G10 records can be deleted within an open transaction", func(l *lab) {
			w := l.writer("a")
			w.write(0, 4)
			l.is(l.deleteRecords(0, 2), "NONE low 2")
			p := l.fetch(0, 2, true)
			l.is(fmt.Sprintf("start %d LSO %d HW %d", p.LogStartOffset, p.LastStableOffset, p.HighWatermark), "start 2 LSO 2 HW 4")
			l.is(name(l.fetch(0, 1, true).ErrorCode), "OFFSET_OUT_OF_RANGE")
			l.is(l.deleteRecords(0, 5), "OFFSET_OUT_OF_RANGE")
			l.is(l.deleteRecords(0, -1), "NONE low 4")
			w.commit()
			l.pass(time.Second)
			p = l.fetch(0, 4, true)
			l.is(fmt.Sprintf("start %d LSO %d HW %d", p.LogStartOffset, p.LastStableOffset, p.HighWatermark), "start 4 LSO 5 HW 5")
		}},
		{"G11 readers see the order of the log, not of the commits", func(l *lab) {
			a, b := l.writer("a"), l.writer("b")
			a.write(0, 1)
			b.write(0, 1)
			a.write(0, 1)
			b.commit()
			a.commit()
			l.pass(time.Second)
			l.is(l.visible(0), "0 1 2")
		}},
		{"G12 a marker by hand ends a transaction", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.is(l.endHanging(w, 0), "NONE")
			l.is(l.ends(0), "LSO 2 HW 2")
		}},
		{"G13 with an old epoch it does not", func(l *lab) {
			l.writer("a")
			w := l.writer("a")
			w.write(0, 1)
			l.is(l.endHanging(w.as(0), 0), "INVALID_PRODUCER_EPOCH")
			l.is(l.log(0), "0 p1/1")
		}},
		{"G14 nor does the marker of a coordinator that was replaced", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.failOver("a")
			w.commit()
			w = w.follow()
			w.write(0, 1)
			l.is(l.endHanging(w, 0), "TRANSACTION_COORDINATOR_FENCED")
			l.is(l.endHanging(w, 1), "NONE")
		}},
		{"a coordinator that is fenced gives up, and leaves the decision to the next one", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.is(l.endHanging(w, 1), "NONE") // as if by a later one
			w.commit()
			l.pass(time.Minute)
			l.is(l.describe("a"), "PrepareCommit p1/1 out-0")
			l.failOver("a")
			l.is(l.describe("a"), "CompleteCommit p1/1")
			l.is(l.log(0), "0 p1/0, 1 abort p1/0, 2 commit p1/1")
		}},
		{"a commit after an abort in one answer is seen", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			w.abort()
			w = w.follow()
			w.write(0, 1)
			w.commit()
			l.pass(time.Second)
			l.is(l.visible(0), "2")
			l.is(l.visible(0), l.offsets(0, l.fetch(0, 2, true), true))
		}},
		{"nothing is read before it is on every replica", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}})
			w := l.plainWriter()
			sent := l.sendProduce(l.Leader("out", 0), 12, nil, w.to(0, 0, 1))
			l.pass(500 * time.Millisecond)
			l.is(l.ends(0), "LSO 0 HW 0")
			l.is(l.produced(sent), "NONE at 0")
			l.is(l.ends(0), "LSO 1 HW 1")
		}},
		{"nor is a commit, before its marker is", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}, MarkerGap: Delay{0, 1}})
			w, other := l.writer("a"), l.plainWriter()
			w.write(0, 1)
			l.sendProduce(l.Leader("out", 0), 12, nil, other.to(0, 0, 1))
			l.pass(500 * time.Millisecond)
			w.commit()
			l.pass(700 * time.Millisecond) // the marker is at offset 2, and the other's record on every replica
			l.is(l.ends(0), "LSO 0 HW 2")
			l.pass(time.Second)
			l.is(l.ends(0), "LSO 3 HW 3")
		}},
		{"a fetch waits for records", func(l *lab) {
			asked := l.sendFetch(0, 0, true, 5*time.Second)
			l.pass(time.Second)
			l.is(fmt.Sprint(l.heard[asked] == nil), "true")
			l.plainWriter().write(0, 1)
			l.is(l.read(asked), "0")
			l.plainWriter().write(0, 1) // is not for this fetch any more
		}},
		{"and for the marker, if it is read_committed", func(l *lab) {
			w := l.writer("a")
			asked := l.sendFetch(0, 0, true, 5*time.Second)
			w.write(0, 1)
			l.is(fmt.Sprint(l.heard[asked] == nil), "true")
			w.commit()
			l.is(l.read(asked), "0")
		}},
		{"but not for ever", func(l *lab) {
			from := l.Now()
			l.is(l.read(l.sendFetch(0, 0, true, 5*time.Second)), "")
			l.is((l.Now() - from).String(), "5s")
		}},
		{"and not on a leader that was replaced", func(l *lab) {
			asked := l.sendFetch(0, 0, true, 5*time.Second)
			l.pass(time.Second)
			l.MoveLeader("out", 0, (l.Leader("out", 0)+1)%3)
			l.is(l.read(asked), "NOT_LEADER_OR_FOLLOWER")
			l.is(l.Now().Truncate(time.Millisecond).String(), "1s")
		}},
		{"beyond the end of the log there is nothing to wait for", func(l *lab) {
			l.is(l.read(l.sendFetch(0, 1, true, 5*time.Second)), "OFFSET_OUT_OF_RANGE")
		}},
		{"a time finds the first record not older", func(l *lab) {
			at := time.UnixMilli(0)
			for range 3 {
				at = at.Add(time.Second)
				l.Partition("out", 0).AppendInput(l.Now(), record.Record{Time: record.EventTime(at.UnixMilli())})
			}
			l.is(l.offset(0, 0, true), "0")
			l.is(l.offset(0, 1001, true), "1")
			l.is(l.offset(0, 3000, true), "2")
			l.is(l.offset(0, 3001, true), "-1")
		}},
	})
}

// offset asks for an offset by its time.
func (l *lab) offset(partition int32, at int64, committed bool) string {
	req := kmsg.NewPtrListOffsetsRequest()
	if committed {
		req.IsolationLevel = 1
	}
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = "out"
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Partition, p.Timestamp = partition, at
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	resp, ok := l.ask(l.Leader("out", int(partition)), 6, req).(*kmsg.ListOffsetsResponse)
	if !ok {
		return silence
	}
	out := resp.Topics[0].Partitions[0]
	if out.ErrorCode != none {
		return name(out.ErrorCode)
	}
	return fmt.Sprint(out.Offset)
}

func (l *lab) deleteRecords(partition int32, before int64) string {
	req := kmsg.NewPtrDeleteRecordsRequest()
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = "out"
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = partition, before
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	resp, ok := l.ask(l.Leader("out", int(partition)), 2, req).(*kmsg.DeleteRecordsResponse)
	if !ok {
		return silence
	}
	out := resp.Topics[0].Partitions[0]
	if out.ErrorCode != none {
		return name(out.ErrorCode)
	}
	return fmt.Sprintf("NONE low %d", out.LowWatermark)
}

// read is the answer to a fetch that was sent before: the offsets, or the error.
func (l *lab) read(asked uint64) string {
	l.t.Helper()
	resp, ok := l.answer(asked).(*kmsg.FetchResponse)
	if !ok {
		return silence
	}
	p := &resp.Topics[0].Partitions[0]
	if p.ErrorCode != none {
		return name(p.ErrorCode)
	}
	return l.offsets(p.Partition, p, true)
}
