package connector

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// reading is a reader of the topic "in", whose broker the test plays.
type reading struct {
	*KafkaReader
	t   *testing.T
	env *mailboxtest.Env
	req map[int32]uint64 // of the last fetch from each partition

	question uint64             // the last other request
	timer    *mailboxtest.Timer // the last one that was set
}

func read(t *testing.T, splits ...wire.Split) *reading {
	return readAs(t, plan.ReadUncommitted, splits...)
}

func readAs(t *testing.T, isolation string, splits ...wire.Split) *reading {
	r := &reading{t: t, env: mailboxtest.New("tm/task"), req: map[int32]uint64{}}
	r.KafkaReader = NewKafkaReader(plan.Operator{Name: "in", Kind: plan.KafkaSource, Topic: "in", OutOfOrder: 5 * time.Millisecond, Isolation: isolation},
		Subtask{Attempt: id.Attempt{Vertex: "in"}}, "tm/kafka")
	r.Assign(r.env, splits, false)
	return r
}

// does compares what the reader asked for: "1@40" is partition 1 from offset 40 on, "ends" where the topic begins and
// ends, "holder of 1" who holds its last stable offset, "wait 100ms" a timer. A note is told by its kind.
func (r *reading) does(want ...string) {
	r.t.Helper()
	r.env.Tell(r.t, func(effect any) string {
		switch e := effect.(type) {
		case mailboxtest.Mail:
			switch m := e.M.(type) {
			case wire.KafkaFetch:
				r.req[m.Partition] = m.Req
				return fmt.Sprintf("%d@%d", m.Partition, m.Offset)
			case wire.KafkaPartitions:
				r.question = m.Req
				return "ends"
			case wire.KafkaFindHolder:
				r.question = m.Req
				return fmt.Sprintf("holder of %d", m.Partition)
			}
		case *mailboxtest.Timer:
			r.timer = e
			return fmt.Sprint("wait ", e.Wait)
		case history.SourceStalled:
			return fmt.Sprintf("%s at %s-%d: %d of %d, %s (%d/%d) %s", e.Kind(), e.Topic, e.Partition, e.Stable, e.HighWatermark, e.Transaction, e.ProducerID, e.Epoch, e.State)
		}
		return ""
	}, want...)
}

// fetched answers the last fetch from a partition with the records at some offsets, each at the time that its
// offset says, and the position after them.
func (r *reading) fetched(partition int32, next int64, offsets ...int64) {
	r.t.Helper()
	answer := wire.KafkaFetched{Req: r.req[partition], Partition: partition, Next: next}
	for _, o := range offsets {
		answer.Records.Append(record.Record{Count: 1, Time: record.EventTime(o), Origin: record.Origin{Partition: partition, Offset: o}})
	}
	if mine, err := r.Handle(r.env, answer); !mine || err != nil {
		r.t.Fatalf("the answer is the reader's: %v, %v", mine, err)
	}
}

// emits hands out up to n records, and says where the source stands after that.
func (r *reading) emits(n int, want, stands string) {
	r.t.Helper()
	var got []record.Origin
	count := r.Emit(r.env, n, func(rec record.Record) { got = append(got, rec.Origin) })
	if fmt.Sprint(got) != want || count != len(got) {
		r.t.Errorf("it handed out %d records, %v, want %s", count, got, want)
	}
	var at []string
	for _, s := range r.Splits() {
		at = append(at, fmt.Sprintf("%d@%d", s.Partition, s.Offset))
	}
	if fmt.Sprint(at) != stands {
		r.t.Errorf("it stands at %v, want %s", at, stands)
	}
}

// A reader goes on at the offsets in its splits, and fetches one batch ahead. Where it stands is the next record to
// hand out, not the next to fetch: that is what a checkpoint may count on.
func TestAReaderStandsWhereItsRecordsAre(t *testing.T) {
	r := read(t, wire.Split{Partition: 2, Offset: 7}, wire.Split{Partition: 0, Offset: 40})
	r.does("2@7", "0@40")
	r.fetched(0, 43, 40, 41, 42)
	r.does("0@43")
	r.fetched(0, 44, 43)
	r.does() // two batches wait: no more
	if !r.Ready() {
		t.Error("there are records to hand out")
	}
	r.emits(2, "[0@40 0@41]", "[0@42 2@7]")
	r.emits(9, "[0@42 0@43]", "[0@44 2@7]")
	r.does("0@44")
	r.emits(9, "[]", "[0@44 2@7]")
	if r.Ready() || r.Done() {
		t.Error("it has nothing now, but a topic has no end")
	}
}

// Control records and aborted data take offsets and are never seen: the position after a batch decides, and one
// may move without any record; but never past records that still wait.
func TestOffsetsHaveHoles(t *testing.T) {
	r := read(t, wire.Split{Partition: 0, Offset: 5})
	r.does("0@5")
	r.fetched(0, 9) // nothing but aborted data
	r.emits(9, "[]", "[0@9]")
	r.does("0@9")
	r.fetched(0, 13, 10, 11) // a marker at 12
	r.does("0@13")
	r.fetched(0, 20)
	r.emits(1, "[0@10]", "[0@11]")
	r.emits(1, "[0@11]", "[0@20]")
}

// What was assigned once is not read twice, whoever says it again; and an answer counts only for the last fetch.
func TestRepetitionsAreIgnored(t *testing.T) {
	r := read(t, wire.Split{Partition: 0, Offset: 5})
	r.does("0@5")
	r.Assign(r.env, []wire.Split{{Partition: 0, Offset: 0}}, false)
	r.does()
	r.fetched(0, 6, 5)
	r.req[0]-- // the same answer again
	r.does("0@6")
	r.req[0]--
	r.fetched(0, 6, 5)
	r.fetched(7, 1, 0) // a partition that is not ours
	r.emits(9, "[0@5]", "[0@6]")
}

// A fetch that fails is tried again after a while.
func TestAFetchThatFails(t *testing.T) {
	r := read(t, wire.Split{Partition: 0, Offset: 5})
	r.does("0@5")
	r.fails("NOT_LEADER_OR_FOLLOWER")
	r.does("wait 100ms")
	for range 2 {
		r.handles(refetch{0})
	}
	r.does("0@5") // once: the second time one is under way
}

// handles gives the reader something that is not a batch of records.
func (r *reading) handles(m mailbox.Msg) {
	r.t.Helper()
	if mine, err := r.Handle(r.env, m); !mine || err != nil {
		r.t.Fatalf("%s is the reader's: %v, %v", m.Word(), mine, err)
	}
}

func (r *reading) fails(answer string) {
	r.t.Helper()
	r.handles(wire.KafkaFetched{Req: r.req[0], Next: 5, Err: answer})
}

// An offset that is not there is nothing to be silent about. Retention has deleted it, or the broker has lost what was
// read from it, or the topic is another one now: the task fails and says which, whatever auto.offset.reset is.
func TestAnOffsetThatIsNotThere(t *testing.T) {
	for _, c := range []struct {
		what             string
		earliest, latest []int64
		want             string
	}{
		{"retention", []int64{40}, []int64{90}, "read in-0 from offset 5: the broker has nothing before offset 40 any more, so that 35 offsets are lost; " +
			"restore a newer checkpoint, or keep the topic's records longer than the longest outage"},
		{"truncation", []int64{0}, []int64{3}, "read in-0 from offset 5: the partition ends at offset 3, so that the broker has lost what was read from it before, by an " +
			"unclean election, or the topic was made anew; restore a checkpoint from before that, if what is there now is to be read"},
		{"another topic", nil, nil, "read in-0 from offset 5: the topic has 0 partitions by now; it was made anew, and the job's offsets are of the one before: " +
			"start the job without its state"},
	} {
		r := read(t, wire.Split{Partition: 0, Offset: 5})
		r.does("0@5")
		r.fails("OFFSET_OUT_OF_RANGE")
		r.does("ends")
		_, err := r.Handle(r.env, wire.KafkaPartitionsAre{Req: r.question, Topic: "in", Earliest: c.earliest, Latest: c.latest})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got  %v\nwant %s", c.what, err, c.want)
		}
	}
}

// A new leader may not have caught up when it is asked: then the offset is there after all.
func TestAnOffsetThatIsThereAfterAll(t *testing.T) {
	r := read(t, wire.Split{Partition: 0, Offset: 5})
	r.does("0@5")
	r.fails("OFFSET_OUT_OF_RANGE")
	r.does("ends")
	r.handles(refetch{0}) // of an earlier failure: not now
	r.does()
	r.handles(wire.KafkaPartitionsAre{Req: r.question, Topic: "in", Earliest: []int64{0}, Latest: []int64{5}})
	r.does("wait 100ms")
	r.handles(refetch{0})
	r.does("0@5")
	r.fails("OFFSET_OUT_OF_RANGE")
	r.does("ends")
	r.handles(wire.KafkaPartitionsAre{Req: r.question, Topic: "in", Err: "TIMED_OUT"})
	r.does("wait 100ms") // nobody could say; the fetch will
}

// stands answers the last fetch from partition 0 with nothing: the last stable offset is where the reader stands, and the
// high watermark ahead of it.
func (r *reading) stands(stable, high int64) {
	r.t.Helper()
	r.handles(wire.KafkaFetched{Req: r.req[0], Next: stable, Latest: stable, HighWatermark: high})
}

// Somebody's transaction is open where the reader stands. That is usual for a while; after a minute it is noted whose it
// is, once, for as long as the reader stands there.
func TestAReaderThatWaitsForATransaction(t *testing.T) {
	r := readAs(t, plan.ReadCommitted, wire.Split{Partition: 0, Offset: 7})
	r.does("0@7")
	r.stands(7, 9)
	r.does("wait 1m0s", "0@7")
	r.stands(7, 30)
	r.does("0@7")
	r.handles(r.timer.M)
	r.does("holder of 0")
	r.handles(wire.KafkaHolderIs{Req: r.question, Topic: "in", ProducerID: 4001, Epoch: 3, First: 7, TransactionalID: "upstream-1", State: "CompleteAbort"})
	r.does("source.stalled at in-0: 7 of 30, upstream-1 (4001/3) CompleteAbort")
	r.stands(7, 31)
	r.does("0@7") // it is known
}

// Any progress ends the wait, and the next transaction has a minute of its own. A partition whose end is reached, and a
// reader of uncommitted records, wait for nobody.
func TestAReaderThatGoesOn(t *testing.T) {
	r := readAs(t, plan.ReadCommitted, wire.Split{Partition: 0, Offset: 7})
	r.does("0@7")
	r.stands(7, 9)
	r.does("wait 1m0s", "0@7")
	first := r.timer
	r.handles(wire.KafkaFetched{Req: r.req[0], Next: 9, Latest: 9, HighWatermark: 12}) // it was aborted; another one follows
	r.does("0@9")
	if !first.Stopped {
		t.Error("the timer of the first transaction still runs")
	}
	r.stands(9, 12)
	r.does("wait 1m0s", "0@9")
	r.handles(first.M) // it had fired before it was stopped
	r.does()
	r.handles(r.timer.M)
	r.does("holder of 0")
	r.handles(wire.KafkaFetched{Req: r.req[0], Next: 12, Latest: 12, HighWatermark: 12})
	r.does("0@12")
	r.handles(wire.KafkaHolderIs{Req: r.question, Topic: "in", ProducerID: 4001}) // too late to matter
	r.does()
	r.stands(12, 12)
	r.does("0@12")

	r = readAs(t, plan.ReadUncommitted, wire.Split{Partition: 0, Offset: 7})
	r.does("0@7")
	r.handles(wire.KafkaFetched{Req: r.req[0], Next: 7, Latest: 7, HighWatermark: 9})
	r.does("0@7")
}

// Brokers that do not answer, or say that it is nobody's, are asked again a minute later.
func TestAHolderWhoIsNotFound(t *testing.T) {
	r := readAs(t, plan.ReadCommitted, wire.Split{Partition: 0, Offset: 7})
	r.does("0@7")
	r.stands(7, 9)
	r.does("wait 1m0s", "0@7")
	for _, answer := range []wire.KafkaHolderIs{{ProducerID: -1, Err: "TIMED_OUT"}, {ProducerID: -1}} {
		r.handles(r.timer.M)
		r.does("holder of 0")
		answer.Req = r.question
		r.handles(answer)
		r.does("wait 1m0s")
	}
}

// The watermark is behind the slowest partition by the bound on disorder, and one millisecond more: a record at
// that very time may still come. A partition that has brought nothing holds it back.
func TestTheWatermarkOfASource(t *testing.T) {
	r := read(t)
	if w := r.Watermark(); w != record.MinTime {
		t.Errorf("without partitions it is %d", w)
	}
	r = read(t, wire.Split{Partition: 0}, wire.Split{Partition: 1})
	r.does("0@0", "1@0")
	r.fetched(0, 201, 100, 200)
	r.emits(1, "[0@100]", "[0@101 1@0]")
	if w := r.Watermark(); w != record.MinTime {
		t.Errorf("with a partition that has brought nothing it is %d", w)
	}
	r.fetched(1, 51, 50)
	r.emits(9, "[1@50 0@200]", "[0@201 1@51]") // the turn is the second partition's
	if w := r.Watermark(); w != 44 {
		t.Errorf("behind the records at 200 and 50 it is %d, want 44", w)
	}
}
