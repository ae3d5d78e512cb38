package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Before TV2 clients tell the coordinator which partitions belong to the transaction.
func TestAddPartitionsToTxn(t *testing.T) {
	tell(t, []story{
		{"while the transaction before is being ended nothing is added", func(l *lab) {
			w := l.OldWriter("a")
			w.Join(0)
			l.SlowMarkers(time.Second, time.Second)
			w.Commit()
			l.Hasty = true
			l.is(w.Join(0), "CONCURRENT_TRANSACTIONS")
			l.Hasty = false
			l.is(w.Join(0), "NONE")
		}},
	})
}

// The end of a transaction: who may decide it, when it is decided already, and what its epoch is afterwards.
func TestEndTxn(t *testing.T) {
	// wrote is a writer with a transaction that has one record.
	wrote := func(l *lab) *writer {
		w := l.Writer("a")
		l.is(w.Write(0, 1), "NONE at 0")
		return w
	}
	tell(t, []story{
		{"the decision is made before anybody sees it", func(l *lab) {
			w := wrote(l)
			w.Write(1, 1)
			l.SlowMarkers(time.Second, time.Second)
			l.is(w.Commit(), "NONE p1/1")
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-0 out-1")
			l.is(l.Visible(0), "")
			l.Hasty = true
			l.is(w.Commit(), "CONCURRENT_TRANSACTIONS")
			l.is(w.Abort(), "CONCURRENT_TRANSACTIONS")
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "CONCURRENT_TRANSACTIONS")
			l.pass(2 * time.Second)
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(l.Visible(0), "0")
		}},
		{"data that comes after the decision and before the marker shares it", func(l *lab) {
			w := wrote(l)
			l.SlowMarkers(time.Second, time.Second)
			w.Commit()
			l.is(w.Write(0, 1), "NONE at 1")
			l.pass(2 * time.Second)
			l.is(l.Visible(0), "0 1")
		}},
		{"a partition whose leader is away does not hold up the others", func(l *lab) {
			w := wrote(l)
			w.Write(1, 1)
			leader := string(Addr(l.Leader("out", 1)))
			if l.Leader("out", 1) == l.Coordinator("a") {
				l.failOver("a")
			}
			l.Kill(leader)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0), "0")
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-1")
			l.Restart(leader)
			l.pass(2 * time.Second)
			l.is(l.Visible(1), "0")
			l.is(l.Describe("a"), "CompleteCommit p1/1")
		}},
	})
}

// What went wrong in the field, and must go wrong here in the same way.
func TestKnownAnomalies(t *testing.T) {
	tell(t, []story{
		{"P1 before TV2 an abort that is delayed takes a record out of the next transaction", func(l *lab) {
			w := l.OldWriter("a")
			w.Join(0)
			w.Write(0, 1)
			l.DelayRequests(kmsg.EndTxn, 1, time.Second)
			l.send(l.Coordinator("a"), 4, w.Ending(false)) // its answer takes too long
			l.is(w.Abort(), "NONE")
			w.Join(0)
			l.is(w.Write(0, 1), "NONE at 2")
			l.is(fmt.Sprint(l.noted("request.late")), "0")
			l.pass(time.Second) // the late abort
			l.is(fmt.Sprint(l.noted("request.late")), "1")
			w.Join(1)
			l.is(w.Write(1, 1), "NONE at 0")
			l.is(w.Commit(), "NONE")
			l.pass(time.Second)
			l.is(l.Visible(0)+", "+l.Visible(1), ", 0")
		}},
		{"P4 without verification late data opens a transaction that nobody ends", func(l *lab) {
			l = newLab(l.t, Config{NoPartitionVerification: true})
			w := l.OldWriter("a")
			w.Join(0)
			w.Write(0, 1)
			w.Abort()
			l.pass(time.Second)
			l.is(w.Write(0, 1), "NONE at 2")
			l.pass(10 * time.Minute)
			l.is(l.Describe("a"), "CompleteAbort p1/0")
			l.is(l.Ends(0), "LSO 2 HW 3")
			l.is(w.Mark(false, 0), "NONE")
			l.pass(time.Second)
			l.is(l.Ends(0), "LSO 4 HW 4")
		}},
		{"P11 under TV2 a marker may be sent again", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.LoseAnswers(kmsg.WriteTxnMarkers, 1)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.failOver("a")
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(l.Marked(0), "0 p1/0, 1 commit p1/1, 2 commit p1/1")
		}},
		{"C4 a fence that cannot be written does not burn epochs", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.FailTxnAppends(5, false)
			l.Hasty = true
			for range 5 {
				l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "COORDINATOR_NOT_AVAILABLE")
			}
			l.is(w.Commit(), "PRODUCER_FENCED")
			l.Hasty = false
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "NONE p1/2")
			l.is(l.Visible(0), "")
		}},
	})
}
