package process

import (
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/process/broker"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
)

// The model of Kafka can be served: its brokers answer on TCP at once, each in the goroutine of its connection, and yet
// are part of the world. That owns the turn, starts and kills brokers, hears of their steps, and carries what they say to
// each other and to processes of the world; so a fault strikes them at the same steps as in simulation.
//
//	member ──TCP──▶ proxy: links ──▶ broker.Server ── Note, Carry ──▶ world ── Boot, Kill, Deliver ──▶ broker.Server
//
// Nothing has to be read along: the harness looks into the logs themselves.

// serveKafka puts the model on TCP. Its brokers begin to live with the world.
func (c *Conductor) serveKafka() (err error) {
	if c.served, err = broker.Start(broker.Config{Kafka: c.cfg.Kafka, Host: host{c}}); err != nil {
		return err
	}
	c.cfg.Served = c.served.Cluster()
	addrs := c.served.Addrs()
	c.parts.at.Kafka = strings.Join(addrs, ",")
	names := map[string]string{}
	for n, name := range c.cfg.Served.Addrs() {
		names[addrs[n]] = string(name)
	}
	c.proxy, err = newProxy(names)
	return err
}

// brokerOf is the number of a broker that is served; false: the process is none.
func (c *Conductor) brokerOf(process string) (n int, is bool) {
	if c.served == nil {
		return 0, false
	}
	n = slices.Index(c.cfg.Served.Addrs(), mailbox.Addr(process))
	return n, n >= 0
}

// host is the world as the served Kafka needs it.
type host struct{ c *Conductor }

func (h host) Lock()   { h.c.take() }
func (h host) Unlock() { h.c.leave() }

func (h host) Now() time.Duration {
	if h.c.Cluster == nil {
		return 0
	}
	return h.c.Now()
}

func (h host) Clock(broker mailbox.Addr) *sim.Clock { return h.c.World.Clock(string(broker)) }

func (h host) Note(broker mailbox.Addr, step history.Event) {
	if h.c.live() {
		h.c.NoteOf(string(broker), string(broker), step)
	}
}

func (h host) Carry(from, to mailbox.Addr, m mailbox.Msg) {
	if h.c.live() {
		h.c.Enter(from, to, m)
	}
}
