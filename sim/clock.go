package sim

import "time"

// Epoch is what a clock without error shows at the start of a run.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Clock is a process's view of time: shows = (true time since anchor) * rate + shown at anchor.
type Clock struct {
	anchor int64 // true time of the last change
	shown  int64 // what it showed then
	rate   float64
}

// NewClock returns a clock that is right.
func NewClock() Clock { return Clock{rate: 1} }

// Set makes the clock be off by offset from now on, and run at rate: 1 is right, 0 stands still.
func (c *Clock) Set(now, offset time.Duration, rate float64) {
	*c = Clock{anchor: int64(now), shown: int64(now + offset), rate: rate}
}

// At is what the clock shows at a true time.
func (c *Clock) At(now time.Duration) time.Duration { return time.Duration(c.at(int64(now))) }

func (c *Clock) at(now int64) int64 {
	if c.rate == 1 {
		return c.shown + now - c.anchor
	}
	return c.shown + int64(float64(now-c.anchor)*c.rate)
}

// Stretch converts a wait on the process's monotonic clock, which has the same rate but does not jump, into true time.
func (c *Clock) Stretch(wait time.Duration) time.Duration {
	if c.rate == 1 || c.rate == 0 {
		return wait
	}
	return time.Duration(float64(wait) / c.rate)
}

// SetClock makes a process's clock be off by offset from now on, and run at rate: 1 is right, 0 stands still.
// Timers run on the monotonic clock: they follow the rate but not the jump.
func (w *World) SetClock(process string, offset time.Duration, rate float64) {
	w.Clock(process).Set(w.Now(), offset, rate)
}

// Clock is a process's.
func (w *World) Clock(process string) *Clock { return &w.mustProcess(process).clock }
