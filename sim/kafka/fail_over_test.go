package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// What survives a broker, a coordinator, and an answer that never comes.
func TestFailOver(t *testing.T) {
	// wrote is a writer with a transaction that has a record in both partitions.
	wrote := func(l *lab) *writer {
		w := l.Writer("a")
		l.is(w.Write(0, 1)+", "+w.Write(1, 1), "NONE at 0, NONE at 0")
		return w
	}
	tell(t, []story{
		{"J1 another coordinator goes on with the transaction", func(l *lab) {
			w := wrote(l)
			old := l.Coordinator("a")
			l.MoveCoordinator(TxnPartitionOf("a"), (old+1)%3)
			l.is(l.Ended(l.ask(old, 5, w.Ending(true))), "NOT_COORDINATOR")
			l.is(w.Commit(), "COORDINATOR_LOAD_IN_PROGRESS")
			l.pass(time.Second)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0)+", "+l.Visible(1), "0, 0")
		}},
		{"a commit that is lost before it arrives, too", func(l *lab) {
			w := wrote(l)
			l.LoseRequests(kmsg.EndTxn, 1)
			l.is(w.Commit(), silence)
			l.is(l.Describe("a"), "Ongoing p1/0 out-0 out-1")
			l.is(w.Commit(), "NONE p1/1")
		}},
		{"an answer that comes late is still an answer", func(l *lab) {
			w := wrote(l)
			l.DelayAnswers(kmsg.EndTxn, 1, 5*time.Second)
			l.is(w.Commit(), "NONE p1/1")
			l.is(l.Visible(0), "0")
		}},
		{"taking over whose answer is lost takes over once more", func(l *lab) {
			l.LoseAnswers(kmsg.InitProducerID, 1)
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), silence)
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "NONE p1/1")
		}},
		{"a decision survives its coordinator, and reaches every partition", func(l *lab) {
			w := wrote(l)
			l.SlowMarkers(time.Hour, 40*time.Millisecond)
			l.is(w.Commit(), "NONE p1/1")
			l.Kill(string(Addr(l.Coordinator("a"))))
			l.FailOver(l.Coordinator("a"))
			l.pass(2 * time.Second)
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(l.Visible(0)+", "+l.Visible(1), "0, 0")
			l.is(w.Commit(), "NONE p1/1")
		}},
		{"a coordinator that is unavailable decides nothing", func(l *lab) {
			w := wrote(l)
			l.FailCoordinators(protocol.CoordinatorNotAvailable, 5*time.Second)
			l.is(w.Commit(), "COORDINATOR_NOT_AVAILABLE")
			l.is(l.Describe("a"), "COORDINATOR_NOT_AVAILABLE")
			l.pass(5 * time.Second)
			l.is(w.Commit(), "NONE p1/1")
		}},
		{"what it had begun goes on meanwhile", func(l *lab) {
			w := wrote(l)
			l.SlowMarkers(time.Second, time.Second)
			w.Commit()
			l.FailCoordinators(protocol.CoordinatorNotAvailable, 5*time.Second)
			l.pass(2 * time.Second)
			l.is(l.Visible(0), "0")
		}},
		{"an append that fails decides nothing", func(l *lab) {
			w := wrote(l)
			l.FailTxnAppends(1, false)
			l.is(w.Commit(), "COORDINATOR_NOT_AVAILABLE")
			l.failOver("a")
			l.is(l.Describe("a"), "Ongoing p1/0 out-0 out-1")
			l.is(w.Commit(), "NONE p1/1")
		}},
		{"unless it was written all the same, which the next coordinator finds", func(l *lab) {
			w := wrote(l)
			l.FailTxnAppends(1, true)
			l.is(w.Commit(), "COORDINATOR_NOT_AVAILABLE")
			l.is(l.Describe("a"), "Ongoing p1/0 out-0 out-1")
			l.failOver("a")
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(w.Commit(), "NONE p1/1")
			l.is(l.Visible(0), "0")
		}},
		{"the decision under way when the coordinator dies is one or the other", func(l *lab) {
			outcomes := map[string]bool{}
			for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				w := l.Writer(id)
				w.Write(0, 1)
				l.send(l.Coordinator(id), 5, w.Ending(true))
				l.pass(time.Millisecond / 2) // it is appending
				l.failOver(id)
				outcomes[l.Describe(id)[:7]] = true
				l.is(w.Commit(), "NONE "+l.Pair(w.PID, 1))
			}
			if len(outcomes) != 2 {
				l.t.Errorf("eight times the append had the same luck: %v", outcomes)
			}
		}},
		{"a coordinator that was replaced sends no more markers", func(l *lab) {
			w := wrote(l)
			l.SlowMarkers(2*time.Second, 100*time.Millisecond)
			w.Commit()
			l.pass(time.Second)
			l.failOver("a")
			l.pass(5 * time.Second)
			l.is(l.Marked(0), "0 p1/0, 1 commit p1/1")
		}},
		{"a produce under way when its leader dies is lost with it, and written again", func(l *lab) {
			w := wrote(l)
			sent := l.SendProduce(l.Leads("out", 0), 12, w.ID, w.To(0, 1, 1))
			l.pass(time.Millisecond / 4) // it is appended, and not yet on every replica
			l.Kill(string(Addr(l.Leader("out", 0))))
			l.FailOver(l.Leader("out", 0))
			l.is(l.Produced(sent()), silence)
			l.is(l.Ends(0), "LSO 0 HW 1")
			l.is(w.Batch(0, 1, 1), "NONE at 1")
			l.pass(time.Second)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0), "0 1")
		}},
		{"unless the same one is back in time, which recognises it", func(l *lab) {
			w := wrote(l)
			leader := string(Addr(l.Leader("out", 0)))
			l.SendProduce(l.Leads("out", 0), 12, w.ID, w.To(0, 1, 1))
			l.pass(time.Millisecond / 4)
			l.Kill(leader)
			l.Restart(leader)
			l.pass(time.Second)
			l.is(l.Ends(0), "LSO 0 HW 2")
			l.is(w.Batch(0, 1, 1), "NONE at 1")
		}},
		{"a leader that was replaced does not acknowledge", func(l *lab) {
			w := wrote(l)
			sent := l.SendProduce(l.Leads("out", 0), 12, w.ID, w.To(0, 1, 1))
			l.pass(time.Millisecond / 4)
			l.MoveLeader("out", 0, (l.Leader("out", 0)+1)%3)
			l.is(l.Produced(sent()), "NOT_LEADER_OR_FOLLOWER")
			l.is(w.Batch(0, 1, 1), "NONE at 1")
		}},
	})
}
