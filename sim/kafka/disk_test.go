package kafka

import (
	"testing"
	"time"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// A broker without room for its log halts, and what it led goes to others when its session has run out.
func TestDiskFull(t *testing.T) {
	// wrote is a writer with a transaction that has a record in out-0, in a cluster where halted brokers are dead.
	wrote := func(l *lab) *writer {
		l.OnHalt(func(n int) {
			l.After(0, func() { l.Kill(string(Addr(n))) })
			l.After(9*time.Second, func() {
				if !l.Up(string(Addr(n))) {
					l.Cluster.FailOver(n)
				}
			})
		})
		_, pid, epoch := l.InitFor("a", protocol.NoProducerID, protocol.NoEpoch, 15*time.Minute)
		w := l.Owner("a", pid, epoch)
		l.is(w.Write(0, 1), "NONE at 0")
		return w
	}
	all := func(l *lab, do func(int)) {
		for n := range l.Addrs() {
			do(n)
		}
	}
	restart := func(l *lab) {
		all(l, func(n int) {
			if !l.Up(string(Addr(n))) {
				l.Restart(string(Addr(n)))
			}
		})
	}
	tell(t, []story{
		{"who writes hears so, and then the broker halts", func(l *lab) {
			w := wrote(l)
			full := l.Leader("out", 0)
			l.FillDisk(full)
			l.is(w.Write(0, 1), "KAFKA_STORAGE_ERROR")
			l.pass(time.Second)
			if l.Up(string(Addr(full))) {
				t.Error("the broker goes on without a log directory")
			}
		}},
		{"readers find what there is until then", func(l *lab) {
			wrote(l)
			l.FillDisk(l.Leader("out", 0))
			l.is(l.Marked(0), "0 p1/0")
			l.pass(30 * time.Second)
			l.is(l.Marked(0), "0 p1/0")
		}},
		{"others lead, and the transaction goes on there", func(l *lab) {
			w := wrote(l)
			full := l.Leader("out", 0)
			l.FillDisk(full)
			l.is(w.Write(0, 1), "KAFKA_STORAGE_ERROR")
			l.pass(10 * time.Second)
			if l.Leader("out", 0) == full {
				t.Fatal("it still leads")
			}
			l.pass(time.Second)
			l.is(w.Write(0, 1), "NONE at 1")
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0), "0 1")
		}},
		{"a decision that cannot be written down is none, and another coordinator makes it", func(l *lab) {
			w := wrote(l)
			l.FillDisk(l.Coordinator("a"))
			l.is(w.Commit(), "NOT_COORDINATOR")
			l.pass(11 * time.Second)
			l.is(l.Describe("a"), "Ongoing p1/0 out-0")
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0), "0")
		}},
		{"a marker waits for another leader", func(l *lab) {
			w := wrote(l)
			if l.Leader("out", 0) == l.Coordinator("a") {
				l.failOver("a")
			}
			l.SlowMarkers(time.Second, 500*time.Millisecond)
			l.is(w.Commit(), "NONE p1/1")
			l.FillDisk(l.Leader("out", 0))
			l.pass(5 * time.Second)
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-0")
			l.pass(10 * time.Second)
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(l.Visible(0), "0")
		}},
		{"a follower that has to store what its leader has got halts, too", func(l *lab) {
			w := wrote(l)
			follower := (l.Leader("out", 0) + 1) % 3
			for l.Coordinator("a") == follower {
				l.failOver("a")
			}
			l.FillDisk(follower)
			l.SendProduce(l.Leads("out", 0), 12, w.ID, w.To(0, 1, 1))
			l.pass(time.Second)
			if l.Up(string(Addr(follower))) {
				t.Error("the follower goes on")
			}
			l.pass(12 * time.Second)
			l.is(l.Marked(0), "0 p1/0, 1 p1/0")
		}},
		{"with everything full nothing can be written, and afterwards everything is as it was", func(l *lab) {
			w := wrote(l)
			all(l, l.FillDisk)
			l.is(w.Write(0, 1), "KAFKA_STORAGE_ERROR")
			l.is(w.Commit(), "NOT_COORDINATOR")
			l.pass(time.Minute)
			restart(l)
			l.pass(time.Second)
			l.is(w.Write(0, 1), "KAFKA_STORAGE_ERROR") // from the last one, which had nothing to write before
			restart(l)
			l.pass(time.Second)
			all(l, func(n int) {
				if l.Up(string(Addr(n))) {
					t.Errorf("broker %d is up, and has to write to start", n)
				}
			})
			all(l, l.FreeDisk)
			restart(l)
			l.pass(12 * time.Second)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0), "0")
		}},
		{"who frees it before anybody writes has lost nothing", func(l *lab) {
			w := wrote(l)
			all(l, l.FillDisk)
			all(l, l.FreeDisk)
			l.is(w.Write(0, 1), "NONE at 1")
			l.is(w.Commit(), "NONE p1/1")
		}},
	})
}
