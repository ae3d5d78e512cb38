package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Before TV2 clients tell the coordinator which partitions belong to the transaction.
func TestAddPartitionsToTxn(t *testing.T) {
	tell(t, []story{
		{"while the transaction before is being ended nothing is added", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			l.SlowMarkers(time.Second, time.Second)
			w.commit()
			l.hasty = true
			l.is(w.join(0), "CONCURRENT_TRANSACTIONS")
			l.hasty = false
			l.is(w.join(0), "NONE")
		}},
	})
}

// The end of a transaction: who may decide it, when it is decided already, and what its epoch is afterwards.
func TestEndTxn(t *testing.T) {
	// wrote is a writer with a transaction that has one record.
	wrote := func(l *lab) *writer {
		w := l.writer("a")
		l.is(w.write(0, 1), "NONE at 0")
		return w
	}
	tell(t, []story{
		{"the decision is made before anybody sees it", func(l *lab) {
			w := wrote(l)
			w.write(1, 1)
			l.SlowMarkers(time.Second, time.Second)
			l.is(w.commit(), "NONE p1/1")
			l.is(l.describe("a"), "PrepareCommit p1/1 out-0 out-1")
			l.is(l.visible(0), "")
			l.hasty = true
			l.is(w.commit(), "CONCURRENT_TRANSACTIONS")
			l.is(w.abort(), "CONCURRENT_TRANSACTIONS")
			l.is(l.init("a", noPID, noEpoch), "CONCURRENT_TRANSACTIONS")
			l.pass(2 * time.Second)
			l.is(l.describe("a"), "CompleteCommit p1/1")
			l.is(l.visible(0), "0")
		}},
		{"data that comes after the decision and before the marker shares it", func(l *lab) {
			w := wrote(l)
			l.SlowMarkers(time.Second, time.Second)
			w.commit()
			l.is(w.write(0, 1), "NONE at 1")
			l.pass(2 * time.Second)
			l.is(l.visible(0), "0 1")
		}},
		{"a partition whose leader is away does not hold up the others", func(l *lab) {
			w := wrote(l)
			w.write(1, 1)
			leader := string(Addr(l.Leader("out", 1)))
			if l.Leader("out", 1) == l.Coordinator("a") {
				l.failOver("a")
			}
			l.Kill(leader)
			l.is(w.commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.visible(0), "0")
			l.is(l.describe("a"), "PrepareCommit p1/1 out-1")
			l.Restart(leader)
			l.pass(2 * time.Second)
			l.is(l.visible(1), "0")
			l.is(l.describe("a"), "CompleteCommit p1/1")
		}},
	})
}

// What went wrong in the field, and must go wrong here in the same way.
func TestKnownAnomalies(t *testing.T) {
	tell(t, []story{
		{"P1 before TV2 a late abort takes a record out of the next transaction", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			w.write(0, 1)
			l.DelayRequests(kmsg.EndTxn, 1, time.Second)
			l.send(l.Coordinator("a"), 4, w.ending(false)) // its answer takes too long
			l.is(w.abort(), "NONE")
			w.join(0)
			l.is(w.write(0, 1), "NONE at 2")
			l.pass(time.Second) // the late abort
			w.join(1)
			l.is(w.write(1, 1), "NONE at 0")
			l.is(w.commit(), "NONE")
			l.pass(time.Second)
			l.is(l.visible(0)+", "+l.visible(1), ", 0")
		}},
		{"P1 under TV2 the late abort is fenced", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.DelayRequests(kmsg.EndTxn, 1, time.Second)
			late := l.send(l.Coordinator("a"), 5, w.ending(false))
			l.is(w.abort(), "NONE p1/1")
			w = w.follow()
			l.is(w.write(0, 1), "NONE at 2")
			l.pass(time.Second)
			l.is(l.ended(l.answer(late)), "PRODUCER_FENCED")
			l.is(w.write(1, 1), "NONE at 0")
			l.is(w.commit(), "NONE p1/2")
			l.pass(time.Second)
			l.is(l.visible(0)+", "+l.visible(1), "2, 0")
		}},
		{"P4 without verification late data opens a transaction that nobody ends", func(l *lab) {
			l = newLab(l.t, Config{NoPartitionVerification: true})
			l.excused = "kafka-hanging"
			w := l.oldWriter("a")
			w.join(0)
			w.write(0, 1)
			w.abort()
			l.pass(time.Second)
			l.is(w.write(0, 1), "NONE at 2")
			l.pass(10 * time.Minute)
			l.is(l.describe("a"), "CompleteAbort p1/0")
			l.is(l.ends(0), "LSO 2 HW 3")
			l.is(l.endHanging(w, 0), "NONE")
			l.pass(time.Second)
			l.is(l.ends(0), "LSO 4 HW 4")
		}},
		{"P11 under TV2 a marker may be sent again", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.LoseAnswers(kmsg.WriteTxnMarkers, 1)
			l.is(w.commit(), "NONE p1/1")
			l.pass(time.Second)
			l.failOver("a")
			l.is(l.describe("a"), "CompleteCommit p1/1")
			l.is(l.log(0), "0 p1/0, 1 commit p1/1, 2 commit p1/1")
		}},
		{"C4 a fence that cannot be written does not burn epochs", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.FailTxnAppends(5, false)
			l.hasty = true
			for range 5 {
				l.is(l.init("a", noPID, noEpoch), "COORDINATOR_NOT_AVAILABLE")
			}
			l.is(w.commit(), "PRODUCER_FENCED")
			l.hasty = false
			l.is(l.init("a", noPID, noEpoch), "NONE p1/2")
			l.is(l.visible(0), "")
		}},
	})
}
