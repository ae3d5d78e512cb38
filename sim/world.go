package sim

import (
	"fmt"
	"math"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Config describes a world. The zero Config is a world without chance or cost.
type Config struct {
	Seed    uint64
	Profile Profile
	// RoundTrip passes every message through the wire codec and back, which catches messages that share
	// memory and messages that the codec cannot carry.
	RoundTrip bool
}

// World is the simulated world. It is used from one goroutine.
type World struct {
	cfg       Config
	profile   Profile
	now       int64
	queue     queue
	processes map[string]*process
	order     []*process // in the order of Add
	addresses map[mailbox.Addr]*address
	env       env
	history   history.History
	observers []func(history.Entry)
	hash      uint64
	events    uint64
	panics    []string
	active    *actor      // that is handling a message
	handling  mailbox.Msg // this one
}

// New returns a world without processes, at time 0.
func New(cfg Config) *World {
	w := &World{cfg: cfg, profile: cfg.Profile, processes: map[string]*process{}, addresses: map[mailbox.Addr]*address{}}
	if w.profile.Bandwidth == 0 {
		w.profile.Bandwidth = math.Inf(1)
	}
	w.env.w = w
	return w
}

// Now is the true time since the start of the run.
func (w *World) Now() time.Duration { return time.Duration(w.now) }

// Events is how many events have happened; TraceHash is the rolling hash of all of them.
func (w *World) Events() uint64    { return w.events }
func (w *World) TraceHash() uint64 { return w.hash }

// ProcessHash is the rolling hash of the events at one process: two runs that differ are told apart by it.
func (w *World) ProcessHash(name string) uint64 { return w.mustProcess(name).hash }

// History is what has been noted so far. It must not be changed.
func (w *World) History() history.History { return w.history }

// Panics are the messages and stacks of failed assertions.
func (w *World) Panics() []string { return w.panics }

// Observe calls f for every note, at the moment when it is made.
func (w *World) Observe(f func(history.Entry)) { w.observers = append(w.observers, f) }

// Note adds an event of the world itself to the history.
func (w *World) Note(event history.Event) { w.note("world", "world", event) }

// NoteOf adds an event that an actor outside of the world has noted.
func (w *World) NoteOf(process, actor string, event history.Event) { w.note(process, actor, event) }

func (w *World) note(process, actor string, event history.Event) {
	e := history.Entry{N: len(w.history) + 1, At: time.Duration(w.now), Process: process, Actor: actor, Event: event}
	w.history = append(w.history, e)
	w.hash = Mix(w.hash ^ hashString(uint64(e.N), event.Kind()))
	for _, observe := range w.observers {
		observe(e)
	}
}

// At calls f at a true time; After after a wait. They are part of the order like every event.
func (w *World) At(t time.Duration, f func()) {
	w.queue.push(max(int64(t), w.now), event{do: call, m: callback(f)})
}

// After calls f once wait has passed.
func (w *World) After(wait time.Duration, f func()) { w.At(time.Duration(w.now)+wait, f) }

// Send mails from outside, as if from an actor at from. It takes no time and cannot be lost.
func (w *World) Send(from, to mailbox.Addr, m mailbox.Msg) {
	at := w.address(to)
	if at.process == nil {
		panic(fmt.Sprintf("sim: mail to %s, but there is no such process", to))
	}
	w.queue.push(w.now, event{do: deliver, to: at, from: w.address(from), life: at.process.life, m: m})
}

func (w *World) address(name mailbox.Addr) *address {
	a := w.addresses[name]
	if a == nil {
		a = &address{name: name, hash: hashString(0, string(name))}
		w.addresses[name] = a
	}
	if a.process == nil {
		a.process = w.processes[name.Process()]
	}
	return a
}

// send puts a message of a living actor on its way.
func (w *World) send(a *actor, to *address, m mailbox.Msg) {
	if w.cfg.RoundTrip {
		m = w.roundTrip(m)
	}
	p := a.process
	switch e := (event{do: deliver, to: to, from: a.address, m: m}); {
	case to.process == nil:
		w.refuse(e, 0)
	case to.process == p:
		e.life = p.life
		w.queue.push(w.now, e)
	default:
		a.meet(to.process)
		w.transmit(w.link(p, to.process), e)
	}
}

func (w *World) roundTrip(m mailbox.Msg) mailbox.Msg {
	if !wire.Known(m) {
		return m
	}
	data, err := wire.Encode(m)
	if err == nil {
		m, err = wire.Decode(data)
	}
	if err != nil {
		panic(fmt.Sprintf("sim: the codec cannot carry a message: %v", err))
	}
	return m
}

// refuse tells the sender that its message was not handled, after the way back.
func (w *World) refuse(e event, wait time.Duration) {
	if sender := e.from.actor; (sender == nil || sender.ended) && !e.from.outside() || e.from.process == nil {
		return
	}
	if _, already := e.m.(mailbox.Undeliverable); already {
		return
	}
	w.queue.push(w.now+int64(wait), event{do: deliver, to: e.from, from: e.from, life: e.from.process.life,
		m: mailbox.Undeliverable{To: e.to.name, M: e.m}})
}

// Step lets the next event happen. It returns false when there is none.
func (w *World) Step() bool {
	if len(w.queue.heap) == 0 {
		return false
	}
	w.guarded(func() bool { return true }, 1)
	return true
}

// guarded steps while next holds, at most so often. A panic of an actor ends its process, not the run.
func (w *World) guarded(next func() bool, most uint64) {
	done := w.events + most
	for w.events < done && next() {
		func() {
			defer func() {
				if reason := recover(); reason != nil {
					w.failed(reason)
				}
			}()
			for w.events < done && next() {
				w.step()
			}
		}()
	}
}

func (w *World) step() {
	at, seq, e := w.queue.pop()
	w.now = at
	w.events++
	switch e.do {
	case call:
		w.hash = Mix(w.hash ^ uint64(at) ^ seq)
		e.m.(callback)()
	case release:
		w.hash = Mix(w.hash ^ uint64(at) ^ e.to.hash)
		w.released(e)
	default:
		word := e.m.Word()
		h := Mix(w.hash ^ uint64(at) ^ e.to.hash ^ brief(word))
		w.hash = h
		if e.to.process != nil {
			e.to.process.hash ^= h
		}
		w.arrive(e)
	}
}

// brief is a cheap hash of a word: its length, its ends and its middle.
func brief(s string) uint64 {
	n := len(s)
	if n == 0 {
		return 0
	}
	return uint64(n) | uint64(s[0])<<8 | uint64(s[n/2])<<16 | uint64(s[n-1])<<24
}

// arrive handles mail and timers that have come to a process.
func (w *World) arrive(e event) {
	p := e.to.process
	m := e.m
	if e.do == expire {
		t := m.(*timer)
		if t.stopped || t.owner.ended {
			return
		}
		m = t.m
	}
	switch {
	case p == nil:
		return
	case e.via == nil && e.life != p.life:
		return // meant for a former life
	case e.via != nil && e.life != e.via.epoch:
		return // its connection broke
	case p.phase == gone:
		return // silence
	case p.paused:
		p.held = append(p.held, e)
		return
	case p.up() && e.to.actor == nil && p.Outside != nil:
		p.Outside(e.from.name, e.to.name, m)
		return
	case !p.up() || e.to.actor == nil:
		if e.via != nil && w.link(p, e.via.from).cut {
			return // the refusal does not get back
		}
		w.refuse(e, w.profile.Latency)
		return
	}
	a := e.to.actor
	if e.via != nil {
		a.meet(e.via.from)
	}
	if a.working || a.waiting || len(a.inbox) > 0 {
		a.inbox = append(a.inbox, mail{e.from, m})
		return
	}
	if len(p.ready) > 0 || !p.idleCore(w.now) {
		a.inbox = append(a.inbox, mail{e.from, m})
		a.waiting = true
		p.ready = append(p.ready, a)
		return
	}
	w.receive(a, mail{e.from, m})
}

// released lets the effects of finished work happen, and gives the core to whoever waits.
func (w *World) released(e event) {
	p := e.to.process
	a := e.to.actor
	if e.life != p.life || a == nil || !a.working {
		return
	}
	if p.paused {
		p.held = append(p.held, e)
		return
	}
	a.working = false
	effects := a.effects
	a.effects = nil
	w.release(a, effects, a.outcome)
	if !a.ended {
		a.effects = effects[:0]
		if len(a.inbox) > 0 && !a.waiting {
			a.waiting = true
			p.ready = append(p.ready, a)
		}
	}
	w.dispatch(p)
}

// dispatch runs actors that have mail while there is a core for them, first come, first served.
func (w *World) dispatch(p *process) {
	for len(p.ready) > 0 && p.up() && !p.paused && p.idleCore(w.now) {
		a := p.ready[0]
		p.ready = p.ready[1:]
		if len(p.ready) == 0 {
			p.ready = nil
		}
		a.waiting = false
		for !a.ended && !a.working && len(a.inbox) > 0 && p.idleCore(w.now) {
			m := a.inbox[0]
			a.inbox = a.inbox[1:]
			if len(a.inbox) == 0 {
				a.inbox = nil
			}
			w.receive(a, m)
		}
		if !a.ended && !a.working && !a.waiting && len(a.inbox) > 0 {
			a.waiting = true
			p.ready = append(p.ready, a)
		}
	}
}

func (p *process) idleCore(now int64) bool {
	if len(p.cores) == 0 {
		return true
	}
	for _, free := range p.cores {
		if free <= now {
			return true
		}
	}
	return false
}

func (p *process) occupy(now, until int64) {
	for i, free := range p.cores {
		if free <= now {
			p.cores[i] = until
			return
		}
	}
}

// Run lets everything happen up to a true time.
func (w *World) Run(until time.Duration) {
	w.guarded(func() bool { return w.due(until) }, math.MaxUint64-w.events)
	w.now = max(w.now, int64(until))
}

// RunUntil steps until cond holds, at most to a true time. It asks after every event.
func (w *World) RunUntil(cond func() bool, most time.Duration) bool {
	w.guarded(func() bool { return !cond() && w.due(most) }, math.MaxUint64-w.events)
	if !cond() {
		w.now = max(w.now, int64(most))
	}
	return cond()
}

func (w *World) due(until time.Duration) bool {
	return len(w.queue.heap) > 0 && w.queue.heap[0].at <= int64(until)
}
