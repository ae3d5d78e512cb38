package client

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// A reader stands at the end of what is decided. It hears of a commit when it happens; of an abort it learns that
// there is nothing to read up to a further offset.
func TestAFetchWaitsForTheEndOfATransaction(t *testing.T) {
	for commit, want := range map[bool]string{true: "fetched [0 1] next 3 of 3", false: "fetched [] next 3 of 3"} {
		l := newLab(t, kafka.Config{})
		sink, source := l.app("sink", Config{}), l.app("source", Config{})
		sink.open("a")
		sink.write("a", "x", "x")
		sink.flush("a")
		l.pass(time.Second)
		source.fetch(0, 0)
		source.hears(time.Second, "fetched [] next 0 of 0")
		source.fetch(0, 10*time.Second)
		source.hears(5 * time.Second)
		sink.end("a", 1, 0, commit)
		source.hears(20*time.Millisecond, want)
		source.fetch(3, time.Second)
		source.hears(900 * time.Millisecond)
		source.hears(time.Second, "fetched [] next 3 of 3")
	}
}

// A fetch has a limit; one batch is always returned, or the reader would never come past it.
func TestAFetchReturnsABatchAtLeast(t *testing.T) {
	l := newLab(t, kafka.Config{})
	source, w := l.app("source", Config{}), l.PlainWriter()
	w.Write(0, 2)
	w.Write(0, 1)
	source.say(wire.KafkaFetch{Topic: "out", MaxBytes: 1})
	source.hears(time.Second, "fetched [0 1] next 2 of 3")
	source.say(wire.KafkaFetch{Topic: "out", Offset: 2, MaxBytes: 1})
	source.hears(time.Second, "fetched [2] next 3 of 3")
}

func TestATopicHasPartitionsWithEnds(t *testing.T) {
	l := newLab(t, kafka.Config{})
	source := l.app("source", Config{})
	l.PlainWriter().Write(1, 3)
	l.DeleteRecords(1, 1)
	source.say(wire.KafkaPartitions{Topic: "out"})
	source.hears(time.Second, "out from [0 1] to [0 3]")
	source.say(wire.KafkaPartitions{Topic: "none"})
	source.hears(time.Second, "none from [] to [] UNKNOWN_TOPIC_OR_PARTITION")
	l.CreateTopic("in", 1)
	l.CreateTopic("more", 1)
	source.say(wire.KafkaPartitions{Topic: "in"})
	source.say(wire.KafkaPartitions{Topic: "more"}) // while the leaders of the other are asked for
	source.hears(time.Second, "in from [0] to [0]", "more from [0] to [0]")
	l.Kill("kafka-1")
	source.say(wire.KafkaPartitions{Topic: "out"})
	source.hears(5 * time.Second)
	l.FailOver(1)
	source.hears(5*time.Second, "out from [0 1] to [0 3]")
}

// To a reader a leader that is away looks like a partition to which nobody writes.
func TestAFetchOutlivesItsLeader(t *testing.T) {
	l := newLab(t, kafka.Config{})
	source := l.app("source", Config{})
	l.PlainWriter().Write(0, 2)
	source.fetch(0, time.Second)
	source.hears(time.Second, "fetched [0 1] next 2 of 2")
	source.fetch(1, time.Second)
	source.hears(time.Second, "fetched [1] next 2 of 2")
	l.is(fmt.Sprint(l.Partition("out", 0).Position()), "1")
	source.fetch(2, 3*time.Second)
	l.pass(time.Second)
	l.Kill("kafka-0")
	source.hears(3*time.Second, "fetched [] next 2 of 0")
	l.FailOver(0)
	source.fetch(2, 5*time.Second)
	l.pass(time.Second)
	l.Partition("out", 0).AppendInput(l.Now(), record.Record{})
	source.hears(time.Second, "fetched [2] next 3 of 3")
	source.fetch(9, time.Second)
	source.hears(time.Second, "fetched [] next 9 of 3 OFFSET_OUT_OF_RANGE")
}

// A process dies while it waits for records, and comes back. The answer to what its former life had asked is not
// taken for that to its first question.
func TestAnAnswerToAFormerLifeIsIgnored(t *testing.T) {
	l := newLab(t, kafka.Config{})
	source := l.app("source", Config{})
	source.fetch(0, 10*time.Second)
	source.hears(time.Second)
	l.Kill("source")
	l.Restart("source")
	l.pass(0)
	source.say(wire.KafkaFetch{Topic: "out", Partition: 1, MaxBytes: 1 << 20, MaxWait: 5 * time.Second})
	source.hears(time.Second)
	l.PlainWriter().Write(0, 2)
	source.hears(3 * time.Second)
	source.hears(2*time.Second, "fetched [] next 0 of 0")
}

func TestPositionsOfAGroupAreStoredAtItsCoordinator(t *testing.T) {
	l := newLab(t, kafka.Config{})
	source := l.app("source", Config{})
	commit := func(next int64) {
		source.say(wire.KafkaCommitOffsets{Group: "job", Topic: "out", Partitions: []int32{0, 1}, Next: []int64{next, next + 1}})
		l.pass(time.Second)
	}
	commit(7)
	l.is(fmt.Sprint(l.CommittedOffset("job", "out", 0), l.CommittedOffset("job", "out", 1)), "7 8")
	l.failOver("job")
	commit(9) // goes to the old one, and nobody minds
	commit(11)
	l.is(fmt.Sprint(l.CommittedOffset("job", "out", 0), l.CommittedOffset("job", "out", 1)), "11 12")
}

// Records of a topic with LogAppendTime have the time at which their batch was appended, whatever they say.
func TestRecordsHaveTheTimeOfTheirAppend(t *testing.T) {
	var b recordbatch.Builder
	for i := range int64(3) {
		b.Add(&record.Record{Key: []byte("k"), Value: i, Count: 1, Time: record.EventTime(100 * i)}, false)
	}
	data := b.Seal(0, 1000, 3, 7)
	h, err := recordbatch.ParseHeader(data)
	if err != nil {
		t.Fatal(err)
	}
	for want, data := range map[string][]byte{"0 100 200": data, "5000 5000 5000": h.Stamp(data, 5000)} {
		p := kmsg.NewFetchResponseTopicPartition()
		p.RecordBatches = data
		records, _, err := unpack(&p, 0, false)
		var times []string
		for r := range records.All() {
			times = append(times, fmt.Sprint(int64(r.Time)))
		}
		if got := strings.Join(times, " "); err != nil || got != want {
			t.Errorf("the records are of %s, not of %s; %v", got, want, err)
		}
	}
}

// FuzzUnpack reads what a broker sent: whatever it is nothing panics, and what comes out is not much more than what went
// in.
func FuzzUnpack(f *testing.F) {
	var b recordbatch.Builder
	for i := range int64(3) {
		b.Add(&record.Record{Key: []byte("k"), Value: 7 + i, Count: 1}, true)
	}
	some := b.Seal(recordbatch.Transactional, 1000, 3, 7)
	f.Add([]byte{})
	f.Add(some)
	f.Add(some[:len(some)-1])
	f.Add(append(bytes.Clone(some), recordbatch.Marker(1000, 3, false, 9, 0)...))
	for at, with := range map[int][]byte{
		0:                      {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, // offset
		8:                      {0xff, 0xff, 0xff, 0xff},                         // length
		23:                     {0x80, 0, 0, 0},                                  // last delta
		57:                     {0x7f, 0xff, 0xff, 0xff},                         // count
		recordbatch.HeaderSize: bytes.Repeat([]byte{0xff}, 9),                    // a varint
	} {
		patched := bytes.Clone(some)
		copy(patched[at:], with)
		f.Add(patched)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, committed := range []bool{false, true} {
			p := kmsg.NewFetchResponseTopicPartition()
			p.RecordBatches = data
			p.AbortedTransactions = []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 1000}}
			records, _, err := unpack(&p, 0, committed)
			if err != nil && records.N > 0 {
				t.Errorf("%d records in spite of %v", records.N, err)
			}
			// A record has 7 bytes at least, and becomes 38 with the longest numbers.
			if len(records.Data) > 6*len(data) {
				t.Errorf("%d bytes became %d", len(data), len(records.Data))
			}
		}
	})
}
