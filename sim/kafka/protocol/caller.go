package protocol

import (
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// SweepEvery is how often a caller looks for requests that were never answered. One timer serves them all.
const SweepEvery = time.Second

// Sweep is the time to look for requests that nobody answers. Whoever has a Caller mails it to himself.
type Sweep struct{}

// Word implements mailbox.Msg.
func (Sweep) Word() string { return "sweep" }

// Caller keeps track of requests under way. Its owner tells it of his mail. Each gets exactly one call of its continuation: with the response,
// or with nil if there was none, and then nobody knows whether it took effect.
type Caller struct {
	last     uint64
	patience int // sweeps
	pending  map[uint64]pending
	sweeps   int // so far
	sweeping bool
}

type pending struct {
	to   mailbox.Addr
	sent int // after so many sweeps
	then func(mailbox.Env, kmsg.Response)
}

// NewCaller returns one that gives a request up after a timeout.
func NewCaller(timeout time.Duration) Caller {
	return Caller{patience: int(timeout/SweepEvery) + 1, pending: map[uint64]pending{}}
}

// Send asks a broker. Requests with one conn are worked on one after the other; see Request.
func (c *Caller) Send(env mailbox.Env, to mailbox.Addr, conn uint32, req kmsg.Request, then func(mailbox.Env, kmsg.Response)) {
	if c.last == 0 {
		c.last = env.Rand("correlation").Uint64() >> 1 // an answer to a former life must not be taken for one to this
	}
	c.last++
	c.pending[c.last] = pending{to: to, sent: c.sweeps, then: then}
	env.Send(to, Request{Corr: c.last, Conn: conn, Req: req})
	c.Watch(env)
}

// Watch arms the sweep if it is not.
func (c *Caller) Watch(env mailbox.Env) {
	if !c.sweeping {
		c.sweeping = true
		env.After(SweepEvery, Sweep{})
	}
}

func (c *Caller) finish(env mailbox.Env, corr uint64, resp kmsg.Response) {
	if p, ok := c.pending[corr]; ok {
		delete(c.pending, corr)
		p.then(env, resp)
	}
}

// Answered takes a response.
func (c *Caller) Answered(env mailbox.Env, m Response) { c.finish(env, m.Corr, m.Resp) }

// Refused gives a request up that has come back.
func (c *Caller) Refused(env mailbox.Env, corr uint64) { c.finish(env, corr, nil) }

// Disconnected gives up all that a process was asked.
func (c *Caller) Disconnected(env mailbox.Env, process string) {
	for _, corr := range slices.Sorted(maps.Keys(c.pending)) {
		if c.pending[corr].to.Process() == process { // else it may have been finished by one before
			c.finish(env, corr, nil)
		}
	}
}

// Sweep gives up what has waited for too long.
func (c *Caller) Sweep(env mailbox.Env) {
	c.sweeping = false
	c.sweeps++
	var old []uint64
	for corr, p := range c.pending { // sorted below, so it may be done in any order
		if c.sweeps-p.sent >= c.patience {
			old = append(old, corr)
		}
	}
	slices.Sort(old)
	for _, corr := range old {
		c.finish(env, corr, nil)
	}
	if len(c.pending) > 0 {
		c.Watch(env)
	}
}
