package live

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// actor is one mailbox with the goroutine that reads it. What is marked with mu belongs to the node's lock.
type actor struct {
	node     *Node
	addr     mailbox.Addr
	impl     mailbox.Actor
	inbox    *inbox
	parent   *actor
	children map[*actor]bool // mu
	peers    map[string]bool // mu: processes that it has exchanged mail with
	ended    bool            // mu
	rand     *rand.Rand
	env      env
}

// loop is the life of an actor.
func (a *actor) loop() {
	defer a.node.running.Done()
	var batch []mail
	for {
		var more bool
		if batch, more = a.inbox.take(batch); !more {
			return
		}
		for i := range batch {
			if !a.receive(batch[i]) {
				return
			}
		}
		clear(batch)
	}
}

// receive handles one message and lets its effects happen. False ends the loop.
func (a *actor) receive(m mail) (goesOn bool) {
	if r, ok := m.m.(ring); ok {
		if r.timer.stopped.Load() {
			return true
		}
		m.m = r.timer.m
	}
	e := &a.env
	e.effects = e.effects[:0]
	outcome := a.guarded(m)
	if a.node.over(a) {
		return false // it was ended meanwhile: its effects are of nobody
	}
	if outcome != nil && !errors.Is(outcome, mailbox.ErrDone) {
		a.node.exit(a, outcome)
		return false
	}
	for i := range e.effects {
		a.node.happen(a, &e.effects[i])
	}
	clear(e.effects)
	if outcome != nil {
		a.node.exit(a, nil)
		return false
	}
	return true
}

// guarded turns a failed assertion into the end of the process: its state cannot be trusted any more.
func (a *actor) guarded(m mail) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			a.node.crash(fmt.Errorf("%s, handling %q: %v\n%s", a.addr, m.m.Word(), reason, debug.Stack()))
			err = fmt.Errorf("%s panicked", a.addr)
		}
	}()
	if turn := a.node.cfg.Turn; turn != nil {
		turn.Lock()
		defer turn.Unlock()
	}
	return a.impl.Receive(&a.env, m.from, m.m)
}

// effect is one thing that an actor did. Exactly one of to, timer, child and note is set.
type effect struct {
	to    mailbox.Addr
	m     mailbox.Msg
	timer *timer
	child *actor
	note  history.Event
}

// env is the mailbox.Env of one actor.
type env struct {
	a       *actor
	effects []effect
}

func (e *env) Self() mailbox.Addr { return e.a.addr }
func (e *env) Now() time.Time     { return time.Now() }

// Rand draws from the actor's own generator: real runs are not repeated.
func (e *env) Rand(string) *rand.Rand {
	if e.a.rand == nil {
		e.a.rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return e.a.rand
}

func (e *env) Send(to mailbox.Addr, m mailbox.Msg) {
	e.effects = append(e.effects, effect{to: to, m: m})
}

func (e *env) After(wait time.Duration, m mailbox.Msg) mailbox.Timer {
	t := &timer{wait: wait, m: m}
	e.effects = append(e.effects, effect{timer: t})
	return t
}

func (e *env) Spawn(name string, child mailbox.Actor) mailbox.Addr {
	c := e.a.node.newActor(e.a.addr.In(name), child, e.a)
	e.effects = append(e.effects, effect{child: c})
	return c.addr
}

func (e *env) Note(event history.Event) { e.effects = append(e.effects, effect{note: event}) }
func (e *env) Work(mailbox.Work, int)   {} // the processor has already done it

// Post returns what mails a message to the actor of an env, from itself and from any goroutine: how a gateway
// hears of the I/O that it has started. Mail to an actor that has ended is dropped.
func Post(of mailbox.Env) func(m mailbox.Msg) {
	a := of.(*env).a
	return func(m mailbox.Msg) { a.inbox.put(mail{a.addr, m}, false) }
}
