package conformance

import "github.com/flinch-dev/flinch/runtime/recordbatch"

// What a partition leader accepts, and what it asks the coordinator before it lets a transaction begin.
var produce = []Case{
	{"C1", "the leader itself adds the partition to the transaction", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(w.Write(0, 1), "NONE at 0")
		l.Is(l.Describe("a"), "Ongoing p1/0 out-0")
	}},
	{"C2", "for an older client it only verifies, and refuses what was not added", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(w.Write(0, 1), "TRANSACTION_ABORTABLE")
		w.Join(1)
		l.Is(w.Write(0, 1), "TRANSACTION_ABORTABLE")
		l.Is(l.Log(0), "")
	}},
	{"C3", "in the word that an even older client knows", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Version = 10
		l.Is(w.Write(0, 1), "INVALID_TXN_STATE")
		l.Is(l.Log(0), "")
	}},
	{"C4", "a refused zombie leaves no ghost of a transaction", 0, func(l *Lab) {
		zombie := l.Writer("a")
		l.Writer("a")
		l.Is(zombie.Write(0, 1), "INVALID_PRODUCER_EPOCH")
		l.Is(l.Describe("a"), "Empty p1/1")
	}},
	{"C5", "whose timeout would fence the living", Timeouts, func(l *Lab) {
		zombie := l.brief("a", 12)
		w := l.brief("a", 12)
		zombie.Write(0, 1)
		l.Pass(l.Traits().Timeout + l.Traits().AbortScan)
		l.Is(w.Write(0, 1), "NONE at 0")
	}},
	{"C6", "an epoch from the future is refused", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(w.As(7).Write(0, 1), "INVALID_PRODUCER_EPOCH")
		l.Is(l.Describe("a"), "Empty p1/0")
		l.Is(w.Write(0, 1), "NONE at 0")
	}},
	{"C7", "a transactional batch needs a transactional id", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Produce(12, "", w.To(0, 0, 1)), "TRANSACTIONAL_ID_AUTHORIZATION_FAILED")
	}},
	{"C8", "and its own", 0, func(l *Lab) {
		w, other := l.Writer("a"), l.Writer("b")
		l.Is(l.Produce(12, other.ID, w.To(0, 0, 1)), "INVALID_PRODUCER_ID_MAPPING")
	}},
	{"C9", "an unknown producer id is refused", 0, func(l *Lab) {
		w := l.Writer("a")
		w.PID = unknownPID
		l.Is(w.Write(0, 1), "INVALID_PRODUCER_ID_MAPPING")
	}},
	{"C10", "a request has one transactional producer", 0, func(l *Lab) {
		w, other := l.Writer("a"), l.Writer("b")
		one, another := l.besides()
		l.Is(l.Produce(12, w.ID, w.To(one, 0, 1), other.To(another, 0, 1)), "INVALID_PRODUCER_ID_MAPPING, INVALID_PRODUCER_ID_MAPPING")
		l.Is(l.Log(one)+l.Log(another), "")
	}},
	{"C11", "within its transaction a producer writes nothing else to the partition", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.Is(w.Plain().Batch(0, 1, 1), "INVALID_TXN_STATE")
	}},
	{"C12", "but may to another partition", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.Is(w.Plain().Write(1, 1), "NONE at 0")
	}},
	{"C13", "clients write no markers", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.Is(l.Produce(12, w.ID, Load{0, recordbatch.Marker(w.PID, w.Epoch, true, 0, l.Now().UnixMilli())}), "INVALID_RECORD")
	}},
	{"C14", "after a commit the old epoch opens nothing", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		w.Commit()
		l.Settle("a")
		l.Is(w.Write(0, 1), "INVALID_PRODUCER_EPOCH")
		l.Is(l.Over("a"), "over p1/1")
	}},
	{"C15", "nor does late data of an older client", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Join(0)
		w.Write(0, 1)
		w.Commit()
		l.Settle("a")
		l.Is(w.Write(0, 1), "TRANSACTION_ABORTABLE")
		l.Is(l.Log(0), "0 p1/0, 1 commit p1")
	}},
	{"C16", "a retransmit within the transaction is recognised", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 3)
		w.Write(0, 2)
		l.Is(w.Batch(0, 0, 3), "NONE at 0")
		l.Is(l.Log(0), "0-2 p1/0, 3-4 p1/0")
	}},
	{"C17", "after the marker it is refused", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		w.Commit()
		l.Settle("a")
		l.Is(w.Batch(0, 0, 1), "INVALID_PRODUCER_EPOCH")
	}},
	{"C18", "only the leader takes data, and no other broker asks to add the partition", Brokers, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Produced(l.SendProduce(l.Another(l.Leads(out, 0)), 12, w.ID, w.To(0, 0, 1))()), "NOT_LEADER_OR_FOLLOWER")
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
	{"C19", "an unknown partition is refused", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Produced(l.SendProduce(l.Leads(out, 0), 12, w.ID, w.To(9, 0, 1))()), "UNKNOWN_TOPIC_OR_PARTITION")
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
	{"C20", "a damaged batch is refused", 0, func(l *Lab) {
		damaged := l.PlainWriter().To(0, 0, 2)
		damaged.Data[recordbatch.HeaderSize+3]++
		l.Is(l.Produce(12, "", damaged), "CORRUPT_MESSAGE")
		l.Is(l.Log(0), "")
	}},
	{"C21", "so is one that says more than it has", 0, func(l *Lab) {
		w := l.PlainWriter()
		two := w.To(0, 0, 2)
		short := w.To(0, 0, 1).Data[recordbatch.HeaderSize:]
		b := recordbatch.Builder{Data: append(two.Data[:recordbatch.HeaderSize:recordbatch.HeaderSize], short...), N: 2}
		l.Is(l.Produce(12, "", Load{0, b.Seal(0, w.PID, w.Epoch, 0)}), "INVALID_RECORD")
		l.Is(l.Log(0), "")
	}},
	{"C22", "requests of one connection are worked on one after the other", 0, func(l *Lab) {
		w := l.PlainWriter()
		leader := l.Leads(out, 0)
		l.Conn = 1
		first := l.SendProduce(leader, 12, "", w.To(0, 0, 1))
		second := l.SendProduce(leader, 12, "", w.To(0, 1, 1))
		l.Is(l.Produced(first())+", "+l.Produced(second()), "NONE at 0, NONE at 1")
	}},
	{"C23", "a transaction has any number of partitions", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(w.Write(0, 1)+", "+w.Write(1, 1)+", "+w.Write(0, 1), "NONE at 0, NONE at 0, NONE at 1")
		l.Is(l.Describe("a"), "Ongoing p1/0 out-0 out-1")
	}},
}

// besides are two partitions of the topic out with one leader: it has more partitions than there are brokers.
func (l *Lab) besides() (one, other int32) {
	for other = range outPartitions {
		for one = range other {
			if l.Leads(out, one) == l.Leads(out, other) {
				return one, other
			}
		}
	}
	l.Stop("no broker leads two partitions of the topic out")
	return 0, 0
}
