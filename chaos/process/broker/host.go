package broker

import (
	"cmp"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// Host is a world that a cluster is part of. It owns the turn, the time and the network between brokers, and says when
// brokers live. It calls the server's Boot, Kill and Deliver, and touches its Cluster, while it is locked.
type Host interface {
	sync.Locker
	// Now is the true time, which stands still while the host is locked.
	Now() time.Duration
	// Clock is a broker's own, which may be wrong, over all of its lives.
	Clock(broker mailbox.Addr) *sim.Clock
	// Note hears of a step of the protocol. What the broker has done after it has not yet left, and never does if the
	// broker is killed now.
	Note(broker mailbox.Addr, step history.Event)
	// Carry takes mail from a broker to whoever is none of the server's clients, and hands that for a broker to Deliver.
	Carry(from, to mailbox.Addr, m mailbox.Msg)
}

// alone is the host of a server that is part of nothing: faults are its own, and dead brokers come back by themselves.
type alone struct {
	sync.Mutex
	s       *Server
	faults  *injector
	restart time.Duration
	clocks  map[mailbox.Addr]*sim.Clock
}

// instant is a delay that is over at once.
var instant = kafka.Delay{Least: 1, Most: 1}

// newAlone settles what a server without a host decides for itself.
func newAlone(s *Server, cfg *Config) (a *alone, err error) {
	for _, d := range []*kafka.Delay{&cfg.Kafka.Replication, &cfg.Kafka.TxnReplication, &cfg.Kafka.MarkerGap, &cfg.Kafka.Load} {
		if *d == (kafka.Delay{}) {
			*d = instant
		}
	}
	a = &alone{s: s, restart: cmp.Or(cfg.RestartAfter, 10*time.Second), clocks: map[mailbox.Addr]*sim.Clock{}}
	a.faults, err = newInjector(s, a.kill, cfg.Faults)
	return a, err
}

// begin lets all brokers live, and faults strike.
func (a *alone) begin() {
	a.s.Do(func(c *kafka.Cluster) {
		c.OnHalt(func(node int) { a.s.after(0, &timer{do: func() { a.kill(node) }}) })
		for n := range c.Addrs() {
			a.s.Boot(n)
		}
		a.faults.in.Start()
	})
}

func (a *alone) Now() time.Duration { return a.s.now() }

func (a *alone) Clock(broker mailbox.Addr) *sim.Clock {
	if a.clocks[broker] == nil {
		c := sim.NewClock()
		a.clocks[broker] = &c
	}
	return a.clocks[broker]
}

// Note shows faults a step. What the model finds wrong with itself is worth a line in the log.
func (a *alone) Note(_ mailbox.Addr, step history.Event) {
	if v, ok := step.(history.Violation); ok {
		a.s.log.Error("the model breaks its own rule", "rule", v.Invariant, "detail", v.Detail)
	}
	a.faults.observe(a.s.now(), step)
}

func (a *alone) Carry(from, to mailbox.Addr, m mailbox.Msg) { a.s.Deliver(from, to, m) }

// session is how long a broker may be away until others lead what it led (broker.session.timeout.ms).
const session = 9 * time.Second

// kill ends a broker's life. Other brokers are told; after a while they take its place, and after another it comes back.
func (a *alone) kill(node int) {
	dead := kafka.Addr(node)
	if a.s.actors[dead] == nil {
		return // and it has its way back
	}
	a.s.Kill(node)
	a.s.cluster.Died(node)
	for _, addr := range a.s.cluster.Addrs() {
		if addr != dead {
			a.s.Deliver(addr, addr, mailbox.Disconnected{Process: string(dead)})
		}
	}
	a.s.after(session, &timer{do: func() {
		if a.s.actors[dead] == nil {
			a.s.cluster.FailOver(node)
		}
	}})
	a.s.after(a.restart, &timer{do: func() { a.revive(node) }})
}

// revive begins the next life of a broker that is dead.
func (a *alone) revive(node int) {
	if a.s.actors[kafka.Addr(node)] == nil {
		a.s.Boot(node)
	}
}

// Crash kills a broker of a server without a Host, as a fault does; Revive brings it back before its time.
func (s *Server) Crash(node int) { s.Do(func(*kafka.Cluster) { s.host.(*alone).kill(node) }) }

// Revive ends what Crash has begun.
func (s *Server) Revive(node int) { s.Do(func(*kafka.Cluster) { s.host.(*alone).revive(node) }) }
