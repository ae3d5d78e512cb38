package kafka

import (
	"testing"
	"time"
)

// What readers see, and up to where: a read_committed one nothing from the first open transaction on.
func TestFetch(t *testing.T) {
	tell(t, []story{
		{"the marker of a coordinator that was replaced is refused", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.failOver("a")
			w.Commit()
			w = w.Follow()
			w.Write(0, 1)
			l.is(w.Mark(false, 0), "TRANSACTION_COORDINATOR_FENCED")
			l.is(w.Mark(false, 1), "NONE")
		}},
		{"a coordinator that is fenced gives up, and leaves the decision to the next one", func(l *lab) {
			w := l.Writer("a")
			w.Write(0, 1)
			l.is(w.Mark(false, 1), "NONE") // as if by a later one
			w.Commit()
			l.pass(time.Minute)
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-0")
			l.failOver("a")
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(l.Marked(0), "0 p1/0, 1 abort p1/0, 2 commit p1/1")
		}},
		{"nothing is read before it is on every replica", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}})
			w := l.PlainWriter()
			sent := l.SendProduce(l.Leads("out", 0), 12, "", w.To(0, 0, 1))
			l.pass(500 * time.Millisecond)
			l.is(l.Ends(0), "LSO 0 HW 0")
			l.is(l.Produced(sent()), "NONE at 0")
			l.is(l.Ends(0), "LSO 1 HW 1")
		}},
		{"nor is a commit, before its marker is", func(l *lab) {
			l = newLab(l.t, Config{Replication: Delay{time.Second, time.Second}, MarkerGap: Delay{0, 1}})
			w, other := l.Writer("a"), l.PlainWriter()
			w.Write(0, 1)
			l.SendProduce(l.Leads("out", 0), 12, "", other.To(0, 0, 1))
			l.pass(500 * time.Millisecond)
			w.Commit()
			l.pass(700 * time.Millisecond) // the marker is at offset 2, and the other's record on every replica
			l.is(l.Ends(0), "LSO 0 HW 2")
			l.pass(time.Second)
			l.is(l.Ends(0), "LSO 3 HW 3")
		}},
	})
}
