package broker

import (
	"math/rand/v2"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// actor is a broker, with the world as it sees it: a mailbox.Env. What it does happens once its Receive has returned,
// since mail and timers wait until then.
type actor struct {
	s    *Server
	addr mailbox.Addr
	impl mailbox.Actor
	rand *rand.Rand
}

// settleIn starts an actor.
func (s *Server) settleIn(addr mailbox.Addr, impl mailbox.Actor) {
	s.actors[addr] = &actor{s: s, addr: addr, impl: impl, rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	s.send(addr, addr, mailbox.Started{})
}

func (a *actor) Self() mailbox.Addr                  { return a.addr }
func (a *actor) Now() time.Time                      { return time.Now() }
func (a *actor) Rand(string) *rand.Rand              { return a.rand } // what real clients do is not repeated, either
func (a *actor) Send(to mailbox.Addr, m mailbox.Msg) { a.s.send(a.addr, to, m) }
func (a *actor) Note(event history.Event)            { a.s.note(event) }
func (a *actor) Work(mailbox.Work, int)              {} // the processor has already done it

func (a *actor) After(wait time.Duration, m mailbox.Msg) mailbox.Timer {
	return a.s.after(wait, &timer{of: a, m: m})
}

func (a *actor) Spawn(name string, child mailbox.Actor) mailbox.Addr {
	addr := a.addr.In(name)
	a.s.settleIn(addr, child)
	return addr
}
