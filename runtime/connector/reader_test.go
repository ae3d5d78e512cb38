package connector

import (
	"fmt"
	"testing"
	"time"

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
}

func read(t *testing.T, splits ...wire.Split) *reading {
	r := &reading{t: t, env: mailboxtest.New("tm/task"), req: map[int32]uint64{}}
	r.KafkaReader = NewKafkaReader(plan.Operator{Name: "in", Kind: plan.KafkaSource, Topic: "in", OutOfOrder: 5 * time.Millisecond}, "tm/kafka")
	r.Assign(r.env, splits, false)
	return r
}

// does compares what the reader asked for: "1@40" is partition 1 from offset 40 on, "wait 100ms" a timer.
func (r *reading) does(want ...string) {
	r.t.Helper()
	r.env.Tell(r.t, func(effect any) string {
		switch e := effect.(type) {
		case mailboxtest.Mail:
			f := e.M.(wire.KafkaFetch)
			r.req[f.Partition] = f.Req
			return fmt.Sprintf("%d@%d", f.Partition, f.Offset)
		case *mailboxtest.Timer:
			return fmt.Sprint("wait ", e.Wait)
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

// A fetch that fails is tried again after a while. Only records that the broker has deleted are past help.
func TestAFetchThatFails(t *testing.T) {
	r := read(t, wire.Split{Partition: 0, Offset: 5})
	r.does("0@5")
	if mine, err := r.Handle(r.env, wire.KafkaFetched{Req: r.req[0], Err: "NOT_LEADER_OR_FOLLOWER"}); !mine || err != nil {
		t.Fatal(mine, err)
	}
	r.does("wait 100ms")
	for range 2 {
		if mine, err := r.Handle(r.env, refetch{0}); !mine || err != nil {
			t.Fatal(mine, err)
		}
	}
	r.does("0@5") // once: the second time one is under way
	_, err := r.Handle(r.env, wire.KafkaFetched{Req: r.req[0], Err: "OFFSET_OUT_OF_RANGE"})
	if want := "read in-0 from offset 5: the broker does not have that offset any more; restore a newer checkpoint, or keep the topic's records longer than the longest outage"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
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
