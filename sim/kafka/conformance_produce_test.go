package kafka

import (
	"fmt"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What a partition leader accepts, and what it asks the coordinator before it lets a transaction begin.
func TestProduce(t *testing.T) {
	tell(t, []story{
		{"C1 the leader itself adds the partition to the transaction", func(l *lab) {
			w := l.writer("a")
			l.is(w.write(0, 1), "NONE at 0")
			l.is(l.describe("a"), "Ongoing p1/0 out-0")
		}},
		{"C2 for an older client it only verifies, and refuses what was not added", func(l *lab) {
			w := l.oldWriter("a")
			l.is(w.write(0, 1), "TRANSACTION_ABORTABLE")
			w.join(1)
			l.is(w.write(0, 1), "TRANSACTION_ABORTABLE")
			l.is(l.log(0), "")
		}},
		{"C3 in the word that an even older client knows", func(l *lab) {
			w := l.oldWriter("a")
			w.version = 10
			l.is(w.write(0, 1), "INVALID_TXN_STATE")
			l.is(l.log(0), "")
		}},
		{"C4 a refused zombie leaves no ghost of a transaction, C5 whose timeout would fence the living", func(l *lab) {
			zombie := l.writer("a")
			w := l.writer("a")
			l.is(zombie.write(0, 1), "INVALID_PRODUCER_EPOCH")
			l.is(l.describe("a"), "Empty p1/1")
			l.pass(2 * time.Minute)
			l.is(w.write(0, 1), "NONE at 0")
		}},
		{"C6 an epoch from the future is refused", func(l *lab) {
			w := l.writer("a")
			l.is(w.as(7).write(0, 1), "INVALID_PRODUCER_EPOCH")
			l.is(l.describe("a"), "Empty p1/0")
			l.is(w.write(0, 1), "NONE at 0")
		}},
		{"C7 a transactional batch needs a transactional id", func(l *lab) {
			w := l.writer("a")
			l.is(l.produce(12, nil, w.to(0, 0, 1)), "TRANSACTIONAL_ID_AUTHORIZATION_FAILED")
		}},
		{"C8 and its own", func(l *lab) {
			w, other := l.writer("a"), l.writer("b")
			l.is(l.produce(12, &other.id, w.to(0, 0, 1)), "INVALID_PRODUCER_ID_MAPPING")
		}},
		{"C9 an unknown producer id is refused", func(l *lab) {
			w := l.writer("a")
			w.pid = 987654
			l.is(w.write(0, 1), "INVALID_PRODUCER_ID_MAPPING")
		}},
		{"C10 a request has one transactional producer", func(l *lab) {
			l.MoveLeader("out", 1, l.Leader("out", 0))
			w, other := l.writer("a"), l.writer("b")
			l.is(l.produce(12, &w.id, w.to(0, 0, 1), other.to(1, 0, 1)), "INVALID_PRODUCER_ID_MAPPING, INVALID_PRODUCER_ID_MAPPING")
			l.is(l.log(0)+l.log(1), "")
		}},
		{"C11 within its transaction a producer writes nothing else to the partition", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			plain := w.as(0)
			plain.id = ""
			l.is(plain.batch(0, 1, 1), "INVALID_TXN_STATE")
		}},
		{"C12 but may to another partition", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			plain := w.as(0)
			plain.id = ""
			l.is(plain.write(1, 1), "NONE at 0")
		}},
		{"C13 clients write no markers", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.is(l.produce(12, &w.id, load{0, recordbatch.Marker(w.pid, w.epoch, true, 0, 0)}), "INVALID_RECORD")
		}},
		{"C14 after a commit the old epoch opens nothing", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			w.commit()
			l.pass(time.Second)
			l.is(w.write(0, 1), "INVALID_PRODUCER_EPOCH")
			l.is(l.describe("a"), "CompleteCommit p1/1")
		}},
		{"C15 nor does late data of an older client", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			w.write(0, 1)
			w.commit()
			l.pass(time.Second)
			l.is(w.write(0, 1), "TRANSACTION_ABORTABLE")
			l.is(l.log(0), "0 p1/0, 1 commit p1/0")
		}},
		{"C16 a retransmit within the transaction is recognised", func(l *lab) {
			w := l.writer("a")
			w.write(0, 3)
			w.write(0, 2)
			l.is(w.batch(0, 0, 3), "NONE at 0")
			l.is(l.log(0), "0-2 p1/0, 3-4 p1/0")
		}},
		{"C17 after the marker it is refused, before it recognised", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.SlowMarkers(time.Second, time.Second)
			w.commit()
			l.is(w.batch(0, 0, 1), "NONE at 0")
			l.pass(2 * time.Second)
			l.is(w.batch(0, 0, 1), "INVALID_PRODUCER_EPOCH")
		}},
		{"C18 only the leader takes data, and no other broker asks to add the partition", func(l *lab) {
			w := l.writer("a")
			other := (l.Leader("out", 0) + 1) % 3
			l.is(l.produced(l.sendProduce(other, 12, &w.id, w.to(0, 0, 1))), "NOT_LEADER_OR_FOLLOWER")
			l.is(l.describe("a"), "Empty p1/0")
		}},
		{"an unknown partition is refused", func(l *lab) {
			w := l.writer("a")
			l.is(l.produced(l.sendProduce(0, 12, &w.id, w.to(9, 0, 1))), "UNKNOWN_TOPIC_OR_PARTITION")
		}},
		{"a damaged batch is refused, and so is one that says more than it has", func(l *lab) {
			w := l.plainWriter()
			damaged := w.to(0, 0, 2)
			damaged.data[headerSize+3]++
			l.is(l.produce(12, nil, damaged), "CORRUPT_MESSAGE")
			two := w.to(0, 0, 2)
			short := w.to(0, 0, 1).data[headerSize:]
			b := recordbatch.Builder{Data: append(two.data[:headerSize:headerSize], short...), N: 2}
			l.is(l.produce(12, nil, load{0, b.Seal(0, w.pid, w.epoch, 0)}), "INVALID_RECORD")
			l.is(l.log(0), "")
		}},
		{"what was allowed before it was moved is not written by the old leader", func(l *lab) {
			w := l.writer("a")
			asked := l.sendProduce(l.Leader("out", 0), 12, &w.id, w.to(0, 0, 1))
			l.pass(time.Millisecond) // the coordinator is appending
			l.MoveLeader("out", 0, (l.Leader("out", 0)+1)%3)
			l.is(l.produced(asked), "NOT_LEADER_OR_FOLLOWER")
			l.is(w.write(0, 1), "NONE at 0")
		}},
		{"a leader asks a busy coordinator again, for a tenth of a second", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.SlowMarkers(50*time.Millisecond, time.Second)
			w.commit()
			l.is(w.follow().write(0, 1), "NONE at 2")
			l.SlowMarkers(time.Second, time.Second)
			w.follow().commit()
			l.hasty = true
			l.is(w.follow().follow().write(0, 1), "CONCURRENT_TRANSACTIONS")
		}},
		{"an older client of a busy coordinator is told of replicas", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			w.write(0, 1)
			l.SlowMarkers(time.Second, time.Second)
			w.commit()
			l.is(w.write(1, 1), "NOT_ENOUGH_REPLICAS")
		}},
		{"without a coordinator no transaction begins, but an open one goes on", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.FailCoordinators(CoordinatorNotAvailable, time.Minute)
			l.is(w.write(1, 1), "NOT_ENOUGH_REPLICAS")
			l.is(w.write(0, 1), "NONE at 1")
		}},
		{"without a coordinator a zombie is refused all the same", func(l *lab) {
			zombie := l.writer("a")
			w := l.writer("a")
			w.write(0, 1)
			l.FailCoordinators(CoordinatorNotAvailable, time.Minute)
			l.is(zombie.write(0, 1), "INVALID_PRODUCER_EPOCH")
		}},
		{"what was allowed within a transaction is not written after it", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			w.join(1)
			w.write(0, 1)
			l.DelayAnswers(kmsg.AddPartitionsToTxn, 1, time.Second)
			late := l.sendProduce(l.Leader("out", 1), 11, &w.id, w.to(1, 0, 1))
			l.is(w.commit(), "NONE")
			l.pass(500 * time.Millisecond)
			l.is(l.log(1), "0 commit p1/0")
			l.is(l.produced(late), "INVALID_TXN_STATE")
		}},
		{"requests of one connection are worked on one after the other", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}})
			w := l.plainWriter()
			l.conn = 1
			first := l.sendProduce(l.Leader("out", 0), 12, nil, w.to(0, 0, 1))
			second := l.sendProduce(l.Leader("out", 0), 12, nil, w.to(0, 1, 1))
			l.pass(500 * time.Millisecond)
			l.is(fmt.Sprint(l.Partition("out", 0).leo), "1")
			l.is(l.produced(first)+", "+l.produced(second), "NONE at 0, NONE at 1")
		}},
		{"until it breaks: what comes after that does not wait for what came before", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}})
			w := l.plainWriter()
			l.conn = 1
			l.is(w.write(0, 1), "NONE at 0")
			l.sendProduce(l.Leader("out", 0), 12, nil, w.to(0, 1, 1))
			l.pass(time.Second / 4)
			l.Kill("client")
			l.Restart("client")
			l.pass(0)
			asked := l.send(l.Leader("out", 0), 12, kmsg.NewPtrMetadataRequest())
			l.pass(time.Second / 4)
			l.is(fmt.Sprint(l.heard[asked] != nil), "true")
		}},
	})
}

// Sequences tell a partition what is a retransmit, and that nothing is missing.
func TestSequences(t *testing.T) {
	// used is a writer without transactions, on a partition that has held a record.
	used := func(l *lab) *writer {
		l.plainWriter().write(0, 1)
		return l.plainWriter()
	}
	tell(t, []story{
		{"D1 batches in order, D2 and retransmits of the last five", func(l *lab) {
			w := l.plainWriter()
			for i := range int32(7) {
				l.is(w.write(0, 2), []string{"NONE at 0", "NONE at 2", "NONE at 4", "NONE at 6", "NONE at 8", "NONE at 10", "NONE at 12"}[i])
			}
			l.is(w.batch(0, 4, 2), "NONE at 4")
			l.is(w.batch(0, 12, 2), "NONE at 12")
			l.is(l.ends(0), "LSO 14 HW 14")
		}},
		{"D3 the sixth-last is forgotten", func(l *lab) {
			w := l.plainWriter()
			for range 7 {
				w.write(0, 2)
			}
			l.is(w.batch(0, 2, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		}},
		{"D4 a gap", func(l *lab) {
			w := l.plainWriter()
			w.write(0, 2)
			l.is(w.batch(0, 3, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		}},
		{"D5 an overlap", func(l *lab) {
			w := l.plainWriter()
			w.write(0, 2)
			l.is(w.batch(0, 1, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		}},
		{"D6 a higher epoch begins at 0, and ends the one before", func(l *lab) {
			w := l.plainWriter()
			w.write(0, 2)
			l.is(w.as(1).batch(0, 2, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
			l.is(w.as(1).batch(0, 0, 2), "NONE at 2")
			l.is(w.as(1).batch(0, 0, 2), "NONE at 2")
			l.is(w.write(0, 1), "INVALID_PRODUCER_EPOCH")
		}},
		{"D7 an unknown producer may begin anywhere", func(l *lab) {
			l.is(used(l).batch(0, 5, 1), "NONE at 1")
		}},
		{"D8 but at 0 on a partition that never held a record", func(l *lab) {
			l.is(l.plainWriter().batch(0, 5, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		}},
		{"D9 and at 0 with a transaction of its own", func(l *lab) {
			used(l)
			w := l.writer("a")
			l.is(w.batch(0, 5, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
			l.is(w.batch(0, 0, 1), "NONE at 1")
		}},
		{"D10 after 2147483647 comes 0", func(l *lab) {
			w := used(l)
			l.is(w.batch(0, 2147483640, 8), "NONE at 1")
			l.is(w.batch(0, 0, 1), "NONE at 9")
		}},
		{"D11 also within a batch", func(l *lab) {
			w := used(l)
			l.is(w.batch(0, 2147483645, 5), "NONE at 1")
			l.is(w.batch(0, 2, 1), "NONE at 6")
			l.is(w.batch(0, 2147483645, 5), "NONE at 1")
		}},
		{"D12 each transaction begins at 0", func(l *lab) {
			w := l.writer("a")
			w.write(0, 2)
			w.commit()
			w = w.follow()
			l.is(w.batch(0, 2, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
			l.is(w.batch(0, 0, 1), "NONE at 3")
		}},
		{"D13 before TV2 sequences go on over transactions", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			w.write(0, 2)
			w.commit()
			w.join(0)
			l.is(w.batch(0, 2, 1), "NONE at 3")
			l.is(w.batch(0, 0, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		}},
		{"a batch that overtook a refused one waits for it", func(l *lab) {
			used(l)
			w := l.oldWriter("a")
			w.join(0)
			l.FailCoordinators(CoordinatorNotAvailable, time.Second)
			l.is(w.batch(0, 0, 1), "NOT_ENOUGH_REPLICAS")
			l.pass(time.Second)
			l.is(w.batch(0, 1, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
			l.is(w.batch(0, 0, 1), "NONE at 1")
			l.is(w.batch(0, 1, 1), "NONE at 2")
		}},
	})
}
