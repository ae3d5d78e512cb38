package kafka

import (
	"testing"
	"time"
)

// A transaction that stays open for longer than its timeout is aborted by a scan, every ten seconds. All
// transactions here have a timeout of one minute.
func TestTime(t *testing.T) {
	tell(t, []story{
		{"the clock goes on while there is no coordinator", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.Kill(string(Addr(l.Coordinator("a"))))
			l.pass(5 * time.Minute)
			l.is(l.Ends(0), "LSO 0 HW 1")
			l.Restart(string(Addr(l.Coordinator("a"))))
			l.pass(12 * time.Second)
			l.is(l.Describe("a"), "CompleteAbort p1/1")
			l.is(l.Ends(0), "LSO 2 HW 2")
		}},
		{"what is decided does not time out", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.SlowMarkers(5*time.Minute, time.Second)
			w.Commit()
			l.pass(4 * time.Minute)
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-0")
			l.pass(2 * time.Minute)
			l.is(l.Visible(0), "0")
		}},
	})
}
