package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// address is an interned mailbox address. It outlives the actors that live at it, one after the other.
type address struct {
	name    mailbox.Addr
	hash    uint64
	process *process // nil: there is no such process
	actor   *actor   // nil: nobody lives here now
	draws   map[string]uint64
}

// actor is one mailbox with whoever reads it.
type actor struct {
	*address
	impl     mailbox.Actor
	parent   *actor
	children []*actor
	inbox    []mail
	waiting  bool     // for a core
	working  bool     // its effects wait until its work is done
	effects  []effect // those
	outcome  error    // and what Receive returned
	peers    []*process
	ended    bool
}

type mail struct {
	from *address
	m    mailbox.Msg
}

// effect is one thing that an actor did. Exactly one of its fields is set.
type effect struct {
	to    *address // send m
	m     mailbox.Msg
	timer *timer // arm it
	child *actor // spawn it
	note  history.Event
}

// timer is mail to oneself that has not come yet.
type timer struct {
	wait    time.Duration
	stopped bool
	owner   *actor // dies with it
	m       mailbox.Msg
}

func (t *timer) Stop()        { t.stopped = true }
func (t *timer) Word() string { return t.m.Word() }

func (a *actor) knows(p *process) bool {
	for _, q := range a.peers {
		if q == p {
			return true
		}
	}
	return false
}

func (a *actor) meet(p *process) {
	if p != a.process && !a.knows(p) {
		a.peers = append(a.peers, p)
	}
}

func (a *actor) forget(p *process) {
	for i, q := range a.peers {
		if q == p {
			a.peers = append(a.peers[:i], a.peers[i+1:]...)
			return
		}
	}
}

func (a *actor) end() {
	a.ended = true
	a.inbox, a.effects = nil, nil
	if a.address.actor == a {
		a.address.actor = nil
	}
}

// env is the mailbox.Env of the actor that is receiving. There is one for the whole world.
type env struct {
	w       *World
	a       *actor
	from    *address // of the message that it handles
	effects []effect
	work    [mailbox.Works]int
	worked  bool
}

func (e *env) Self() mailbox.Addr { return e.a.name }

func (e *env) Now() time.Time { return Epoch.Add(time.Duration(e.a.process.clock.at(e.w.now))) }

func (e *env) Rand(site string) *rand.Rand {
	if e.a.draws == nil {
		e.a.draws = map[string]uint64{}
	}
	n := e.a.draws[site]
	e.a.draws[site] = n + 1
	return e.w.Rand(site, string(e.a.name), n)
}

func (e *env) Send(to mailbox.Addr, m mailbox.Msg) {
	at := e.from // most mail is an answer
	if to != at.name || at.process == nil {
		at = e.w.address(to)
	}
	e.effects = append(e.effects, effect{to: at, m: m})
}

func (e *env) After(wait time.Duration, m mailbox.Msg) mailbox.Timer {
	t := &timer{wait: wait, owner: e.a, m: m}
	e.effects = append(e.effects, effect{timer: t})
	return t
}

func (e *env) Spawn(name string, child mailbox.Actor) mailbox.Addr {
	at := e.w.address(e.a.name.In(name))
	e.effects = append(e.effects, effect{child: &actor{address: at, impl: child, parent: e.a}})
	return at.name
}

func (e *env) Note(event history.Event) { e.effects = append(e.effects, effect{note: event}) }

func (e *env) Work(kind mailbox.Work, n int) {
	e.work[kind] += n
	e.worked = true
}

// receive lets an idle actor handle one message.
func (w *World) receive(a *actor, m mail) {
	e := &w.env
	e.a, e.from, e.effects = a, m.from, e.effects[:0]
	if e.worked {
		clear(e.work[:])
		e.worked = false
	}
	w.active, w.handling = a, m.m
	err := a.impl.Receive(e, m.from.name, m.m)
	w.active = nil
	if e.worked {
		if cost := w.profile.charge(&e.work); cost > 0 {
			a.working = true
			a.effects = append(a.effects[:0], e.effects...)
			a.outcome = err
			a.process.occupy(w.now, w.now+cost)
			w.queue.push(w.now+cost, event{do: release, to: a.address, life: a.process.life})
			return
		}
	}
	w.release(a, e.effects, err)
}

// failed ends the process of the actor that has just panicked: an assertion of ours does not hold.
func (w *World) failed(reason any) {
	a := w.active
	if a == nil {
		panic(reason) // the world's own
	}
	w.active = nil
	cause := fmt.Sprintf("%s, handling %q: %v", a.name, w.handling.Word(), reason)
	w.panics = append(w.panics, cause+"\n"+string(debug.Stack()))
	w.stop(a.process, cause, true, dead)
}

// release lets the effects of a message happen, in order. Any of them may end the actor: a fault can be
// aimed at a note, and then what comes after it does not happen.
func (w *World) release(a *actor, effects []effect, outcome error) {
	if outcome != nil && !errors.Is(outcome, mailbox.ErrDone) {
		w.exit(a, outcome)
		return
	}
	for i := range effects {
		if a.ended {
			return
		}
		switch f := &effects[i]; {
		case f.to != nil:
			w.send(a, f.to, f.m)
		case f.timer != nil:
			if !f.timer.stopped {
				w.queue.push(w.now+max(int64(a.process.clock.Stretch(f.timer.wait)), 0), event{do: expire, to: a.address,
					from: a.address, life: a.process.life, m: f.timer})
			}
		case f.child != nil:
			c := f.child
			if c.address.actor != nil {
				panic(fmt.Sprintf("sim: %s spawns %s, but that address is taken", a.name, c.name))
			}
			a.children = append(a.children, c)
			w.settle(a.process, c)
		case f.note != nil:
			w.note(a.process.Name, string(a.name), f.note)
		}
	}
	if outcome != nil && !a.ended {
		w.exit(a, nil)
	}
}

func (w *World) spawn(p *process, at *address, parent *actor, impl mailbox.Actor) {
	w.settle(p, &actor{address: at, impl: impl, parent: parent})
}

// settle lets an actor move in at its address, and sends it Started.
func (w *World) settle(p *process, a *actor) {
	a.address.actor = a
	p.actors = append(p.actors, a)
	w.queue.push(w.now, event{do: deliver, to: a.address, from: a.address, life: p.life, m: mailbox.Started{}})
}

// exit ends an actor and its children. The end of a root actor is the end of its process.
func (w *World) exit(a *actor, err error) {
	p := a.process
	if a.parent == nil && string(a.name) == p.Name {
		cause := "finished"
		if err != nil {
			cause = err.Error()
		}
		w.stop(p, cause, false, dead)
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	w.bury(a)
	if parent := a.parent; parent != nil && !parent.ended {
		w.queue.push(w.now, event{do: deliver, to: parent.address, from: a.address, life: p.life,
			m: mailbox.Exited{Child: a.name, Err: text}})
	}
}

func (w *World) bury(a *actor) {
	for _, c := range a.children {
		if !c.ended {
			w.bury(c)
		}
	}
	a.end()
	for i, other := range a.process.actors {
		if other == a {
			a.process.actors = append(a.process.actors[:i], a.process.actors[i+1:]...)
			break
		}
	}
	if a.parent != nil && !a.parent.ended {
		for i, c := range a.parent.children {
			if c == a {
				a.parent.children = append(a.parent.children[:i], a.parent.children[i+1:]...)
				break
			}
		}
	}
}
