package checkpoint

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// request is a wish for a checkpoint. One that is not periodic goes first, and ignores min-pause.
type request struct{ periodic bool }

const requestsMax = 1000

// TriggerFinal asks for a checkpoint at once: every task has reached the end of its data.
func (c *Coordinator) TriggerFinal(env mailbox.Env) {
	if c.running {
		c.request(env, request{})
	}
}

func (c *Coordinator) request(env mailbox.Env, r request) {
	c.queue = append(c.queue, r)
	slices.SortStableFunc(c.queue, func(a, b request) int {
		switch {
		case a.periodic == b.periodic:
			return 0
		case b.periodic:
			return -1
		}
		return 1
	})
	if len(c.queue) > requestsMax {
		c.queue = c.queue[:requestsMax]
	}
	c.next(env)
}

// next starts the first request, if one may start.
func (c *Coordinator) next(env mailbox.Env) {
	if !c.running || c.triggering || len(c.queue) == 0 || len(c.pending) >= c.conf.MaxConcurrent || c.cleaning > c.conf.MaxConcurrent {
		return
	}
	r := c.queue[0]
	c.queue = c.queue[1:]
	if r.periodic && !c.ended.IsZero() {
		// The clock may have jumped: never wait longer than the pause itself.
		if pause := min(c.conf.MinPause-env.Now().Sub(c.ended), c.conf.MinPause); pause > 0 {
			c.arm(env, pause)
			return
		}
	}
	c.trigger(env)
}

// trigger goes through the steps up to the calls to the tasks. Whatever fails on the way ends this
// checkpoint only, and is not counted: no task has heard of it.
func (c *Coordinator) trigger(env mailbox.Env) {
	plan, why := c.job.Plan()
	if why != "" {
		return
	}
	c.triggering = true
	round := c.round
	c.counter.next(env, func(env mailbox.Env, n id.Checkpoint, ok bool) {
		if round != c.round {
			return // stopped meanwhile; the id is spent
		}
		if !ok {
			c.triggering = false
			c.next(env)
			return
		}
		p := &pending{id: n, phase: snapshottingSources, began: env.Now(), plan: plan, missing: map[id.Attempt]bool{}}
		for _, t := range plan.Wait {
			p.missing[t.Attempt] = true
		}
		c.pending = append(c.pending, p)
		p.expiry = env.After(c.conf.Timeout, expiry{n})
		c.job.SnapshotSources(env, n, func(env mailbox.Env, sources []snapshot.Coordinator) {
			if p.phase == snapshottingSources {
				c.send(env, p, sources)
			}
		})
	})
}

func (c *Coordinator) send(env mailbox.Env, p *pending, sources []snapshot.Coordinator) {
	p.sources = sources
	p.move(triggered)
	c.triggering = false
	env.Note(history.CheckpointTriggered{Job: c.id, Checkpoint: p.id})
	for _, t := range p.plan.Trigger {
		env.Send(t.TaskManager, wire.TriggerCheckpoint{Job: c.id, Attempt: t.Attempt, Checkpoint: p.id, Timestamp: p.began})
	}
	c.next(env)
}

// Refused handles a trigger that did not reach its task, or that the task could not follow.
func (c *Coordinator) Refused(env mailbox.Env, n id.Checkpoint, a id.Attempt) {
	if p := c.find(n); p != nil && p.missing[a] {
		c.abort(env, p, TriggerFailure, nil)
	}
}

// since is the time from a checkpoint's start to now.
func (p *pending) since(now time.Time) time.Duration { return now.Sub(p.began) }
