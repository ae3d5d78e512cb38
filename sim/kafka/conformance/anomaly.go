package conformance

// What went wrong in the field, and must go wrong here in the same way.
var anomalies = []Case{
	{"P1", "before TV2 a late abort takes a record out of the next transaction", 0, func(l *Lab) {
		w := l.wroteOld("a")
		l.Is(w.Abort(), "NONE")
		w.Join(0)
		l.Is(w.Write(0, 1), "NONE at 2")
		l.Is(w.EndAt(l.Coordinates("a"), 4, false), "NONE") // the same abort, which was sent before and comes now
		l.Settle("a")
		w.Join(1)
		l.Is(w.Write(1, 1), "NONE at 0")
		l.Is(w.Commit(), "NONE")
		l.Settle("a")
		l.Is(l.Visible(0)+", "+l.Visible(1), ", 0")
	}},
	{"P2", "under TV2 the late abort is fenced", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.Abort(), "NONE p1/1")
		next := w.Follow()
		l.Is(next.Write(0, 1), "NONE at 2")
		l.Is(w.EndAt(l.Coordinates("a"), 5, false), "PRODUCER_FENCED")
		l.Is(next.Write(1, 1), "NONE at 0")
		l.Is(next.Commit(), "NONE p1/2")
		l.Settle("a")
		l.Is(l.Visible(0)+", "+l.Visible(1), "2, 0")
	}},
	{"P7", "before TV2 two transactions of one epoch are committed together", 0, func(l *Lab) {
		w := l.wroteOld("a")
		w.Commit()
		w.Join(1)
		w.Write(1, 1)
		restored := w.As(0) // knows the first one only
		l.Is(restored.Commit(), "NONE")
		l.Settle("a")
		l.Is(l.Visible(1), "0")
	}},
	{"P8", "who takes over never sees what the former owner flushed and did not commit", 0, func(l *Lab) {
		l.wrote("a")
		w := l.Writer("a")
		w.Write(0, 1)
		w.Commit()
		l.Settle("a")
		l.Is(l.Visible(0), "2")
	}},
}
