package conformance

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What survives a broker, a coordinator, and an answer that never comes.
var failOver = []Case{
	{"J1", "another coordinator goes on with the transaction", Moves, func(l *Lab) {
		w := l.wrote("a")
		w.Write(1, 1)
		old := l.Coordinates("a")
		l.moveCoordinator("a")
		l.Is(w.EndAt(old, 5, true), "NOT_COORDINATOR")
		l.Comes(Patience, "NONE p1/1", w.Commit)
		l.settled("a")
		l.Is(l.Visible(0)+", "+l.Visible(1), "0, 0")
	}},
	{"J2", "another leader goes on with the sequences", Moves, func(l *Lab) {
		w := l.wrote("a")
		w.Write(0, 2)
		l.moveLeader(0)
		l.Comes(Patience, "NONE at 1", func() string { return w.Batch(0, 1, 2) })
		l.Is(w.Write(0, 1), "NONE at 3")
		l.Is(w.Commit(), "NONE p1/1")
		l.Settle("a")
		l.Is(l.Visible(0), "0 1 2 3")
	}},
	{"J3", "a transaction survives that its brokers are started again", Kills, func(l *Lab) {
		w := l.wrote("a")
		for _, node := range []int32{l.Coordinates("a"), l.Leads(out, 0)} {
			l.kill(node)
			l.start(node)
		}
		l.Comes(6*Patience, "Ongoing p1/0 out-0", func() string { return l.Describe("a") })
		l.Comes(Patience, "NONE p1/1", w.Commit)
		l.settled("a")
		l.Is(l.Visible(0), "0")
	}},
	{"J4", "and that all of them are killed", Kills, func(l *Lab) {
		w := l.wrote("a")
		w.Write(1, 1)
		var all []int32
		for _, b := range l.Metadata(AnyNode).Brokers {
			all = append(all, b.NodeID)
		}
		l.kill(all...)
		l.start(all...)
		l.Comes(6*Patience, "Ongoing p1/0 out-0 out-1", func() string { return l.Describe("a") })
		l.Comes(Patience, "NONE p1/1", w.Commit)
		l.settled("a")
		l.Is(l.Visible(0)+", "+l.Visible(1), "0, 0")
	}},
	{"J8", "a commit whose answer nobody waits for is repeated", 0, func(l *Lab) {
		w := l.wrote("a")
		l.SendTo(l.Coordinates("a"), 5, w.Ending(true))
		l.Is(w.Commit(), "NONE p1/1")
		l.Settle("a")
		l.Is(l.Log(0), "0 p1/0, 1 commit p1")
	}},
	{"J11", "a coordinator that failed over does not know a retry, and fences it", Moves, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p1/1")
		l.moveCoordinator("a")
		l.Comes(Patience, "PRODUCER_FENCED", func() string { return l.Init("a", w.PID, w.Epoch) })
	}},
	{"J12", "a decision is not made again by another coordinator", Moves, func(l *Lab) {
		w := l.wrote("a")
		l.Is(w.Commit(), "NONE p1/1")
		l.Settle("a")
		l.moveCoordinator("a")
		l.Comes(Patience, "over p1/1", func() string { return l.Over("a") })
		l.Is(w.Commit(), "NONE p1/1")
		l.Is(l.Log(0), "0 p1/0, 1 commit p1")
	}},
	{"J13", "and the first one goes on when it is elected again, from what the others wrote", Moves, func(l *Lab) {
		w := l.wrote("a")
		first := l.Coordinates("a")
		l.moveCoordinator("a")
		l.Comes(Patience, "NONE p1/1", w.Commit)
		l.settled("a")
		l.Target.(Mover).MoveCoordinator(l.global("a"), first)
		l.Comes(Patience, "over p1/1", func() string { return l.Over("a") })
		l.Comes(Patience, "NONE at 2", func() string { return w.Follow().Write(0, 1) }) // once its leader knows the coordinator
	}},
	{"J14", "a produce whose answer nobody waits for is not written twice", 0, func(l *Lab) {
		w := l.wrote("a")
		l.Conn = 1
		l.SendProduce(l.Leads(out, 0), 12, w.ID, w.To(0, 1, 1))
		l.Conn = NewConn
		l.Is(l.repeated(func() string { return w.Batch(0, 1, 1) }), "NONE at 1")
		l.Is(l.Log(0), "0 p1/0, 1 p1/0")
	}},
	{"J15", "two who take over at once get two epochs", 0, func(l *Lab) {
		l.Writer("a")
		coordinator := l.Coordinates("a")
		first := l.SendTo(coordinator, 5, l.Initing("a", NoPID, NoEpoch, lasting))
		second := l.SendTo(coordinator, 5, l.Initing("a", NoPID, NoEpoch, lasting))
		granted := map[int16]bool{}
		for _, await := range []func() kmsg.Response{first, second} {
			if resp, ok := await().(*kmsg.InitProducerIDResponse); ok && resp.ErrorCode == 0 {
				if granted[resp.ProducerEpoch] {
					l.Stop("both are given epoch %d", resp.ProducerEpoch)
				}
				granted[resp.ProducerEpoch] = true
			}
		}
	}},
}

// repeated asks again while what was sent before may still be under way.
func (l *Lab) repeated(ask func() string) string {
	return l.wait(time.Second, ask, func(said string) bool { return said != "OUT_OF_ORDER_SEQUENCE_NUMBER" })
}

func (l *Lab) kill(nodes ...int32) {
	l.Target.(Killer).Kill(nodes...)
	l.dead = append(l.dead, nodes...)
}

func (l *Lab) start(nodes ...int32) {
	l.Target.(Killer).Start(nodes...)
	l.dead = slices.DeleteFunc(l.dead, func(n int32) bool { return slices.Contains(nodes, n) })
}

func (l *Lab) moveCoordinator(id string) {
	to := l.Another(l.Coordinates(id))
	l.Target.(Mover).MoveCoordinator(l.global(id), to)
	l.Comes(Patience, "moved", func() string {
		if l.Coordinates(id) != to {
			return "not moved"
		}
		return "moved"
	})
}

func (l *Lab) moveLeader(partition int32) {
	to := l.Another(l.Leads(out, partition))
	l.Target.(Mover).MoveLeader(l.topic(out), partition, to)
	l.Comes(Patience, "moved", func() string {
		if l.Leads(out, partition) != to {
			return "not moved"
		}
		return "moved"
	})
}

// settled is Settle where the coordinator may still have to load.
func (l *Lab) settled(id string) {
	l.wait(Patience, func() string { return l.Describe(id) }, func(said string) bool { return said[:min(8, len(said))] == "Complete" })
}
