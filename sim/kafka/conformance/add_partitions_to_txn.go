package conformance

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Before TV2 clients tell the coordinator which partitions belong to the transaction.
var addPartitionsToTxn = []Case{
	{"B1", "the first partition opens the transaction", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(w.Join(1), "NONE")
		l.Is(l.Describe("a"), "Ongoing p1/0 out-1")
	}},
	{"B2", "and again changes nothing", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Join(1)
		l.Is(w.Join(1), "NONE")
		l.Is(w.Join(0), "NONE")
		l.Is(l.Describe("a"), "Ongoing p1/0 out-0 out-1")
	}},
	{"B3", "all or nothing", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(w.Join(0, 9), "OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION")
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
	{"B4", "another epoch", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(w.As(1).Join(0), "PRODUCER_FENCED")
	}},
	{"B5", "an unknown producer id", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.PID = unknownPID
		l.Is(w.Join(0), "INVALID_PRODUCER_ID_MAPPING")
	}},
	{"B6", "an unknown id, with the pair of another", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.ID = "b"
		l.Is(w.Join(0), "INVALID_PRODUCER_ID_MAPPING")
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
	{"B7", "the old word for fenced is given to old versions", 0, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(l.Joined(l.Ask(l.Coordinates("a"), 1, w.As(1).Joining(0))), "INVALID_PRODUCER_EPOCH")
	}},
	{"B8", "only the coordinator answers", Brokers, func(l *Lab) {
		w := l.OldWriter("a")
		l.Is(l.Joined(l.Ask(l.Another(l.Coordinates("a")), 3, w.Joining(0))), "NOT_COORDINATOR")
	}},
	{"B9", "a leader may ask for several transactions at once", 0, func(l *Lab) {
		l.needsNewStyle()
		a := l.Writer("a")
		b := l.Writer(l.beside("a"))
		req := kmsg.NewPtrAddPartitionsToTxnRequest()
		for _, w := range []*Writer{a, b} {
			txn := kmsg.NewAddPartitionsToTxnRequestTransaction()
			txn.TransactionalID, txn.ProducerID, txn.ProducerEpoch, txn.VerifyOnly = l.global(w.ID), w.PID, w.Epoch, w == b
			topic := kmsg.NewAddPartitionsToTxnRequestTransactionTopic()
			topic.Topic, topic.Partitions = l.topic(out), []int32{0}
			txn.Topics = append(txn.Topics, topic)
			req.Transactions = append(req.Transactions, txn)
		}
		resp, ok := l.Ask(l.Coordinates("a"), 5, req).(*kmsg.AddPartitionsToTxnResponse)
		if !ok {
			l.Stop("the request is not answered")
		}
		said := map[string]string{}
		for _, txn := range resp.Transactions {
			said[l.local(txn.TransactionalID)] = Name(txn.Topics[0].Partitions[0].ErrorCode)
		}
		l.Is(said[a.ID]+", "+said[b.ID], "NONE, TRANSACTION_ABORTABLE")
		l.Is(l.Describe("a"), "Ongoing p1/0 out-0")
		l.Is(l.Describe(b.ID), "Empty p2/0")
	}},
	{"B10", "the next transaction begins empty", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Join(0)
		l.Is(w.Commit(), "NONE")
		l.Is(w.Join(1), "NONE")
		l.Is(l.Describe("a"), "Ongoing p1/0 out-1")
	}},
}

// beside is another id that the coordinator of an id coordinates. That may have changed since the last look.
func (l *Lab) beside(id string) string {
	for n := range 200 {
		other := fmt.Sprint("beside-", n)
		if l.Coordinates(other) == l.Coordinates(id) {
			return other
		}
	}
	l.Stop("no other id has the coordinator of %s", id)
	return ""
}
