package sim

import "time"

// Epoch is what a clock without error shows at the start of a run.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock is a process's view of time: shows = (true time since anchor) * rate + shown at anchor.
type clock struct {
	anchor int64 // true time of the last change
	shown  int64 // what it showed then
	rate   float64
}

func (c *clock) at(now int64) int64 {
	if c.rate == 1 {
		return c.shown + now - c.anchor
	}
	return c.shown + int64(float64(now-c.anchor)*c.rate)
}

func (c *clock) change(now, jump int64, rate float64) {
	c.shown, c.anchor, c.rate = c.at(now)+jump, now, rate
}

// SkewClock makes a process's clock jump, and from now on run at rate (1 is right, 0 stands still).
// Timers run on the monotonic clock: they follow the rate but not the jump.
func (w *World) SkewClock(process string, jump time.Duration, rate float64) {
	p := w.mustProcess(process)
	p.clock.change(w.now, int64(jump), rate)
}

// stretch converts a wait on the process's monotonic clock into true time.
func (c *clock) stretch(wait time.Duration) int64 {
	if c.rate == 1 || c.rate == 0 {
		return int64(wait)
	}
	return int64(float64(wait) / c.rate)
}
