package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// What a partition leader accepts, and what it asks the coordinator before it lets a transaction begin.
func TestProduce(t *testing.T) {
	tell(t, []story{
		{"C17 after the marker it is refused, before it recognised", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.SlowMarkers(time.Second, time.Second)
			w.Commit()
			l.is(w.Batch(0, 0, 1), "NONE at 0")
			l.pass(2 * time.Second)
			l.is(w.Batch(0, 0, 1), "INVALID_PRODUCER_EPOCH")
		}},
		{"what was allowed before it was moved is not written by the old leader", func(l *lab) {
			w := l.Writer("a")
			asked := l.SendProduce(l.Leads("out", 0), 12, w.ID, w.To(0, 0, 1))
			l.pass(time.Millisecond) // the coordinator is appending
			l.MoveLeader("out", 0, (l.Leader("out", 0)+1)%3)
			l.is(l.Produced(asked()), "NOT_LEADER_OR_FOLLOWER")
			l.is(w.Write(0, 1), "NONE at 0")
		}},
		{"a leader asks a busy coordinator again, for a tenth of a second", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.SlowMarkers(50*time.Millisecond, time.Second)
			w.Commit()
			l.is(w.Follow().Write(0, 1), "NONE at 2")
			l.SlowMarkers(time.Second, time.Second)
			w.Follow().Commit()
			l.Hasty = true
			l.is(w.Follow().Follow().Write(0, 1), "CONCURRENT_TRANSACTIONS")
		}},
		{"an older client of a busy coordinator is told of replicas", func(l *lab) {
			w := l.OldWriter("a")
			w.Join(0)
			w.Write(0, 1)
			l.SlowMarkers(time.Second, time.Second)
			w.Commit()
			l.is(w.Write(1, 1), "NOT_ENOUGH_REPLICAS")
		}},
		{"without a coordinator no transaction begins, but an open one goes on", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.FailCoordinators(protocol.CoordinatorNotAvailable, time.Minute)
			l.is(w.Write(1, 1), "NOT_ENOUGH_REPLICAS")
			l.is(w.Write(0, 1), "NONE at 1")
		}},
		{"without a coordinator a zombie is refused all the same", func(l *lab) {
			zombie := l.Writer("a")
			w := l.Writer("a")
			w.Write(0, 1)
			l.FailCoordinators(protocol.CoordinatorNotAvailable, time.Minute)
			l.is(zombie.Write(0, 1), "INVALID_PRODUCER_EPOCH")
		}},
		{"what was allowed within a transaction is not written after it", func(l *lab) {
			w := l.OldWriter("a")
			w.Join(0)
			w.Join(1)
			w.Write(0, 1)
			l.DelayAnswers(kmsg.AddPartitionsToTxn, 1, time.Second)
			late := l.SendProduce(l.Leads("out", 1), 11, w.ID, w.To(1, 0, 1))
			l.is(w.Commit(), "NONE")
			l.pass(500 * time.Millisecond)
			l.is(l.Marked(1), "0 commit p1/0")
			l.is(l.Produced(late()), "INVALID_TXN_STATE")
		}},
		{"requests of one connection are worked on one after the other", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}})
			w := l.PlainWriter()
			l.Conn = 1
			first := l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 0, 1))
			second := l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 1, 1))
			l.pass(500 * time.Millisecond)
			l.is(fmt.Sprint(l.Partition("out", 0).leo), "1")
			l.is(l.Produced(first())+", "+l.Produced(second()), "NONE at 0, NONE at 1")
		}},
		{"until it breaks: what comes after that does not wait for what came before", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}})
			w := l.PlainWriter()
			l.Conn = 1
			l.is(w.Write(0, 1), "NONE at 0")
			l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 1, 1))
			l.pass(time.Second / 4)
			l.Kill("client")
			l.Restart("client")
			l.pass(0)
			l.send(l.Leader("out", 0), 12, kmsg.NewPtrMetadataRequest())
			l.pass(time.Second / 4)
			l.is(fmt.Sprint(l.Answered(l.Last)), "true")
		}},
	})
}

// Sequences tell a partition what is a retransmit, and that nothing is missing.
func TestSequences(t *testing.T) {
	// used is a writer without transactions, on a partition that has held a record.
	used := func(l *lab) *writer {
		l.PlainWriter().Write(0, 1)
		return l.PlainWriter()
	}
	tell(t, []story{
		{"a batch that overtook a refused one waits for it", func(l *lab) {
			used(l)
			w := l.OldWriter("a")
			w.Join(0)
			l.FailCoordinators(protocol.CoordinatorNotAvailable, time.Second)
			l.is(w.Batch(0, 0, 1), "NOT_ENOUGH_REPLICAS")
			l.pass(time.Second)
			l.is(w.Batch(0, 1, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
			l.is(w.Batch(0, 0, 1), "NONE at 1")
			l.is(w.Batch(0, 1, 1), "NONE at 2")
		}},
	})
}
