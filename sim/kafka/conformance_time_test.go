package kafka

import (
	"testing"
	"time"
)

// A transaction that stays open for longer than its timeout is aborted by a scan, every ten seconds. All
// transactions here have a timeout of one minute.
func TestTime(t *testing.T) {
	tell(t, []story{
		{"F1 what is open for too long is aborted, F2 and its owner told so", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.pass(59 * time.Second)
			l.is(l.describe("a"), "Ongoing p1/0 out-0")
			l.pass(12 * time.Second)
			l.is(l.describe("a"), "CompleteAbort p1/1")
			l.is(l.visible(0), "")
			l.is(l.ends(0), "LSO 2 HW 2")
			l.is(w.commit(), "INVALID_TXN_STATE")
			l.is(w.abort(), "NONE p1/1")
			w.version = 11
			l.is(w.commit(), "PRODUCER_FENCED")
			l.is(l.init("a", w.pid, w.epoch), "NONE p1/1")
		}},
		{"F1 before TV2 its owner is fenced", func(l *lab) {
			w := l.oldWriter("a")
			w.join(0)
			w.write(0, 1)
			l.pass(72 * time.Second)
			l.is(l.describe("a"), "CompleteAbort p1/1")
			l.is(w.commit(), "PRODUCER_FENCED")
			l.is(w.abort(), "PRODUCER_FENCED")
			l.is(w.write(0, 1), "INVALID_PRODUCER_EPOCH")
			l.is(l.init("a", w.pid, w.epoch), "PRODUCER_FENCED")
		}},
		{"F3 the clock does not start before the first record", func(l *lab) {
			w := l.writer("a")
			l.pass(2 * time.Minute)
			l.is(w.write(0, 1), "NONE at 0")
			l.is(w.commit(), "NONE p1/1")
		}},
		{"F4 later records do not set it back", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.pass(55 * time.Second)
			l.is(w.write(0, 1)+", "+w.write(1, 1), "NONE at 1, NONE at 0")
			l.pass(17 * time.Second)
			l.is(w.commit(), "INVALID_TXN_STATE")
		}},
		{"F5 the next transaction has a clock of its own", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.pass(55 * time.Second)
			w.commit()
			w = w.follow()
			w.write(0, 1)
			l.pass(55 * time.Second)
			l.is(w.commit(), "NONE p1/2")
		}},
		{"F6 a timeout uses the last epoch up", func(l *lab) {
			w := l.aged(l.writer("a"), exhausted)
			w.write(0, 1)
			l.pass(72 * time.Second)
			l.is(l.describe("a"), "CompleteAbort p1/32767")
			l.is(l.init("a", noPID, noEpoch), "NONE p2/0")
		}},
		{"F7 an id that nobody uses is forgotten, F8 and comes back with another producer id", func(l *lab) {
			l = newLab(l.t, Config{IDExpiration: time.Minute, IDExpiryScanInterval: 20 * time.Second})
			w := l.writer("a")
			l.pass(50 * time.Second)
			l.is(l.describe("a"), "Empty p1/0")
			l.pass(time.Minute)
			l.is(l.describe("a"), "TRANSACTIONAL_ID_NOT_FOUND")
			l.is(w.commit(), "INVALID_PRODUCER_ID_MAPPING")
			l.is(l.init("a", noPID, noEpoch), "NONE p2/0")
			l.is(w.write(0, 1), "INVALID_PRODUCER_ID_MAPPING")
		}},
		{"an id with an open transaction is not forgotten", func(l *lab) {
			l = newLab(l.t, Config{IDExpiration: 20 * time.Second, IDExpiryScanInterval: 20 * time.Second})
			w := l.writer("a")
			w.write(0, 1)
			l.pass(50 * time.Second)
			l.is(w.commit(), "NONE p1/1")
		}},
		{"the clock goes on while there is no coordinator", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.Kill(string(Addr(l.Coordinator("a"))))
			l.pass(5 * time.Minute)
			l.is(l.ends(0), "LSO 0 HW 1")
			l.Restart(string(Addr(l.Coordinator("a"))))
			l.pass(12 * time.Second)
			l.is(l.describe("a"), "CompleteAbort p1/1")
			l.is(l.ends(0), "LSO 2 HW 2")
		}},
		{"what is decided does not time out", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.SlowMarkers(5*time.Minute, time.Second)
			w.commit()
			l.pass(4 * time.Minute)
			l.is(l.describe("a"), "PrepareCommit p1/1 out-0")
			l.pass(2 * time.Minute)
			l.is(l.visible(0), "0")
		}},
	})
}
