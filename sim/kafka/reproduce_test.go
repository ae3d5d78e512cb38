package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Bugs of real brokers: what happens with each of them, and what should. All transactions begin with the last epoch or
// just before it, and have a timeout of one minute.
func TestReproduce(t *testing.T) {
	for _, s := range []struct {
		name  string
		bug   Bug // "": without
		first int16
		tell  func(l *lab)
	}{
		{"a fence bumps the epoch once", "", 0, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "NONE p1/2")
		}},
		{"and with KAFKA-19367 twice", Kafka19367, 0, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "NONE p1/3")
		}},
		{"at the last epoch a fence goes on with another producer id", "", exhausted, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "NONE p2/1")
			l.is(l.Marked(0), "0 p1/32766, 1 abort p1/32767")
		}},
		{"and with KAFKA-19367 fails for ever, by timeout as well", Kafka19367, exhausted, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "UNKNOWN_SERVER_ERROR")
			l.pass(10 * time.Minute)
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "UNKNOWN_SERVER_ERROR")
			l.is(l.Describe("a"), "Ongoing p1/32766 out-0")
			l.is(l.Ends(0), "LSO 0 HW 1")
		}},

		{"after a timeout at the last epoch the abort is answered with another producer id", "", exhausted, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.pass(2 * time.Minute)
			l.is(w.Abort(), "NONE p2/0")
			next := l.Owner("a", l.PIDs[1], 0)
			next.Write(0, 1)
			l.pass(2 * time.Minute)
			l.is(l.Describe("a"), "CompleteAbort p2/1")
		}},
		{"and with KAFKA-20090 with an epoch that nobody can fence", Kafka20090, exhausted, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.pass(2 * time.Minute)
			l.is(l.Describe("a"), "CompleteAbort p1/32767")
			l.is(w.Abort(), "NONE p1/32767")
			next := w.As(32767)
			l.is(next.Write(0, 1), "NONE at 2")
			l.pass(time.Hour)
			l.is(l.Describe("a"), "Ongoing p1/32767 out-0")
			l.is(l.Ends(0), "LSO 2 HW 3")
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "UNKNOWN_SERVER_ERROR")
			l.is(next.Commit(), "UNKNOWN_SERVER_ERROR")
		}},

		{"a marker whose answer is lost is sent again, and the transaction complete", "", 0, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.LoseAnswers(kmsg.WriteTxnMarkers, 1)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Minute)
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(l.Marked(0), "0 p1/0, 1 commit p1/1, 2 commit p1/1")
		}},
		{"and with KAFKA-19999 never, so that nobody can use its id", Kafka19999, 0, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.LoseAnswers(kmsg.WriteTxnMarkers, 1)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Hour)
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-0")
			l.is(l.Visible(0), "0")
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "CONCURRENT_TRANSACTIONS")
		}},
		{"nor does another coordinator help", Kafka19999, 0, func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.LoseAnswers(kmsg.WriteTxnMarkers, 1)
			w.Commit()
			l.pass(time.Minute)
			l.failOver("a")
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-0")
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			cfg := Config{FirstProducerEpoch: s.first}
			if s.bug != "" {
				cfg.Reproduce = []Bug{s.bug}
			}
			s.tell(newLab(t, cfg))
		})
	}
}

// A run that begins near the last epoch comes to it after a few transactions, and goes on with another producer id.
func TestFirstProducerEpoch(t *testing.T) {
	l := newLab(t, Config{FirstProducerEpoch: exhausted - 1})
	w := l.Writer("a")
	l.is(l.Pair(w.PID, w.Epoch), "p1/32765")
	w.Write(0, 1)
	l.is(w.Commit(), "NONE p1/32766")
	w = w.Follow()
	w.Write(0, 1)
	l.is(w.Commit(), "NONE p2/0")
	l.is(w.Commit(), "NONE p2/0")
	next := l.Owner("a", l.PIDs[1], 0)
	l.is(next.Write(0, 1), "NONE at 4")
	l.is(next.Commit(), "NONE p2/1")
	l.pass(time.Second)
	l.is(l.Visible(0), "0 2 4")
}
