package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Before TV2 clients tell the coordinator which partitions belong to the transaction.
func TestAddPartitionsToTxn(t *testing.T) {
	tell(t, []story{
		{"B1 the first partition opens the transaction, B2 and again changes nothing", func(l *lab) {
			w := l.oldWriter("a")
			l.is(w.join(1), "NONE")
			l.is(l.describe("a"), "Ongoing p1/0 out-1")
			l.is(w.join(1), "NONE")
			l.is(w.join(0), "NONE")
			l.is(l.describe("a"), "Ongoing p1/0 out-0 out-1")
		}},
		{"B3 all or nothing", func(l *lab) {
			w := l.oldWriter("a")
			l.is(w.join(0, 9), "OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION")
			l.is(l.describe("a"), "Empty p1/0")
		}},
		{"B4 another epoch", func(l *lab) {
			w := l.oldWriter("a")
			l.is(w.as(1).join(0), "PRODUCER_FENCED")
		}},
		{"B5 an unknown producer id", func(l *lab) {
			w := l.oldWriter("a")
			w.pid = 987654
			l.is(w.join(0), "INVALID_PRODUCER_ID_MAPPING")
		}},
		{"B6 an unknown id, with the pair of another", func(l *lab) {
			w := l.oldWriter("a")
			w.id = "b"
			l.is(w.join(0), "INVALID_PRODUCER_ID_MAPPING")
			l.is(l.describe("a"), "Empty p1/0")
		}},
		{"B7 the old word for fenced is given to old versions", func(l *lab) {
			w := l.oldWriter("a")
			l.is(l.added(l.ask(l.Coordinator("a"), 1, w.as(1).joining(0))), "INVALID_PRODUCER_EPOCH")
		}},
		{"B8 only the coordinator answers", func(l *lab) {
			w := l.oldWriter("a")
			l.is(l.added(l.ask((l.Coordinator("a")+1)%3, 3, w.joining(0))), "NOT_COORDINATOR")
		}},
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
		{"a leader may ask for several transactions at once", func(l *lab) {
			a, b := l.writer("a"), l.writer("f") // one broker coordinates both
			req := kmsg.NewPtrAddPartitionsToTxnRequest()
			for _, w := range []*writer{a, b, a.as(3)} {
				txn := kmsg.NewAddPartitionsToTxnRequestTransaction()
				txn.TransactionalID, txn.ProducerID, txn.ProducerEpoch, txn.VerifyOnly = w.id, w.pid, w.epoch, w == b
				topic := kmsg.NewAddPartitionsToTxnRequestTransactionTopic()
				topic.Topic, topic.Partitions = "out", []int32{0}
				txn.Topics = append(txn.Topics, topic)
				req.Transactions = append(req.Transactions, txn)
			}
			resp := l.ask(l.Coordinator("a"), 5, req).(*kmsg.AddPartitionsToTxnResponse)
			said := ""
			for _, txn := range resp.Transactions {
				said += txn.TransactionalID + " " + name(txn.Topics[0].Partitions[0].ErrorCode) + " "
			}
			l.is(said, "a NONE f TRANSACTION_ABORTABLE a CONCURRENT_TRANSACTIONS ")
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
	// wroteOld is the same in the older style.
	wroteOld := func(l *lab) *writer {
		w := l.oldWriter("a")
		l.is(w.join(0), "NONE")
		l.is(w.write(0, 1), "NONE at 0")
		return w
	}
	tell(t, []story{
		{"E1 a commit bumps the epoch, E2 and its retry does not decide again", func(l *lab) {
			w := wrote(l)
			l.is(w.commit(), "NONE p1/1")
			l.is(w.commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.visible(0), "0")
			l.is(l.log(0), "0 p1/0, 1 commit p1/1")
		}},
		{"E3 what is committed cannot be aborted", func(l *lab) {
			w := wrote(l)
			w.commit()
			l.is(w.abort(), "INVALID_TXN_STATE")
		}},
		{"E4 a commit of nothing after a commit is no success", func(l *lab) {
			w := wrote(l)
			w.commit()
			l.is(w.follow().commit(), "INVALID_TXN_STATE")
		}},
		{"E5 an abort of nothing is one", func(l *lab) {
			w := wrote(l)
			w.commit()
			l.is(w.follow().abort(), "NONE p1/2")
			l.is(w.follow().abort(), "NONE p1/2")
		}},
		{"E6 what is aborted cannot be committed", func(l *lab) {
			w := wrote(l)
			l.is(w.abort(), "NONE p1/1")
			l.is(w.commit(), "INVALID_TXN_STATE")
			l.is(l.visible(0), "")
		}},
		{"E7 a commit of nothing after taking over", func(l *lab) {
			wrote(l).commit()
			l.is(l.writer("a").commit(), "INVALID_TXN_STATE")
			l.is(l.writer("b").commit(), "INVALID_TXN_STATE")
		}},
		{"E8 an abort of nothing after taking over", func(l *lab) {
			l.is(l.writer("a").abort(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.describe("a"), "CompleteAbort p1/1")
		}},
		{"E9 before TV2 nothing cannot be aborted, E10 nor committed", func(l *lab) {
			w := l.oldWriter("a")
			l.is(w.abort(), "INVALID_TXN_STATE")
			l.is(w.commit(), "INVALID_TXN_STATE")
		}},
		{"E11 before TV2 a commit can be repeated, and not be turned", func(l *lab) {
			w := wroteOld(l)
			l.is(w.commit(), "NONE")
			l.is(w.commit(), "NONE")
			l.is(w.abort(), "INVALID_TXN_STATE")
		}},
		{"E11 so can an abort", func(l *lab) {
			w := wroteOld(l)
			l.is(w.abort(), "NONE")
			l.is(w.abort(), "NONE")
			l.is(w.commit(), "INVALID_TXN_STATE")
		}},
		{"E12 before TV2 the retry of a commit commits the next transaction, which is the hazard", func(l *lab) {
			w := wroteOld(l)
			l.is(w.commit(), "NONE")
			w.join(1)
			w.write(1, 1)
			l.is(w.commit(), "NONE")
			l.pass(time.Second)
			l.is(l.visible(1), "0")
		}},
		{"E13 under TV2 a late end does not touch the next transaction", func(l *lab) {
			w := wrote(l)
			w.commit()
			w.follow().write(1, 1)
			l.is(w.commit(), "PRODUCER_FENCED")
			l.is(w.abort(), "PRODUCER_FENCED")
			l.is(l.describe("a"), "Ongoing p1/1 out-1")
		}},
		{"E14 nor does it when that is over", func(l *lab) {
			w := wrote(l)
			w.commit()
			w.follow().write(1, 1)
			w.follow().commit()
			l.is(w.commit(), "PRODUCER_FENCED")
		}},
		{"E15 after taking over a retry is fenced, though it had been committed", func(l *lab) {
			w := wrote(l)
			w.commit()
			l.writer("a")
			l.is(w.commit(), "PRODUCER_FENCED")
			l.is(l.visible(0), "0")
		}},
		{"E16 another epoch, another producer id", func(l *lab) {
			w := wrote(l)
			l.is(w.as(1).commit(), "PRODUCER_FENCED")
			w.pid = 987654
			l.is(w.commit(), "INVALID_PRODUCER_ID_MAPPING")
		}},
		{"E17 an unknown id", func(l *lab) {
			w := wrote(l)
			w.id = "b"
			l.is(w.commit(), "INVALID_PRODUCER_ID_MAPPING")
		}},
		{"E18 one id does not end the transaction of another", func(l *lab) {
			w := wrote(l)
			l.writer("b")
			w.id = "b"
			l.is(w.commit(), "INVALID_PRODUCER_ID_MAPPING")
			l.is(l.describe("a"), "Ongoing p1/0 out-0")
		}},
		{"E19 the empty id", func(l *lab) {
			w := wrote(l)
			w.id = ""
			l.is(w.commit(), "INVALID_REQUEST")
		}},
		{"E20 the old word for fenced is given to old versions", func(l *lab) {
			w := wrote(l)
			l.is(l.ended(l.ask(l.Coordinator("a"), 1, w.as(3).ending(true))), "INVALID_PRODUCER_EPOCH")
		}},
		{"E21 a partition without data gets its marker, too", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			l.is(w.abort(), "NONE")
			l.pass(time.Second)
			l.is(l.log(0), "0 abort p1/0")
			l.is(l.aborted(0, 0), "")
		}},
		{"E22 the marker has the epoch after the end", func(l *lab) {
			wrote(l).commit()
			l.pass(time.Second)
			l.is(l.log(0), "0 p1/0, 1 commit p1/1")
			old := l.oldWriter("b")
			old.join(1)
			old.write(1, 1)
			old.commit()
			l.pass(time.Second)
			l.is(l.log(1), "0 p2/0, 1 commit p2/0")
		}},
		{"E23 every partition learns the decision", func(l *lab) {
			w := wrote(l)
			w.write(1, 2)
			w.commit()
			l.pass(time.Second)
			l.is(l.log(0), "0 p1/0, 1 commit p1/1")
			l.is(l.log(1), "0-1 p1/0, 2 commit p1/1")
			l.is(l.visible(0)+", "+l.visible(1), "0, 0 1")
		}},
		{"E24 a topic that is deleted meanwhile holds nothing up", func(l *lab) {
			l.CreateTopic("doomed", 1)
			w := l.oldWriter("a")
			req := w.joining(0)
			doomed := kmsg.NewAddPartitionsToTxnRequestTopic()
			doomed.Topic, doomed.Partitions = "doomed", []int32{0}
			req.Topics = append(req.Topics, doomed)
			l.is(l.added(l.ask(l.Coordinator("a"), 3, req)), "NONE")
			w.write(0, 1)
			l.DeleteTopic("doomed")
			l.is(w.commit(), "NONE")
			l.pass(time.Second)
			l.is(l.describe("a"), "CompleteCommit p1/0")
			l.is(l.visible(0), "0")
		}},
		{"E25 old data may be ended in the new style, and then must be retried in it", func(l *lab) {
			w := wroteOld(l)
			l.is(l.ended(l.ask(l.Coordinator("a"), 5, w.ending(true))), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.ended(l.ask(l.Coordinator("a"), 4, w.ending(true))), "PRODUCER_FENCED")
			l.is(l.ended(l.ask(l.Coordinator("a"), 5, w.ending(true))), "NONE p1/1")
		}},
		{"E26 the last epoch ends with another producer id, and its retry with the same", func(l *lab) {
			w := l.aged(l.writer("a"), exhausted)
			w.write(0, 1)
			l.is(w.commit(), "NONE p2/0")
			l.is(w.commit(), "NONE p2/0")
			l.pass(time.Second)
			l.is(l.log(0), "0 p1/32766, 1 commit p1/32767")
			l.is(l.init("a", w.pid, w.epoch), "NONE p2/0")
		}},
		{"E27 only the coordinator answers", func(l *lab) {
			w := wrote(l)
			l.is(l.ended(l.ask((l.Coordinator("a")+1)%3, 5, w.ending(true))), "NOT_COORDINATOR")
		}},
		{"E28 the next transaction can begin at once", func(l *lab) {
			w := wrote(l)
			w.commit()
			l.is(w.follow().write(0, 1), "NONE at 2")
		}},
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
		{"P7 before TV2 two transactions of one epoch are committed together", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			w.write(0, 1)
			w.commit()
			w.join(1)
			w.write(1, 1)
			restored := w.as(0) // knows the first one only
			l.is(restored.commit(), "NONE")
			l.pass(time.Second)
			l.is(l.visible(1), "0")
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
