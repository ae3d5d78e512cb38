package conformance

import "time"

// brief takes an id over with a transaction timeout that can be waited for.
func (l *Lab) brief(id string, version int16) *Writer {
	return l.writerFor(id, version, l.Traits().Timeout)
}

// share of the timeout.
func (l *Lab) share(tenths time.Duration) time.Duration { return l.Traits().Timeout * tenths / 10 }

// overdue waits until a transaction that has been open for some of its timeout must have been aborted.
func (l *Lab) overdue(id, says string, open time.Duration) {
	l.Pass(max(0, l.Traits().Timeout-open))
	l.Comes(l.Traits().AbortScan+Patience, says, func() string { return l.Over(id) })
}

// A transaction that stays open for longer than its timeout is aborted, when the coordinator looks next.
var timeouts = []Case{
	{"F1", "what is open for too long is aborted", Timeouts, func(l *Lab) {
		w := l.brief("a", 12)
		w.Write(0, 1)
		l.Pass(l.share(8))
		l.Is(l.Describe("a"), "Ongoing p1/0 out-0")
		l.overdue("a", "over p1/1", l.share(8))
		l.Is(l.Describe("a"), "CompleteAbort p1/1")
		l.Is(l.Visible(0), "")
		l.Is(l.Ends(0), "LSO 2 HW 2")
	}},
	{"F2", "and its owner told so", Timeouts, func(l *Lab) {
		w := l.brief("a", 12)
		w.Write(0, 1)
		l.overdue("a", "over p1/1", 0)
		l.Is(w.Commit(), "INVALID_TXN_STATE")
		l.Is(w.Abort(), "NONE p1/1")
		w.Version = 11
		l.Is(w.Commit(), "PRODUCER_FENCED")
	}},
	{"F3", "the clock does not start before the first record", Timeouts, func(l *Lab) {
		w := l.brief("a", 12)
		l.Pass(2 * l.Traits().Timeout)
		l.Is(w.Write(0, 1), "NONE at 0")
		l.Is(w.Commit(), "NONE p1/1")
	}},
	{"F4", "later records do not set it back", Timeouts, func(l *Lab) {
		w := l.brief("a", 12)
		w.Write(0, 1)
		l.Pass(l.share(8))
		l.Is(w.Write(0, 1)+", "+w.Write(1, 1), "NONE at 1, NONE at 0")
		l.Pass(l.share(3) + l.Traits().AbortScan)
		l.Is(w.Commit(), "INVALID_TXN_STATE")
	}},
	{"F5", "the next transaction has a clock of its own", Timeouts, func(l *Lab) {
		w := l.brief("a", 12)
		w.Write(0, 1)
		l.Pass(l.share(7))
		w.Commit()
		w = w.Follow()
		w.Write(0, 1)
		l.Pass(l.share(7))
		l.Is(w.Commit(), "NONE p1/2")
	}},
	{"F6", "a timeout uses the last epoch up", Timeouts, func(l *Lab) {
		w := l.agedFor("a", l.Traits().Timeout)
		w.Write(0, 1)
		l.overdue("a", l.either("over p2/0", "over p1/32767"), 0)
		l.Is(l.Init("a", NoPID, NoEpoch), l.either("NONE p2/1", "NONE p2/0"))
	}},
	{"F7", "an id that nobody uses is forgotten", Expiration, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Describe("a"), "Empty p1/0")
		l.forgotten("a")
		l.Is(w.Commit(), "INVALID_PRODUCER_ID_MAPPING")
	}},
	{"F8", "and comes back with another producer id", Expiration, func(l *Lab) {
		w := l.Writer("a")
		l.forgotten("a")
		l.Is(l.Init("a", NoPID, NoEpoch), "NONE p2/0")
		l.Is(w.Write(0, 1), "INVALID_PRODUCER_ID_MAPPING")
	}},
	{"F9", "before TV2 the owner of what timed out is fenced", Timeouts, func(l *Lab) {
		w := l.brief("a", 11)
		w.Join(0)
		w.Write(0, 1)
		l.overdue("a", "over p1/1", 0)
		l.Is(w.Commit(), "PRODUCER_FENCED")
		l.Is(w.Abort(), "PRODUCER_FENCED")
		l.Is(w.Write(0, 1), "INVALID_PRODUCER_EPOCH")
		l.Is(l.Init("a", w.PID, w.Epoch), l.either("NONE p1/1", "PRODUCER_FENCED"))
	}},
	{"F10", "in a cluster of TV2 it can go on from its pair", Timeouts, func(l *Lab) {
		w := l.brief("a", 12)
		w.Write(0, 1)
		l.overdue("a", "over p1/1", 0)
		l.Is(w.Write(0, 1), "INVALID_PRODUCER_EPOCH")
		l.Is(l.Init("a", w.PID, w.Epoch), l.either("NONE p1/1", "PRODUCER_FENCED"))
	}},
	{"F11", "an id with an open transaction is not forgotten", Expiration, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.Pass(l.Traits().Expiration)
		l.Is(w.Commit(), "NONE p1/1")
	}},
	{"F12", "a partition that was added and never written counts as open", Timeouts, func(l *Lab) {
		w := l.brief("a", 11)
		w.Join(0)
		l.overdue("a", "over p1/1", 0)
		l.Is(l.Log(0), "0 abort p1")
		l.Is(w.Commit(), "PRODUCER_FENCED")
	}},
}

// forgotten waits until an id has expired.
func (l *Lab) forgotten(id string) {
	l.Pass(l.Traits().Expiration)
	l.Comes(Patience, "TRANSACTIONAL_ID_NOT_FOUND", func() string { return l.Describe(id) })
}
