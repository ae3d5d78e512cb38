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

// SetClock makes a process's clock be off by offset from now on, and run at rate: 1 is right, 0 stands still.
// Timers run on the monotonic clock: they follow the rate but not the jump.
func (w *World) SetClock(process string, offset time.Duration, rate float64) {
	w.mustProcess(process).clock = clock{anchor: w.now, shown: w.now + int64(offset), rate: rate}
}

// stretch converts a wait on the process's monotonic clock into true time.
func (c *clock) stretch(wait time.Duration) int64 {
	if c.rate == 1 || c.rate == 0 {
		return int64(wait)
	}
	return int64(float64(wait) / c.rate)
}
