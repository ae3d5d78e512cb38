package conformance

import "fmt"

// used is a writer without transactions, on a partition that has held a record.
func (l *Lab) used() *Writer {
	l.PlainWriter().Write(0, 1)
	return l.PlainWriter()
}

// Sequences tell a partition what is a retransmit, and that nothing is missing.
var sequences = []Case{
	{"D1", "batches in order", 0, func(l *Lab) {
		w := l.PlainWriter()
		for i := range 7 {
			l.Is(w.Write(0, 2), fmt.Sprintf("NONE at %d", 2*i))
		}
		l.Is(l.Ends(0), "LSO 14 HW 14")
	}},
	{"D2", "and retransmits of the last five", 0, func(l *Lab) {
		w := l.PlainWriter()
		for range 7 {
			w.Write(0, 2)
		}
		for i := int32(4); i < 14; i += 2 {
			l.Is(w.Batch(0, i, 2), fmt.Sprintf("NONE at %d", i))
		}
		l.Is(l.Ends(0), "LSO 14 HW 14")
	}},
	{"D3", "the sixth-last is forgotten", 0, func(l *Lab) {
		w := l.PlainWriter()
		for range 7 {
			w.Write(0, 2)
		}
		l.Is(w.Batch(0, 2, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER")
	}},
	{"D4", "a gap", 0, func(l *Lab) {
		w := l.PlainWriter()
		w.Write(0, 2)
		l.Is(w.Batch(0, 3, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
	}},
	{"D5", "an overlap", 0, func(l *Lab) {
		w := l.PlainWriter()
		w.Write(0, 2)
		l.Is(w.Batch(0, 1, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER")
	}},
	{"D6", "a higher epoch begins at 0, and ends the one before", 0, func(l *Lab) {
		w := l.PlainWriter()
		w.Write(0, 2)
		l.Is(w.As(1).Batch(0, 2, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		l.Is(w.As(1).Batch(0, 0, 2), "NONE at 2")
		l.Is(w.As(1).Batch(0, 0, 2), "NONE at 2")
		l.Is(w.Write(0, 1), "INVALID_PRODUCER_EPOCH")
	}},
	{"D7", "an unknown producer may begin anywhere", 0, func(l *Lab) {
		l.Is(l.used().Batch(0, 5, 1), "NONE at 1")
	}},
	{"D8", "since Kafka 4.5 at 0 on a partition that never held a record", 0, func(l *Lab) {
		if said := l.PlainWriter().Batch(0, 5, 1); said != "NONE at 0" { // as before 4.5
			l.Is(said, "OUT_OF_ORDER_SEQUENCE_NUMBER")
		}
	}},
	{"D9", "at 0 within a transaction of its own", 0, func(l *Lab) {
		l.used()
		w := l.Writer("a")
		l.Is(w.Batch(0, 5, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		l.Is(w.Batch(0, 0, 1), "NONE at 1")
	}},
	{"D10", "after 2147483647 comes 0", 0, func(l *Lab) {
		w := l.used()
		l.Is(w.Batch(0, 2147483640, 8), "NONE at 1")
		l.Is(w.Batch(0, 0, 1), "NONE at 9")
	}},
	{"D11", "also within a batch", 0, func(l *Lab) {
		w := l.used()
		l.Is(w.Batch(0, 2147483645, 5), "NONE at 1")
		l.Is(w.Batch(0, 2, 1), "NONE at 6")
	}},
	{"D12", "each transaction begins at 0", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 2)
		w.Commit()
		w = w.Follow()
		l.Is(w.Batch(0, 2, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		l.Is(w.Batch(0, 0, 1), "NONE at 3")
	}},
	{"D13", "before TV2 sequences go on over transactions", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Join(0)
		w.Write(0, 2)
		w.Commit()
		l.Settle("a")
		w.Join(0)
		l.Is(w.Batch(0, 2, 1), "NONE at 3")
		l.Is(w.Batch(0, 0, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
	}},
	{"D14", "a batch that wraps is recognised when it comes again", 0, func(l *Lab) {
		w := l.used()
		l.Is(w.Batch(0, 2147483645, 5), "NONE at 1")
		l.Is(w.Batch(0, 2147483645, 5), "NONE at 1")
		l.Is(l.Ends(0), "LSO 6 HW 6")
	}},
	{"D15", "partitions count by themselves", 0, func(l *Lab) {
		w := l.PlainWriter()
		l.Is(w.Write(0, 3)+", "+w.Write(1, 1)+", "+w.Write(1, 1)+", "+w.Write(0, 1), "NONE at 0, NONE at 0, NONE at 1, NONE at 3")
	}},
	{"D16", "a retransmit with another number of records is none", 0, func(l *Lab) {
		w := l.PlainWriter()
		w.Write(0, 3)
		l.Is(w.Batch(0, 0, 2), "OUT_OF_ORDER_SEQUENCE_NUMBER")
	}},
	{"D17", "who takes over begins at 0, where the former owner wrote", 0, func(l *Lab) {
		former := l.Writer("a")
		former.Write(0, 2)
		former.Commit()
		l.Settle("a")
		w := l.Writer("a")
		l.Is(w.Batch(0, 2, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		l.Is(w.Batch(0, 0, 1), "NONE at 3")
	}},
}
