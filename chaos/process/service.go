package process

import (
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// service is a real service behind a stand-in in the world: its gateway lives here, and what is wrong with the
// service happens between the two. It is touched by whoever may touch the world.
//
//	member ──▶ world: link, stand-in ──▶ request: refused? swallowed? late? ──▶ gateway ──▶ the real one
//	       ◀── world: link ◀──────────── answer: lost? ◀──────────────────────────┘
type service struct {
	c        *Conductor
	name     string
	gateway  services.Gateway
	node     *live.Node
	states   []fault.ServiceState
	hits     uint64            // requests that met what was wrong
	turn     time.Duration     // throttle: when the next request may go
	answers  chan mailbox.Msg  // to the harness itself
	doomed   map[asked]bool    // requests whose answer will be lost
	sessions map[string]string // of the coordination service: by name, the process that keeps it alive
	leases   map[string]holder // the same: by key, who wrote it last
	said     *complaint        // of the gateway
}

// holder is who wrote a lease last: a process, and the identity that it wrote.
type holder struct{ process, identity string }

// asked is a request under way.
type asked struct {
	from mailbox.Addr
	req  uint64
}

// adopt puts a gateway behind the stand-in of a service.
func (c *Conductor) adopt(name string, g services.Gateway) *service {
	s := &service{c: c, name: name, gateway: g, answers: make(chan mailbox.Msg, 1), doomed: map[asked]bool{}, sessions: map[string]string{}, leases: map[string]holder{}}
	s.node = live.Start(live.Config{Name: name, Residents: []live.Resident{{Actor: g.Actor}}, Carry: s.answer, Log: slog.New(slog.DiscardHandler)})
	c.services[name] = s
	return s
}

func (s *service) close() {
	s.node.Stop()
	s.gateway.Close()
}

// request takes mail for the service out of the world.
func (s *service) request(from mailbox.Addr, m mailbox.Msg) {
	r := s.read(from.Process(), m)
	s.remember(from.Process(), m)
	var wait time.Duration
	for _, wrong := range s.states {
		if !meets(wrong, r) || wrong.Mode == fault.LostAnswer && rand.Float64() >= wrong.Share {
			continue
		}
		s.hits++
		switch wrong.Mode {
		case fault.Timeout, fault.Unavailable:
			return
		case fault.Http503:
			s.c.Enter(mailbox.Addr(s.name), from, r.refusal)
			return
		case fault.Throttle:
			s.turn = max(s.turn, s.c.Now()) + time.Duration(float64(time.Second)/wrong.PerSecond)
			wait = s.turn - s.c.Now()
		case fault.LostAnswer:
			s.doomed[asked{from, r.req}] = true
		}
	}
	send := func() { s.node.Send(from, mailbox.Addr(s.name), m) }
	if wait > 0 {
		s.c.After(wait, send)
	} else {
		send()
	}
}

// harness is who asks for the harness itself; its mail takes no part in the world.
const harness mailbox.Addr = "harness"

// patience is how long the harness waits for a service.
const patience = 30 * time.Second

// ask asks the gateway for the harness and waits; nil: it has not answered.
func (s *service) ask(m mailbox.Msg) mailbox.Msg {
	select {
	case <-s.answers: // to something that nobody waited for any more
	default:
	}
	s.node.Send(harness, mailbox.Addr(s.name), m)
	select {
	case answer := <-s.answers:
		return answer
	case <-time.After(patience):
		return nil
	}
}

// meets says whether what is wrong with a service concerns a request.
func meets(wrong fault.ServiceState, r request) bool {
	if r.refusal == nil || len(wrong.Operations) > 0 && !slices.Contains(wrong.Operations, r.operation) {
		return false
	}
	return wrong.Prefix == "" || slices.ContainsFunc(r.names, func(n string) bool { return strings.HasPrefix(n, wrong.Prefix) })
}

// answer brings mail of the gateway into the world, unless it is lost.
func (s *service) answer(from, to mailbox.Addr, m mailbox.Msg) {
	if to == harness {
		select {
		case s.answers <- m:
		default: // nobody waits for it
		}
		return
	}
	s.c.in(func() {
		if this := (asked{to, answered(m)}); s.doomed[this] {
			delete(s.doomed, this)
			return
		}
		s.c.Enter(from, to, m)
	})
}

// remember follows who holds what of the coordination service, so that it can be taken away.
func (s *service) remember(process string, m mailbox.Msg) {
	switch m := m.(type) {
	case wire.CoordSession:
		s.sessions[m.Session] = process
		if m.Close {
			delete(s.sessions, m.Session)
		}
	case wire.CoordTxn:
		for _, w := range m.Writes {
			if strings.HasSuffix(w.Key, leaseSuffix) {
				var record struct{ HolderIdentity string }
				_ = json.Unmarshal(w.Value, &record) // one that cannot be read names nobody
				s.leases[w.Key] = holder{process, record.HolderIdentity}
			}
		}
	}
}

// leaseSuffix is how the key of a leader's lease ends.
const leaseSuffix = "/election/leader"

// Real says whether a service is a real one, and not a model in the world.
func (c *Conductor) Real(role fault.Role) bool { return c.services[string(role)] != nil }

// SetService says all that is wrong with a real service.
func (c *Conductor) SetService(role fault.Role, states []fault.ServiceState) {
	s := c.services[string(role)]
	s.states, s.turn = states, 0
}

// ServiceHits returns how many requests to a real service have met what was wrong with it.
func (c *Conductor) ServiceHits(role fault.Role) uint64 { return c.services[string(role)].hits }

// LoseLease takes its leadership from a process that lives on: its sessions end, and the leases that it wrote last
// are deleted. It returns who the service knows as their holder; "" if it holds none.
func (c *Conductor) LoseLease(process string) (identity string) {
	s := c.services[string(ha)]
	ask := func(m mailbox.Msg) { s.node.Send(harness, ha, m) } // nobody waits for the answer
	for name, owner := range s.sessions {
		if owner == process {
			identity = process
			ask(wire.CoordSession{Session: name, Close: true})
			delete(s.sessions, name)
		}
	}
	for key, h := range s.leases {
		if h.process == process {
			identity = h.identity
			ask(wire.CoordTxn{Writes: []wire.Write{{Key: key, Delete: true}}})
			delete(s.leases, key)
		}
	}
	return identity
}
