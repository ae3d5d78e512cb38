package broker

import (
	"math/rand/v2"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
)

// actor is a broker, with the world as it sees it: a mailbox.Env. What it does happens once its Receive has returned, in
// order, since mail, notes and timers wait until then.
type actor struct {
	s     *Server
	addr  mailbox.Addr
	impl  mailbox.Actor
	rand  *rand.Rand
	clock *sim.Clock // its broker's
	dead  bool
}

// settleIn starts an actor.
func (s *Server) settleIn(addr mailbox.Addr, impl mailbox.Actor) {
	a := &actor{s: s, addr: addr, impl: impl, rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		clock: s.host.Clock(mailbox.Addr(addr.Process()))}
	s.actors[addr] = a
	a.Send(addr, mailbox.Started{})
}

func (a *actor) Self() mailbox.Addr     { return a.addr }
func (a *actor) Rand(string) *rand.Rand { return a.rand } // what real clients do is not repeated, either
func (a *actor) Work(mailbox.Work, int) {}                // the processor has already done it

// Now is the time of day, as the broker's clock has it.
func (a *actor) Now() time.Time {
	now := a.s.host.Now()
	return time.Now().Add(a.clock.At(now) - now)
}

func (a *actor) Send(to mailbox.Addr, m mailbox.Msg) {
	a.s.mail = append(a.s.mail, letter{by: a, from: a.addr, to: to, m: m})
}

func (a *actor) Note(step history.Event) {
	a.s.mail = append(a.s.mail, letter{by: a, from: a.addr, step: step})
}

func (a *actor) After(wait time.Duration, m mailbox.Msg) mailbox.Timer {
	return a.s.after(a.clock.Stretch(wait), &timer{of: a, m: m})
}

func (a *actor) Spawn(name string, child mailbox.Actor) mailbox.Addr {
	addr := a.addr.In(name)
	a.s.settleIn(addr, child)
	return addr
}
