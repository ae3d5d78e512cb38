package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What readers see, and up to where: a read_committed one nothing from the first open transaction on.
func TestFetch(t *testing.T) {
	tell(t, []story{
		{"the marker of a coordinator that was replaced is refused", func(l *lab) {
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
	})
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
