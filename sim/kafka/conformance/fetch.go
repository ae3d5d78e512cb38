package conformance

import (
	"fmt"
	"time"
)

// What readers see, and up to where: a read_committed one nothing from the first open transaction on.
var fetch = []Case{
	{"G1", "without transactions the LSO is the high watermark", 0, func(l *Lab) {
		l.PlainWriter().Write(0, 3)
		l.Is(l.Ends(0), "LSO 3 HW 3")
	}},
	{"G2", "an open transaction holds back everything behind it", 0, func(l *Lab) {
		l.PlainWriter().Write(0, 1)
		l.Producer("a").Write(0, 2)
		l.PlainWriter().Write(0, 1)
		l.Is(l.Ends(0), "LSO 1 HW 4")
		l.Is(l.Visible(0), "0")
	}},
	{"G3", "also what is committed before it", 0, func(l *Lab) {
		a, b := l.Producer("a"), l.Producer("b")
		a.Write(0, 1)
		b.Write(0, 1)
		b.Commit()
		l.Settle("b")
		l.Is(l.Ends(0), "LSO 0 HW 3")
		l.Is(l.Visible(0), "")
	}},
	{"G4", "until it ends", 0, func(l *Lab) {
		a, b := l.Producer("a"), l.Producer("b")
		a.Write(0, 1)
		b.Write(0, 1)
		b.Commit()
		l.Settle("b")
		a.Abort()
		l.Settle("a")
		l.Is(l.Ends(0), "LSO 4 HW 4")
		l.Is(l.Aborted(0, 0), "p1@0")
		l.Is(l.Visible(0), "1")
	}},
	{"G5", "the list has what touches the data that is sent", 0, func(l *Lab) {
		w := l.Producer("a")
		w.Write(0, 2)
		w.Write(0, 2)
		w.Abort()
		l.Settle("a")
		l.PlainWriter().Write(0, 1)
		l.Is(l.Log(0), "0-1 p1/0, 2-3 p1/0, 4 abort p1, 5 p2/0")
		l.Is(l.Aborted(0, 3), "p1@0")
		l.Is(l.Aborted(0, 5), "")
	}},
	{"G6", "the list is in the order of the markers", 0, func(l *Lab) {
		a, b := l.Producer("a"), l.Producer("b")
		a.Write(0, 1)
		b.Write(0, 1)
		b.Abort()
		l.Settle("b")
		a.Abort()
		l.Settle("a")
		l.Is(l.Aborted(0, 0), "p2@1 p1@0")
		l.Is(l.Visible(0), "")
	}},
	{"G7", "a read_uncommitted reader sees it all, and gets no list", 0, func(l *Lab) {
		a, b := l.Producer("a"), l.Producer("b")
		a.Write(0, 1)
		a.Abort()
		l.Settle("a")
		b.Write(0, 1)
		l.Is(l.Log(0), "0 p1/0, 1 abort p1, 2 p2/0")
		l.Is(fmt.Sprint(l.Fetch(0, 0, false).AbortedTransactions == nil), "true")
	}},
	{"G8", "the latest offset depends on who asks", 0, func(l *Lab) {
		l.PlainWriter().Write(0, 2)
		l.Producer("a").Write(0, 1)
		l.Is(l.Offset(0, latest, true)+", "+l.Offset(0, latest, false), "2, 3")
		l.Is(l.Offset(0, earliest, true), "0")
	}},
	{"G9", "markers have offsets", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 2)
		w.Commit()
		w = w.Follow()
		w.Write(0, 2)
		w.Abort()
		w = w.Follow()
		w.Write(0, 1)
		w.Commit()
		l.Settle("a")
		l.Is(l.Log(0), "0-1 p1/0, 2 commit p1, 3-4 p1/1, 5 abort p1, 6 p1/2, 7 commit p1")
		l.Is(l.Visible(0), "0 1 6")
	}},
	{"G10", "records can be deleted within an open transaction, which leaves the LSO where it is", 0, func(l *Lab) {
		w := l.Producer("a")
		w.Write(0, 4)
		l.Is(l.DeleteRecords(0, 2), "NONE low 2")
		p := l.Fetch(0, 2, true)
		l.Is(fmt.Sprintf("start %d LSO %d HW %d", p.LogStartOffset, p.LastStableOffset, p.HighWatermark), "start 2 LSO 0 HW 4")
		l.Is(l.DeleteRecords(0, -1), "NONE low 4")
		w.Commit()
		l.Settle("a")
		p = l.Fetch(0, 4, true)
		l.Is(fmt.Sprintf("start %d LSO %d HW %d", p.LogStartOffset, p.LastStableOffset, p.HighWatermark), "start 4 LSO 5 HW 5")
	}},
	{"G11", "readers see the order of the log, not of the commits", 0, func(l *Lab) {
		a, b := l.Producer("a"), l.Producer("b")
		a.Write(0, 1)
		b.Write(0, 1)
		a.Write(0, 1)
		b.Commit()
		a.Commit()
		l.Settle("a", "b")
		l.Is(l.Visible(0), "0 1 2")
	}},
	{"G12", "a marker by hand ends a transaction", 0, func(l *Lab) {
		w := l.Producer("a")
		w.Write(0, 1)
		l.Is(w.Mark(false, 0), "NONE")
		l.Is(l.Ends(0), "LSO 2 HW 2")
		l.Is(l.Visible(0), "")
	}},
	{"G13", "with an old epoch it does not", 0, func(l *Lab) {
		l.Writer("a")
		w := l.Writer("a")
		w.Write(0, 1)
		l.Is(w.As(0).Mark(false, 0), "INVALID_PRODUCER_EPOCH")
		l.Is(l.Log(0), "0 p1/1")
	}},
	{"G14", "nor does the marker of a coordinator that was replaced", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.Is(w.Mark(true, 1_000_000), "NONE") // as if by a much later one
		w = w.As(1)
		l.Is(w.Mark(false, 999_999), "TRANSACTION_COORDINATOR_FENCED")
		l.Is(w.Mark(false, 1_000_000), "NONE")
	}},
	{"G15", "a commit after an abort in one answer is seen", 0, func(l *Lab) {
		w := l.Producer("a")
		w.Write(0, 1)
		w.Abort()
		w = w.Follow()
		w.Write(0, 1)
		w.Commit()
		l.Settle("a")
		l.Is(l.Visible(0), "2")
		l.Is(l.Aborted(0, 2), "")
	}},
	{"G16", "a fetch waits for records", 0, func(l *Lab) {
		read := l.SendFetch(0, 0, true, Patience/2)
		l.PlainWriter().Write(0, 1)
		l.Is(l.Read(read), "0")
	}},
	{"G17", "and for the marker, if it is read_committed", 0, func(l *Lab) {
		w := l.Producer("a")
		read := l.SendFetch(0, 0, true, Patience/2)
		w.Write(0, 1)
		w.Commit()
		l.Is(l.Read(read), "0")
	}},
	{"G18", "but not for ever", 0, func(l *Lab) {
		l.topic(out)
		from := l.Now()
		l.Is(l.Read(l.SendFetch(0, 0, true, time.Second)), "")
		if waited := l.Now().Sub(from); waited < time.Second || waited > Patience/2 {
			l.Is(waited.String(), "1s")
		}
	}},
	{"G19", "beyond the end of the log there is nothing to wait for", 0, func(l *Lab) {
		l.Is(l.Read(l.SendFetch(0, 1, true, Patience/2)), "OFFSET_OUT_OF_RANGE")
	}},
	{"G21", "what was deleted cannot be read", 0, func(l *Lab) {
		l.PlainWriter().Write(0, 4)
		l.Is(l.DeleteRecords(0, 2), "NONE low 2")
		l.Is(Name(l.Fetch(0, 1, true).ErrorCode), "OFFSET_OUT_OF_RANGE")
		l.Is(l.Offset(0, earliest, false), "2")
	}},
	{"G22", "nor can be deleted what is not there", 0, func(l *Lab) {
		l.PlainWriter().Write(0, 4)
		l.Is(l.DeleteRecords(0, 5), "OFFSET_OUT_OF_RANGE")
	}},
	{"G23", "a fetch has the whole batch in which its offset is", 0, func(l *Lab) {
		l.PlainWriter().Write(0, 4)
		l.Is(l.Read(l.SendFetch(0, 2, true, 0)), "0 1 2 3")
	}},
	{"G24", "an idempotent producer's records are visible at once", 0, func(l *Lab) {
		w := l.PlainWriter()
		w.Write(0, 2)
		l.Is(l.Visible(0), "0 1")
		l.Is(l.Log(0), "0-1 p1/0")
	}},
	{"G25", "a marker by hand may come again", 0, func(l *Lab) {
		w := l.Producer("a")
		w.Write(0, 1)
		l.Is(w.Mark(false, 0), "NONE")
		l.Is(w.Mark(false, 0), "NONE")
		l.Is(l.Log(0), "0 p1/0, 1 abort p1, 2 abort p1")
	}},
}
