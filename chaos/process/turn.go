package process

import (
	"fmt"
	"runtime/debug"
	"time"
)

// in lets something from outside happen in the world, at the time that it is.
func (c *Conductor) in(do func()) {
	c.take()
	defer c.leave()
	if c.live() {
		defer c.guard()
		do()
	}
}

// take takes the world, and brings it to the time that it is.
func (c *Conductor) take() {
	c.mu.Lock()
	if c.live() {
		defer c.guard()
		c.Cluster.Run(max(time.Since(c.began), c.Now()))
	}
}

// leave gives the world back, and wakes who drives it if that has to go on sooner than it thinks.
func (c *Conductor) leave() {
	if c.live() {
		if next, ok := c.Next(); ok && next < c.sleeps {
			c.wake()
		}
	} else if c.broken != nil {
		c.wake()
	}
	c.mu.Unlock()
}

func (c *Conductor) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// live says whether there is a world that goes on.
func (c *Conductor) live() bool { return !c.closed && c.Cluster != nil && c.broken == nil }

// guard keeps a panic of the world, which is not on the goroutine that drives it.
func (c *Conductor) guard() {
	if reason := recover(); reason != nil {
		c.broken = fmt.Errorf("a bug of ours in the world: %v\n%s", reason, debug.Stack())
	}
}
