// Package mailboxtest has the world of one actor, for tests.
//
//	test ── calls ──▶ actor, or a part of one ── Send, After, Spawn, Note ──▶ Env ── Take, Tell ──▶ test
//
// Nothing happens by itself: mail goes nowhere, no timer fires and no child runs unless the test makes it so.
package mailboxtest

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Env is a mailbox.Env that keeps what is done to it, in order.
type Env struct {
	Addr    mailbox.Addr
	Clock   time.Time
	Worked  [mailbox.Works]int
	effects []any
	draws   map[string]uint64
}

// The effects, besides history.Event, which stands for itself.
type (
	Mail struct {
		To mailbox.Addr
		M  mailbox.Msg
	}
	Timer struct {
		Wait    time.Duration
		M       mailbox.Msg
		Stopped bool
	}
	Child struct {
		Addr  mailbox.Addr
		Actor mailbox.Actor
	}
)

// New returns the world of the actor at self, at the beginning of 1970.
func New(self mailbox.Addr) *Env {
	return &Env{Addr: self, Clock: time.Unix(0, 0).UTC(), draws: map[string]uint64{}}
}

// Take returns the effects since the last time, in order. Those of a Receive that failed are to be thrown away.
func (e *Env) Take() []any {
	all := e.effects
	e.effects = nil
	return all
}

// Tell takes the effects and compares them with a story. words says what an effect is called there, and "" for
// what the story leaves out.
func (e *Env) Tell(t testing.TB, words func(effect any) string, want ...string) {
	t.Helper()
	var got []string
	for _, effect := range e.Take() {
		if w := words(effect); w != "" {
			got = append(got, w)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Self implements mailbox.Env, as do the methods below.
func (e *Env) Self() mailbox.Addr { return e.Addr }

// Now is Clock, which moves when the test moves it.
func (e *Env) Now() time.Time { return e.Clock }

// Rand is another one for each site and each time.
func (e *Env) Rand(site string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(site))
	e.draws[site]++
	return rand.New(rand.NewPCG(h.Sum64(), e.draws[site]))
}

// Send keeps a Mail.
func (e *Env) Send(to mailbox.Addr, m mailbox.Msg) { e.effects = append(e.effects, Mail{to, m}) }

// After keeps a *Timer.
func (e *Env) After(wait time.Duration, m mailbox.Msg) mailbox.Timer {
	t := &Timer{Wait: wait, M: m}
	e.effects = append(e.effects, t)
	return t
}

// Stop marks the timer.
func (t *Timer) Stop() { t.Stopped = true }

// Spawn keeps a Child.
func (e *Env) Spawn(name string, child mailbox.Actor) mailbox.Addr {
	e.effects = append(e.effects, Child{e.Addr.In(name), child})
	return e.Addr.In(name)
}

// Note keeps the event.
func (e *Env) Note(event history.Event) { e.effects = append(e.effects, event) }

// Work adds up.
func (e *Env) Work(kind mailbox.Work, n int) { e.Worked[kind] += n }
