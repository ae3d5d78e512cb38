package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// app is a process that speaks to its Kafka client in the runtime's words, and writes down what it hears.
type app struct {
	l     *lab
	name  string
	heard []string
}

func (l *lab) app(name string, cfg Config) *app {
	cfg.Brokers = l.Addrs()
	a := &app{l: l, name: name}
	l.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident {
		return []sim.Resident{{Actor: a}, {Name: "kafka", Actor: New(cfg)}}
	}})
	l.pass(0)
	return a
}

func (a *app) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	said := ""
	switch m := m.(type) {
	case wire.KafkaProducerReady:
		said = fmt.Sprintf("ready %s as %s %s", m.TransactionalID, a.l.granted(m.ProducerID, m.Epoch), m.Err)
	case wire.KafkaProduced:
		if m.Err == "" {
			return nil // how records are batched is another matter
		}
		said = fmt.Sprintf("failed %s %s", m.TransactionalID, m.Err)
	case wire.KafkaFlushed:
		said = fmt.Sprintf("flushed %s as %s with %d %s", m.TransactionalID, a.l.granted(m.ProducerID, m.Epoch), m.Records, m.Err)
	case wire.KafkaTxnEnded:
		said = fmt.Sprintf("ended %s %s", m.TransactionalID, m.Err)
	case wire.KafkaTxnsAre:
		said = fmt.Sprintf("open %s %s", strings.Join(m.IDs, " "), m.Err)
	case wire.KafkaPartitionsAre:
		said = fmt.Sprintf("%s from %v to %v %s", m.Topic, m.Earliest, m.Latest, m.Err)
	case wire.KafkaFetched:
		var offsets []string
		for r := range m.Records.All() {
			offsets = append(offsets, fmt.Sprint(r.Origin.Offset))
		}
		said = fmt.Sprintf("fetched [%s] next %d of %d %s", strings.Join(offsets, " "), m.Next, m.Latest, m.Err)
	case OffsetSent:
		said = fmt.Sprintf("offset sent %s", m.Err)
	case OffsetIs:
		said = fmt.Sprintf("offset is %d %s", m.Next, m.Err)
	default:
		return nil
	}
	a.heard = append(a.heard, strings.TrimSpace(said))
	return nil
}

func (l *lab) granted(pid int64, epoch int16) string {
	if pid == protocol.NoProducerID {
		return "nobody"
	}
	return l.Pair(pid, epoch)
}

func (a *app) say(m mailbox.Msg) { a.l.Send(mailbox.Addr(a.name), mailbox.Addr(a.name).In("kafka"), m) }

// hears lets a time pass and compares what was heard in it.
func (a *app) hears(within time.Duration, want ...string) {
	a.l.t.Helper()
	a.l.pass(within)
	if !slices.Equal(a.heard, want) {
		a.l.t.Errorf("%s at %v: heard\n  %s\nwant\n  %s", a.name, a.l.Now(), strings.Join(a.heard, "\n  "), strings.Join(want, "\n  "))
	}
	a.heard = nil
}

func (a *app) open(id string) {
	a.say(wire.KafkaInitProducer{TransactionalID: id, Timeout: time.Minute})
}

// write hands over records with a key each: "x" belongs to partition 0, "d" to partition 1.
func (a *app) write(id string, keys ...string) {
	var b record.Batch
	for i, key := range keys {
		b.Append(record.Record{Key: []byte(key), Value: int64(i), Count: 1})
	}
	a.say(wire.KafkaProduce{TransactionalID: id, Topic: "out", Records: b})
}

func (a *app) flush(id string) { a.say(wire.KafkaFlush{TransactionalID: id}) }

// end decides a transaction as whoever restores it would: by the pair that was stored with it.
func (a *app) end(id string, n int, epoch int16, commit bool) {
	a.say(wire.KafkaEndTxn{TransactionalID: id, ProducerID: a.l.PIDs[n-1], Epoch: epoch, Commit: commit, Deadline: 30 * time.Second})
}

func (a *app) fetch(offset int64, wait time.Duration) {
	a.say(wire.KafkaFetch{Topic: "out", Offset: offset, MaxBytes: 1 << 20, MaxWait: wait, ReadCommitted: true})
}

// The sink's way: open, write, flush at the barrier, commit when the checkpoint is complete.
func TestATransactionIsVisibleOnceItIsCommitted(t *testing.T) {
	for _, tv := range []protocol.TransactionVersion{protocol.TV1, protocol.TV2} {
		l := newLab(t, kafka.Config{TransactionVersion: tv})
		sink := l.app("sink", Config{TransactionVersion: tv})
		sink.open("a")
		sink.hears(time.Second, "ready a as p1/0")
		sink.write("a", "x", "d", "x")
		sink.flush("a")
		sink.hears(time.Second, "flushed a as p1/0 with 3")
		l.is(l.Visible(0)+"|"+l.Visible(1), "|")
		sink.end("a", 1, 0, true)
		sink.hears(time.Second, "ended a")
		l.is(l.Visible(0)+"|"+l.Visible(1), "0 1|0")
	}
}

// The same producer goes on with the next transaction; under protocol.TV2 with the epoch that the commit has granted.
func TestAProducerGoesOnAfterItsCommit(t *testing.T) {
	for tv, second := range map[protocol.TransactionVersion]string{protocol.TV1: "p1/0", protocol.TV2: "p1/1"} {
		l := newLab(t, kafka.Config{TransactionVersion: tv})
		sink := l.app("sink", Config{TransactionVersion: tv})
		sink.open("a")
		sink.write("a", "x")
		sink.flush("a")
		sink.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 1")
		sink.end("a", 1, 0, true)
		sink.hears(time.Second, "ended a")
		sink.write("a", "x", "x")
		sink.flush("a")
		sink.hears(time.Second, "flushed a as "+second+" with 2")
		sink.end("a", 1, int16(second[3]-'0'), true)
		sink.hears(time.Second, "ended a")
		l.is(l.Visible(0), "0 2 3")
	}
}

// The TaskManager dies after the checkpoint; what it had flushed is committed by another process, by what the
// checkpoint has of it, and once more when that is restored a second time.
func TestWhoeverKnowsTheEpochCommits(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink, restored := l.app("sink", Config{}), l.app("restored", Config{})
	sink.open("a")
	sink.write("a", "x", "x")
	sink.flush("a")
	sink.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 2")
	l.Kill("sink")
	l.pass(10 * time.Second)
	restored.end("a", 1, 0, true)
	restored.hears(time.Second, "ended a")
	restored.end("a", 1, 0, true)
	restored.hears(time.Second, "ended a")
	l.is(l.Visible(0), "0 1")
}

// Any request but the reader's may be carried out without an answer. Whoever takes an id over twice has fenced
// itself once, which nobody minds.
func TestALostAnswerIsRetriedAndNothingIsWrittenTwice(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.Metadata, kmsg.FindCoordinator, kmsg.InitProducerID,
		kmsg.AddPartitionsToTxn, kmsg.EndTxn, kmsg.WriteTxnMarkers} {
		l := newLab(t, kafka.Config{})
		sink := l.app("sink", Config{RequestTimeout: 5 * time.Second})
		epoch, as := int16(0), "p1/0"
		if key == kmsg.InitProducerID {
			epoch, as = 1, "p1/1"
		}
		l.LoseAnswers(key, 1)
		sink.open("a")
		sink.hears(10*time.Second, "ready a as "+as)
		sink.write("a", "x", "x", "d")
		sink.flush("a")
		sink.hears(10*time.Second, "flushed a as "+as+" with 3")
		sink.end("a", 1, epoch, true)
		sink.hears(10*time.Second, "ended a")
		l.pass(40 * time.Second) // the coordinator has patience, too
		l.is(l.Visible(0)+"|"+l.Visible(1), "0 1|0")
	}
}

// While one batch is unanswered others are sent behind it, but not so many that the partition would no longer
// recognise its retransmit. If it was lost before it arrived they are out of order, and follow it once more.
func TestWithinASteadyStreamNothingIsLost(t *testing.T) {
	for _, lose := range []func(*kafka.Cluster, kmsg.Key, int){(*kafka.Cluster).LoseAnswers, (*kafka.Cluster).LoseRequests} {
		l := newLab(t, kafka.Config{})
		sink := l.app("sink", Config{})
		sink.open("a")
		sink.hears(time.Second, "ready a as p1/0")
		lose(l.Cluster, kmsg.Produce, 1)
		for range 40 {
			sink.write("a", "x")
			l.pass(time.Second)
		}
		sink.flush("a")
		sink.hears(time.Second, "flushed a as p1/0 with 40")
		l.is(l.Ends(0), "LSO 0 HW 40")
	}
}

// A second process takes the id over. The first one is refused at its next record, and its commit too.
func TestAFencedProducerFailsForGood(t *testing.T) {
	l := newLab(t, kafka.Config{})
	old, fresh := l.app("old", Config{}), l.app("new", Config{})
	old.open("a")
	old.write("a", "x")
	old.flush("a")
	old.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 1")
	fresh.open("a")
	fresh.hears(time.Second, "ready a as p1/2")
	old.write("a", "x")
	old.flush("a")
	old.hears(time.Second, "failed a INVALID_PRODUCER_EPOCH", "flushed a as p1/0 with 1 INVALID_PRODUCER_EPOCH")
	old.write("a", "x")
	old.end("a", 1, 0, true)
	old.hears(time.Second, "failed a INVALID_PRODUCER_EPOCH", "ended a PRODUCER_FENCED")
	fresh.write("a", "x")
	fresh.flush("a")
	fresh.hears(time.Second, "flushed a as p1/2 with 1")
	l.is(l.Marked(0), "0 p1/0, 1 abort p1/1, 2 p1/2")
}

func TestACoordinatorThatIsUnavailableIsWaitedFor(t *testing.T) {
	for _, code := range []int16{protocol.CoordinatorNotAvailable, protocol.CoordinatorLoadInProgress, protocol.NotCoordinator} {
		l := newLab(t, kafka.Config{})
		sink := l.app("sink", Config{})
		l.FailCoordinators(code, 10*time.Second)
		sink.open("a")
		sink.hears(9 * time.Second)
		sink.hears(3*time.Second, "ready a as p1/0")
		sink.write("a", "x")
		sink.flush("a")
		sink.hears(time.Second, "flushed a as p1/0 with 1")
		l.FailCoordinators(code, 10*time.Second)
		sink.end("a", 1, 0, true)
		sink.hears(9 * time.Second)
		sink.hears(3*time.Second, "ended a")
		l.is(l.Visible(0), "0")
	}
}

// The client gives up when the deadline is over; the decision stays open, and can still be made.
func TestACommitThatTakesTooLongIsNotDecided(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink := l.app("sink", Config{})
	sink.open("a")
	sink.write("a", "x")
	sink.flush("a")
	sink.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 1")
	l.FailCoordinators(protocol.CoordinatorNotAvailable, 35*time.Second)
	sink.end("a", 1, 0, true)
	sink.hears(29 * time.Second)
	sink.hears(2*time.Second, "ended a TIMED_OUT")
	sink.end("a", 1, 0, true)
	sink.hears(10*time.Second, "ended a")
	l.is(l.Visible(0), "0")
}

// A job comes back and finds what a former attempt left open: it lists by prefix, and takes each over.
func TestLingeringTransactionsAreFoundAndAborted(t *testing.T) {
	l := newLab(t, kafka.Config{})
	former, job := l.app("former", Config{}), l.app("job", Config{})
	for _, id := range []string{"job-0-7", "job-1-7", "job-1-8", "other-0"} {
		former.open(id)
		former.write(id, "x")
		l.pass(time.Second)
	}
	l.Kill("former")
	job.end("job-1-7", 2, 0, true) // is part of the checkpoint
	job.hears(time.Second, "ended job-1-7")
	job.say(wire.KafkaListTxns{Prefix: "job-"})
	job.hears(time.Second, "open job-0-7 job-1-8")
	job.open("job-0-7")
	job.open("job-1-8")
	job.hears(time.Second, "ready job-0-7 as p1/2", "ready job-1-8 as p3/2")
	job.say(wire.KafkaListTxns{Prefix: ""})
	job.hears(time.Second, "open other-0")
	l.is(l.Visible(0), "1")
	l.is(l.Ends(0), "LSO 3 HW 7")
}

// A list is whole or not given at all: while a coordinator cannot answer the client asks again.
func TestAListOfOpenTransactionsIsWhole(t *testing.T) {
	l := newLab(t, kafka.Config{})
	former, job := l.app("former", Config{}), l.app("job", Config{})
	for _, id := range []string{"a", "b", "c"} { // one at each broker
		former.open(id)
		former.write(id, "x")
	}
	l.pass(time.Second)
	l.Kill("kafka-1")
	job.say(wire.KafkaListTxns{Prefix: ""})
	job.hears(5 * time.Second)
	l.FailOver(1)
	job.hears(5*time.Second, "open a b c")
}

// The job was away for longer than the transaction's timeout: what it had flushed is lost, and it is told so.
func TestACommitAfterTheTimeoutTellsOfTheLoss(t *testing.T) {
	for tv, want := range map[protocol.TransactionVersion]string{protocol.TV1: "ended a PRODUCER_FENCED", protocol.TV2: "ended a INVALID_TXN_STATE"} {
		l := newLab(t, kafka.Config{TransactionVersion: tv})
		sink := l.app("sink", Config{TransactionVersion: tv})
		sink.open("a")
		sink.write("a", "x")
		sink.flush("a")
		sink.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 1")
		l.pass(80 * time.Second)
		sink.end("a", 1, 0, true)
		sink.hears(time.Second, want)
		l.is(l.Visible(0), "")
	}
}

func TestRecordsFollowTheLeader(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink := l.app("sink", Config{})
	sink.open("a")
	sink.write("a", "x", "d")
	sink.flush("a")
	sink.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 2")
	l.MoveLeader("out", 0, 2)
	sink.write("a", "x", "d")
	sink.flush("a")
	sink.hears(5*time.Second, "flushed a as p1/0 with 4")
	l.Kill("kafka-2")
	sink.write("a", "x", "d")
	sink.flush("a")
	sink.hears(5 * time.Second)
	l.FailOver(2)
	sink.hears(5*time.Second, "flushed a as p1/0 with 6")
	sink.end("a", 1, 0, true)
	sink.hears(5*time.Second, "ended a")
	l.is(l.Visible(0)+"|"+l.Visible(1), "0 1 2|0 1 2")
}

// Whoever opens an id again begins anew: what it had under it before is forgotten, and aborted.
func TestOpeningAgainBeginsANewTransaction(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink := l.app("sink", Config{})
	sink.open("a")
	sink.write("a", "x")
	sink.flush("a")
	sink.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 1")
	sink.open("a")
	sink.write("a", "x", "x")
	sink.flush("a")
	sink.hears(time.Second, "ready a as p1/2", "flushed a as p1/2 with 2")
	sink.end("a", 1, 2, true)
	sink.hears(time.Second, "ended a")
	l.is(l.Visible(0), "2 3")
}

// The leader is cut off, and nobody takes over: the producer gives up after delivery.timeout.ms.
func TestRecordsThatCannotBeDeliveredFailTheProducer(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink := l.app("sink", Config{})
	sink.open("a")
	sink.write("a", "x")
	sink.flush("a")
	sink.hears(time.Second, "ready a as p1/0", "flushed a as p1/0 with 1")
	l.Cut("sink", "kafka-0")
	sink.write("a", "x", "d")
	sink.flush("a")
	sink.hears(119 * time.Second)
	sink.hears(5*time.Second, "failed a TIMED_OUT", "flushed a as p1/0 with 2 TIMED_OUT")
}

// Without a transactional id a producer needs no opening; its records are visible at once.
func TestAnIdempotentProducer(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink := l.app("sink", Config{})
	sink.flush("")
	sink.hears(0, "flushed  as nobody with 0")
	sink.write("", "x", "x")
	sink.flush("")
	sink.hears(time.Second, "flushed  as p1/0 with 2")
	l.is(l.Visible(0), "0 1")
}

func TestAProducerThatWasNeverOpenedIsUnknown(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink := l.app("sink", Config{})
	sink.write("a", "x")
	sink.flush("a")
	sink.hears(time.Second, "failed a INVALID_PRODUCER_ID_MAPPING", "flushed a as nobody with 0 INVALID_PRODUCER_ID_MAPPING")
	sink.open("a")
	sink.say(wire.KafkaCloseProducer{TransactionalID: "a"})
	sink.write("a", "x")
	sink.hears(time.Second, "failed a INVALID_PRODUCER_ID_MAPPING", "ready a as p1/0")
}

// mute is a broker that answers everything but data.
type mute struct{ held int }

func (b *mute) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	r, ok := m.(protocol.Request)
	if !ok {
		return nil
	}
	switch r.Req.(type) {
	case *kmsg.MetadataRequest:
		t := kmsg.NewMetadataResponseTopic()
		t.Topic = kmsg.StringPtr("out")
		for n := range int32(2) {
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Partition = n
			t.Partitions = append(t.Partitions, p)
		}
		resp := kmsg.NewPtrMetadataResponse()
		resp.Topics = append(resp.Topics, t)
		env.Send(from, protocol.Response{Corr: r.Corr, Resp: resp})
	case *kmsg.InitProducerIDRequest:
		env.Send(from, protocol.Response{Corr: r.Corr, Resp: kmsg.NewPtrInitProducerIDResponse()})
	case *kmsg.ProduceRequest:
		b.held++
	}
	return nil
}

// Five requests are under way at most, however much there is to send: more the partition could not tell apart.
func TestFiveRequestsAreInFlight(t *testing.T) {
	l := newLab(t, kafka.Config{})
	b := &mute{}
	l.add("mute", func() mailbox.Actor { return b })
	sink := &app{l: l, name: "sink"}
	l.Add(sim.Process{Name: "sink", BootTime: -1, Boot: func(int) []sim.Resident {
		return []sim.Resident{{Actor: sink}, {Name: "kafka", Actor: New(Config{Brokers: []mailbox.Addr{"mute"}})}}
	}})
	l.pass(0)
	for range 10 {
		sink.write("", "x")
		l.pass(time.Second)
		sink.write("", "d")
		l.pass(time.Second)
	}
	l.is(fmt.Sprint(b.held), "5")
}

// An attempt is cancelled while it opens a transaction, and its successor opens the same one. What the first had
// asked is not tried again: it would fence the second.
func TestWhatAnActorHasAskedEndsWithIt(t *testing.T) {
	l := newLab(t, kafka.Config{})
	sink := l.app("sink", Config{})
	l.FailCoordinators(protocol.CoordinatorNotAvailable, 10*time.Second)
	l.Send("sink/attempt-0", "sink/kafka", wire.KafkaInitProducer{TransactionalID: "a", Timeout: time.Minute})
	l.pass(2 * time.Second)
	sink.say(wire.KafkaClose{Asker: "sink/attempt-0"})
	l.pass(2 * time.Second)
	sink.open("a")
	sink.hears(10*time.Second, "ready a as p1/0")
	sink.write("a", "x")
	sink.flush("a")
	sink.hears(20*time.Second, "flushed a as p1/0 with 1")
	l.is(l.Describe("a"), "Ongoing p1/0 out-0")
}
