package conformance

// A cluster of transaction version 0 has no place in its log for the style of a client. It finds that out too late: the
// change that it cannot write down stays pending, and the id busy, until another coordinator reads the log.
var versions = []Case{
	{"V1", "a cluster of TV0 refuses to write in the new style", Version0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Produce(12, w.ID, w.To(0, 0, 1)), "UNSUPPORTED_VERSION")
		l.Is(l.Log(0), "")
		l.stuck(w)
	}},
	{"V2", "and to end a transaction so", Version0, func(l *Lab) {
		w := l.wroteOld("a")
		l.Is(w.EndAt(l.Coordinates("a"), 5, true), "UNSUPPORTED_VERSION")
		l.Is(l.Visible(0), "")
		l.stuck(w)
	}},
	{"V3", "and to commit a position so", Version0, func(l *Lab) {
		w := l.Writer("a")
		l.Hasty = true
		// A group's coordinator that has never asked this one before may say so by itself.
		l.Comes(Patience, "CONCURRENT_TRANSACTIONS", func() string {
			l.Is(l.positioned(l.Ask(l.GroupCoordinator("g"), 5, w.Positioning(out, 0, 10, NoGeneration))), "UNSUPPORTED_VERSION")
			return w.EndAt(l.Coordinates("a"), 4, true)
		})
		l.stuck(w)
	}},
	{"V4", "no timeout ends it then", Version0 | Timeouts, func(l *Lab) {
		w := l.brief("a", 11)
		w.Join(0)
		w.Write(0, 1)
		l.Is(w.EndAt(l.Coordinates("a"), 5, true), "UNSUPPORTED_VERSION")
		l.Pass(l.share(12) + 2*l.Traits().AbortScan)
		l.Is(l.Describe("a"), "Ongoing p1/0 out-0")
	}},
	{"V5", "and a coordinator that reads the log does", Version0 | Kills, func(l *Lab) {
		w := l.wroteOld("a")
		l.Is(w.EndAt(l.Coordinates("a"), 5, true), "UNSUPPORTED_VERSION")
		node := l.Coordinates("a")
		l.kill(node)
		l.start(node)
		l.Comes(6*Patience, "Ongoing p1/0 out-0", func() string { return l.Describe("a") })
		l.Comes(Patience, "NONE", w.Commit)
		l.settled("a")
		l.Is(l.Visible(0), "0")
	}},
}

// stuck is what an id is afterwards.
func (l *Lab) stuck(w *Writer) {
	l.Hasty = true
	l.Is(w.EndAt(l.Coordinates(w.ID), 4, true), "CONCURRENT_TRANSACTIONS")
	l.Is(l.Init(w.ID, NoPID, NoEpoch), "CONCURRENT_TRANSACTIONS")
}
