package kafka

import (
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// sweepEvery is how often a caller looks for requests that were never answered. One timer serves them all.
const sweepEvery = time.Second

// caller keeps track of requests under way. Each gets exactly one call of its continuation: with the response,
// or with nil if there was none, and then nobody knows whether it took effect.
type caller struct {
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

func newCaller(timeout time.Duration) caller {
	return caller{patience: int(timeout/sweepEvery) + 1, pending: map[uint64]pending{}}
}

func (c *caller) send(env mailbox.Env, to mailbox.Addr, conn uint32, req kmsg.Request, then func(mailbox.Env, kmsg.Response)) {
	if c.last == 0 {
		c.last = env.Rand("correlation").Uint64() >> 1 // an answer to a former life must not be taken for one to this
	}
	c.last++
	c.pending[c.last] = pending{to: to, sent: c.sweeps, then: then}
	env.Send(to, Request{Corr: c.last, Conn: conn, Req: req})
	c.watch(env)
}

// watch arms the sweep if it is not.
func (c *caller) watch(env mailbox.Env) {
	if !c.sweeping {
		c.sweeping = true
		env.After(sweepEvery, sweep{})
	}
}

func (c *caller) finish(env mailbox.Env, corr uint64, resp kmsg.Response) {
	if p, ok := c.pending[corr]; ok {
		delete(c.pending, corr)
		p.then(env, resp)
	}
}

func (c *caller) answered(env mailbox.Env, m Response) { c.finish(env, m.Corr, m.Resp) }
func (c *caller) refused(env mailbox.Env, corr uint64) { c.finish(env, corr, nil) }
func (c *caller) disconnected(env mailbox.Env, process string) {
	for _, corr := range slices.Sorted(maps.Keys(c.pending)) {
		if c.pending[corr].to.Process() == process { // else it may have been finished by one before
			c.finish(env, corr, nil)
		}
	}
}

func (c *caller) sweep(env mailbox.Env) {
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
		c.watch(env)
	}
}
