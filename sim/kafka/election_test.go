package kafka

import (
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/record"
)

// Who leads when leaders die, and what is left of the log.
func TestElection(t *testing.T) {
	unclean := map[string]string{"unclean.leader.election.enable": "true"}
	// alone has broker 0 be the last one in sync on partition 0, and one record ahead of the others.
	alone := func(l *lab) {
		l.StopFollowers(1, "out")
		l.StopFollowers(2, "out")
		sent := l.acks(-1, time.Minute, 0, 0)
		l.pass(46 * time.Second)
		l.is(l.Produced(sent()), "NONE at 1")
		l.is(l.replicas(0), "0 leads [0]")
		l.is(l.Ends(0), "LSO 2 HW 2")
	}
	for _, s := range []struct {
		name   string
		config map[string]string
		tell   func(l *lab)
	}{
		{"a clean one loses nothing that was acknowledged", nil, func(l *lab) {
			l.is(l.all(0), "NONE at 0")
			l.acks(1, time.Second, 0, 0) // acks=1, and its leader dies at once
			l.pass(time.Millisecond / 4)
			l.die(0)
			l.expire(0)
			l.is(l.replicas(0), "1 leads [1 2]")
			l.is(l.Marked(0), "0 plain")
			l.is(l.all(0), "NONE at 1")
			l.comeBack(0)
			l.is(l.replicas(0), "1 leads [0 1 2]")
			l.is(l.Marked(0), "0 plain, 1 plain")
		}},
		{"the log of a replica in sync that was slow is the log, too", nil, func(l *lab) {
			l.StopFollowers(1)
			sent := l.acks(-1, time.Minute, 0, 0)
			l.pass(time.Second)
			l.die(0)
			l.expire(0)
			l.is(l.replicas(0), "1 leads [1 2]")
			l.is(l.Marked(0), "")
			l.is(l.Produced(sent()), silence)
		}},
		{"without one in sync nobody leads, until it is back", nil, func(l *lab) {
			l.is(l.all(0), "NONE at 0")
			alone(l)
			l.die(0)
			l.expire(0)
			l.is(l.replicas(0), "-1 leads [0] LEADER_NOT_AVAILABLE")
			l.ResumeFollowers(1)
			l.ResumeFollowers(2)
			l.pass(time.Hour)
			l.is(l.replicas(0), "-1 leads [0] LEADER_NOT_AVAILABLE")
			l.comeBack(0)
			l.is(l.replicas(0), "0 leads [0 1 2]")
			l.is(l.Marked(0), "0 plain, 1 plain")
			l.is(l.all(0), "NONE at 2")
		}},
		{"input waits for a leader as other writers do", nil, func(l *lab) {
			l.is(l.all(0), "NONE at 0")
			alone(l)
			l.die(0)
			l.Partition("out", 0).AppendInput(l.Now(), record.Record{Key: []byte("k"), Count: 1})
			l.expire(0)
			l.Partition("out", 0).AppendInput(l.Now(), record.Record{Key: []byte("k"), Count: 1})
			l.comeBack(0)
			l.is(l.Marked(0), "0 plain, 1 plain, 2-3 plain")
		}},
		{"an unclean one loses what was acknowledged and read", unclean, func(l *lab) {
			l.is(l.all(0), "NONE at 0")
			alone(l)
			l.die(0)
			l.expire(0)
			l.is(l.replicas(0), "1 leads [1]")
			l.is(l.Ends(0), "LSO 1 HW 1")
			l.is(name(l.Fetch(0, 2, true).ErrorCode), "OFFSET_OUT_OF_RANGE")
			l.is(l.all(0), "NONE at 1") // it takes the offset of the lost one
			l.comeBack(0)
			l.ResumeFollowers(2)
			l.pass(time.Second)
			l.is(l.replicas(0), "1 leads [0 1 2]")
		}},
		{"an operator can order it", nil, func(l *lab) {
			l.is(l.all(0), "NONE at 0")
			alone(l)
			l.ElectUnclean(2) // somebody leads
			l.is(l.replicas(0), "0 leads [0]")
			l.die(0)
			l.expire(0)
			l.ElectUnclean(2)
			l.is(l.replicas(0), "2 leads [2]")
			l.is(l.Ends(0), "LSO 1 HW 1")
		}},
		{"the transaction log waits whatever is ordered", nil, func(l *lab) {
			w := l.Writer("a")
			l.is(w.Write(1, 1), "NONE at 0")
			for n := range 3 {
				l.die(n)
			}
			for n := range 3 {
				l.FailOver(n)
			}
			if l.Coordinator("a") != -1 {
				l.t.Errorf("broker %d coordinates, and is dead", l.Coordinator("a"))
			}
			for n := range 3 {
				l.comeBack(n)
			}
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(1), "0")
		}},
	} {
		t.Run(s.name, func(t *testing.T) { s.tell(replicatedLab(t, s.config)) })
	}
}

// What follows from a log follows from what is left of it.
func TestTruncate(t *testing.T) {
	// cut lets the log of out-0 end at an offset: it is what broker 1 has when it is elected.
	cut := func(l *lab, write func()) {
		l.pass(time.Second)
		l.StopFollowers(1, "out")
		l.StopFollowers(2, "out")
		write()
		l.pass(46 * time.Second)
		l.die(0)
		l.expire(0)
		l.is(l.replicas(0), "1 leads [1]")
	}
	tell := func(name string, do func(l *lab)) {
		t.Run(name, func(t *testing.T) {
			do(replicatedLab(t, map[string]string{"unclean.leader.election.enable": "true"}))
		})
	}
	tell("sequences go back", func(l *lab) {
		w := l.PlainWriter()
		l.is(w.Write(0, 2), "NONE at 0")
		cut(l, func() { l.SendProduce(0, 12, "", w.To(0, 2, 3)) })
		l.is(w.Batch(0, 0, 2), "NONE at 0")
		l.is(w.Batch(0, 5, 1), "OUT_OF_ORDER_SEQUENCE_NUMBER")
		l.is(w.Batch(0, 2, 3), "NONE at 2")
		l.is(w.Batch(0, 2, 3), "NONE at 2")
	})
	tell("a transaction whose marker is gone is open, and nobody will end it", func(l *lab) {
		w := l.Writer("a")
		l.is(w.Write(0, 1), "NONE at 0")
		cut(l, func() {
			l.is(w.Commit(), "NONE p1/1")
		})
		l.is(l.Ends(0), "LSO 0 HW 1")
		l.is(l.Describe("a"), "CompleteCommit p1/1")
		l.is(l.Visible(0), "")
		l.is(w.Mark(false, 0), "NONE")
		l.pass(time.Second)
		l.is(l.Ends(0), "LSO 2 HW 2")
	})
	tell("one that is gone was never there", func(l *lab) {
		w := l.Writer("a")
		l.is(w.Write(1, 1), "NONE at 0")
		cut(l, func() { l.SendProduce(0, 12, w.ID, w.To(0, 0, 1)) })
		l.is(w.Commit(), "NONE p1/1")
		l.pass(time.Minute)                // the marker of out-1 has to wait for a follower
		l.is(l.Marked(0), "0 commit p1/1") // its coordinator knows better
		l.is(l.Visible(1), "0")
	})
	tell("the index of what is aborted is as the log has it", func(l *lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.is(w.Abort(), "NONE p1/1")
		w = w.Follow()
		l.is(w.Write(0, 1), "NONE at 2")
		cut(l, func() { l.is(w.Abort(), "NONE p1/2") })
		l.is(l.Ends(0), "LSO 2 HW 3")
		if aborted := l.Fetch(0, 0, true).AbortedTransactions; len(aborted) != 1 || aborted[0].FirstOffset != 0 {
			l.t.Errorf("aborted transactions are %+v, want the one at 0", aborted)
		}
	})
	tell("what a reader has is not changed under its hands", func(l *lab) {
		w := l.PlainWriter()
		w.Write(0, 1)
		var held []byte
		cut(l, func() {
			l.SendProduce(0, 12, "", w.To(0, 1, 1))
			l.pass(46 * time.Second)
			held, _ = l.Partition("out", 0).read(1, 2, 1<<20)
		})
		before := string(held)
		l.is(w.Batch(0, 1, 2), "NONE at 1")
		if len(held) == 0 || string(held) != before {
			l.t.Error("the bytes of the lost record have become those of another one")
		}
	})
}
