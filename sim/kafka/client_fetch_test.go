package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// A reader stands at the end of what is decided. It hears of a commit when it happens; of an abort it learns that
// there is nothing to read up to a further offset.
func TestAFetchWaitsForTheEndOfATransaction(t *testing.T) {
	for commit, want := range map[bool]string{true: "fetched [0 1] next 3 of 3", false: "fetched [] next 3 of 3"} {
		l := newLab(t, Config{})
		sink, source := l.app("sink", ClientConfig{}), l.app("source", ClientConfig{})
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
	l := newLab(t, Config{})
	source, w := l.app("source", ClientConfig{}), l.PlainWriter()
	w.Write(0, 2)
	w.Write(0, 1)
	source.say(wire.KafkaFetch{Topic: "out", MaxBytes: 1})
	source.hears(time.Second, "fetched [0 1] next 2 of 3")
	source.say(wire.KafkaFetch{Topic: "out", Offset: 2, MaxBytes: 1})
	source.hears(time.Second, "fetched [2] next 3 of 3")
}

func TestATopicHasPartitionsWithEnds(t *testing.T) {
	l := newLab(t, Config{})
	source := l.app("source", ClientConfig{})
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
	l := newLab(t, Config{})
	source := l.app("source", ClientConfig{})
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
	l := newLab(t, Config{})
	source := l.app("source", ClientConfig{})
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
	l := newLab(t, Config{})
	source := l.app("source", ClientConfig{})
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
