package conformance

import "github.com/twmb/franz-go/pkg/kmsg"

// wrote is a writer with a transaction that has one record; wroteOld is the same in the older style.
func (l *Lab) wrote(id string) *Writer {
	w := l.Writer(id)
	l.Is(w.Write(0, 1), "NONE at 0")
	return w
}

func (l *Lab) wroteOld(id string) *Writer {
	w := l.OldWriter(id)
	l.Is(w.Join(0), "NONE")
	l.Is(w.Write(0, 1), "NONE at 0")
	return w
}

// The end of a transaction: who may decide it, when it is decided already, and what its epoch is afterwards.
var endTxn = []Case{
	{"E1", "a commit bumps the epoch", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.Commit(), "NONE p1/1")
		l.Settle("a")
		l.Is(l.Visible(0), "0")
	}},
	{"E2", "and its retry does not decide again", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.Commit(), "NONE p1/1")
		l.Is(w.Commit(), "NONE p1/1")
		l.Settle("a")
		l.Is(l.Log(0), "0 p1/0, 1 commit p1")
	}},
	{"E3", "what is committed cannot be aborted", 0, func(l *Lab) {
		w := l.wrote("a")
		w.Commit()
		l.Is(w.Abort(), "INVALID_TXN_STATE")
	}},
	{"E4", "a commit of nothing after a commit is no success", 0, func(l *Lab) {
		w := l.wrote("a")
		w.Commit()
		l.Is(w.Follow().Commit(), "INVALID_TXN_STATE")
	}},
	{"E5", "an abort of nothing is one", 0, func(l *Lab) {
		w := l.wrote("a")
		w.Commit()
		l.Is(w.Follow().Abort(), "NONE p1/2")
		l.Is(w.Follow().Abort(), "NONE p1/2")
	}},
	{"E6", "what is aborted cannot be committed", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.Abort(), "NONE p1/1")
		l.Is(w.Commit(), "INVALID_TXN_STATE")
		l.Is(l.Visible(0), "")
	}},
	{"E7", "a commit of nothing after taking over", 0, func(l *Lab) {
		l.wrote("a").Commit()
		l.Is(l.Writer("a").Commit(), "INVALID_TXN_STATE")
		l.Is(l.Writer("b").Commit(), "INVALID_TXN_STATE")
	}},
	{"E8", "an abort of nothing after taking over", 0, func(l *Lab) {
		l.Is(l.Writer("a").Abort(), "NONE p1/1")
		l.Settle("a")
		l.Is(l.Over("a"), "over p1/1")
	}},
	{"E9", "before TV2 nothing cannot be aborted", 0, func(l *Lab) {
		l.Is(l.OldWriter("a").Abort(), "INVALID_TXN_STATE")
	}},
	{"E10", "nor committed", 0, func(l *Lab) {
		l.Is(l.OldWriter("a").Commit(), "INVALID_TXN_STATE")
	}},
	{"E11", "before TV2 an end can be repeated, and not be turned", 0, func(l *Lab) {
		w := l.wroteOld("a")
		l.Is(w.Commit()+", "+w.Commit()+", "+w.Abort(), "NONE, NONE, INVALID_TXN_STATE")
		w = l.OldWriter("b")
		w.Join(1)
		w.Write(1, 1)
		l.Is(w.Abort()+", "+w.Abort()+", "+w.Commit(), "NONE, NONE, INVALID_TXN_STATE")
	}},
	{"E12", "before TV2 the retry of a commit commits the next transaction, which is the hazard", 0, func(l *Lab) {
		w := l.wroteOld("a")
		l.Is(w.Commit(), "NONE")
		w.Join(1)
		w.Write(1, 1)
		l.Is(w.Commit(), "NONE")
		l.Settle("a")
		l.Is(l.Visible(1), "0")
	}},
	{"E13", "under TV2 a late end does not touch the next transaction", 0, func(l *Lab) {
		w := l.wrote("a")
		w.Commit()
		w.Follow().Write(1, 1)
		l.Is(w.Commit(), "PRODUCER_FENCED")
		l.Is(w.Abort(), "PRODUCER_FENCED")
		l.Is(l.Describe("a"), "Ongoing p1/1 out-1")
	}},
	{"E14", "nor does it when that is over", 0, func(l *Lab) {
		w := l.wrote("a")
		w.Commit()
		w.Follow().Write(1, 1)
		w.Follow().Commit()
		l.Is(w.Commit(), "PRODUCER_FENCED")
	}},
	{"E15", "after taking over a retry is fenced, though it had been committed", 0, func(l *Lab) {
		w := l.wrote("a")
		w.Commit()
		l.Writer("a")
		l.Is(w.Commit(), "PRODUCER_FENCED")
		l.Is(l.Visible(0), "0")
	}},
	{"E16", "another epoch, another producer id", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.As(1).Commit(), "PRODUCER_FENCED")
		w.PID = unknownPID
		l.Is(w.Commit(), "INVALID_PRODUCER_ID_MAPPING")
	}},
	{"E17", "an unknown id", 0, func(l *Lab) {
		w := l.wrote("a")
		w.ID = "b"
		l.Is(w.Commit(), "INVALID_PRODUCER_ID_MAPPING")
	}},
	{"E18", "one id does not end the transaction of another", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Writer("b")
		w.ID = "b"
		l.Is(w.Commit(), "INVALID_PRODUCER_ID_MAPPING")
		l.Is(l.Describe("a"), "Ongoing p1/0 out-0")
	}},
	{"E19", "the empty id", 0, func(l *Lab) {
		w := l.wrote("a")
		coordinator := l.Coordinates("a")
		w.ID = ""
		l.Is(w.EndAt(coordinator, 5, true), "INVALID_REQUEST")
	}},
	{"E20", "the old word for fenced is given to old versions", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.As(3).EndAt(l.Coordinates("a"), 1, true), "INVALID_PRODUCER_EPOCH")
	}},
	{"E21", "a partition without data gets its marker, too", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Join(0, 1)
		w.Write(1, 1)
		l.Is(w.Commit(), "NONE")
		l.Settle("a")
		l.Is(l.Log(0), "0 commit p1")
		l.Is(l.Aborted(0, 0), "")
	}},
	{"E22", "the marker has the epoch after the end", 0, func(l *Lab) {
		l.wrote("a").Commit()
		l.Settle("a")
		l.Is(l.Marked(0), "0 p1/0, 1 commit p1/1")
		old := l.OldWriter("b")
		old.Join(1)
		old.Write(1, 1)
		old.Commit()
		l.Settle("b")
		l.Is(l.Marked(1), "0 p2/0, 1 commit p2/0")
	}},
	{"E23", "every partition learns the decision", 0, func(l *Lab) {
		w := l.wrote("a")
		for p := int32(1); p < outPartitions; p++ {
			w.Write(p, 2)
		}
		w.Commit()
		l.Settle("a")
		l.Is(l.Log(0), "0 p1/0, 1 commit p1")
		for p := int32(1); p < outPartitions; p++ {
			l.Is(l.Log(p), "0-1 p1/0, 2 commit p1")
			l.Is(l.Visible(p), "0 1")
		}
	}},
	{"E24", "a topic that is deleted meanwhile holds nothing up", 0, func(l *Lab) {
		l.CreateTopic("doomed", 1)
		w := l.OldWriter("a")
		req := w.Joining(0)
		doomed := kmsg.NewAddPartitionsToTxnRequestTopic()
		doomed.Topic, doomed.Partitions = l.topic("doomed"), []int32{0}
		req.Topics = append(req.Topics, doomed)
		l.Is(l.UntilSettled(func() string { return l.Joined(l.Ask(l.Coordinates("a"), 3, req)) }), "NONE, NONE")
		w.Write(0, 1)
		l.DeleteTopic("doomed")
		l.Is(w.Commit(), "NONE")
		l.Settle("a")
		l.Is(l.Over("a"), "over p1/0")
		l.Is(l.Visible(0), "0")
	}},
	{"E25", "old data may be ended in the new style, and then must be retried in it", 0, func(l *Lab) {
		w := l.wroteOld("a")
		w.Version = 12
		l.Is(w.Commit(), "NONE p1/1")
		l.Settle("a")
		l.Is(w.EndAt(l.Coordinates("a"), 4, true), "PRODUCER_FENCED")
		l.Is(w.Commit(), "NONE p1/1")
	}},
	{"E26", "the last epoch ends with another producer id, and its retry with the same", 0, func(l *Lab) {
		w := l.aged("a")
		w.Write(0, 1)
		l.Is(w.Commit(), "NONE p2/0")
		l.Is(w.Commit(), "NONE p2/0")
		l.Settle("a")
		l.Is(l.Marked(0), "0 p1/32766, 1 commit p1/32767")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p2/0")
	}},
	{"E27", "only the coordinator answers", Brokers, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.EndAt(l.Another(l.Coordinates("a")), 5, true), "NOT_COORDINATOR")
	}},
	{"E28", "the next transaction can begin at once", 0, func(l *Lab) {
		w := l.wrote("a")
		w.Commit()
		l.Is(w.Follow().Write(0, 1), "NONE at 2")
		old := l.OldWriter("b")
		old.Join(1)
		old.Commit()
		l.Is(old.Join(1), "NONE")
	}},
	{"E29", "after an abort an abort of nothing bumps again", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.Abort()+", "+w.Abort(), "NONE p1/1, NONE p1/1")
		l.Is(w.Follow().Abort(), "NONE p1/2")
		l.Settle("a")
		l.Is(l.Log(0), "0 p1/0, 1 abort p1")
	}},
	{"E30", "a transaction without records can be committed if partitions were added", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Join(0)
		l.Is(w.Commit(), "NONE")
		l.Settle("a")
		l.Is(l.Over("a"), "over p1/0")
		l.Is(l.Ends(0), "LSO 1 HW 1")
	}},
	{"E31", "the producer goes on for any number of transactions", 0, func(l *Lab) {
		w := l.Writer("a")
		for range 5 {
			w.Write(0, 1)
			w.Commit()
			w = w.Follow()
		}
		l.Settle("a")
		l.Is(l.Visible(0), "0 2 4 6 8")
		l.Is(l.Over("a"), "over p1/5")
	}},
}
