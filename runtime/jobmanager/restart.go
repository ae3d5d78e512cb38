package jobmanager

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
)

// restartStrategy answers each failure: whether the job restarts, and after which backoff. A failure that
// belongs to one that was answered before is merged: it is not an attempt of its own.
type restartStrategy interface {
	failure(now time.Time, r *rand.Rand) restartAnswer
}

type restartAnswer struct {
	restart bool
	backoff time.Duration
	merged  bool
}

func newRestartStrategy(c config.RestartStrategy) restartStrategy {
	switch c.Type {
	case config.FixedDelay:
		return &fixedDelay{attempts: c.FixedDelay.Attempts, delay: c.FixedDelay.Delay}
	case config.FailureRate:
		return &failureRate{most: c.FailureRate.MaxFailuresPerInterval, interval: c.FailureRate.Interval, delay: c.FailureRate.Delay}
	case config.ExponentialDelay:
		e := c.ExponentialDelay
		return &exponentialDelay{initial: e.InitialBackoff, multiplier: e.BackoffMultiplier, longest: e.MaxBackoff,
			jitter: e.JitterFactor, reset: e.ResetBackoffThreshold, attempts: e.AttemptsBeforeReset, backoff: e.InitialBackoff}
	}
	return noRestart{}
}

type noRestart struct{}

func (noRestart) failure(time.Time, *rand.Rand) restartAnswer { return restartAnswer{} }

// fixedDelay restarts so often, always after the same delay.
type fixedDelay struct {
	attempts int
	delay    time.Duration
	used     int
}

func (f *fixedDelay) failure(time.Time, *rand.Rand) restartAnswer {
	f.used++
	return restartAnswer{restart: f.used <= f.attempts, backoff: f.delay}
}

// failureRate restarts unless there were more failures within the interval than it lets pass.
type failureRate struct {
	most     int
	interval time.Duration
	delay    time.Duration
	failures []time.Time // the last most+1
}

func (f *failureRate) failure(now time.Time, _ *rand.Rand) restartAnswer {
	f.failures = append(f.failures, now)
	if len(f.failures) > f.most+1 {
		f.failures = f.failures[1:]
	}
	rare := len(f.failures) <= f.most || now.Sub(f.failures[0]) > f.interval
	return restartAnswer{restart: rare, backoff: f.delay}
}

// exponentialDelay waits longer each time, until the job has run well for a while. Failures before the
// restart that is due are merged with the one that scheduled it.
type exponentialDelay struct {
	initial    time.Duration
	multiplier float64
	longest    time.Duration
	jitter     float64
	reset      time.Duration
	attempts   int // before it gives up; math.MaxInt32 is never

	backoff time.Duration // of the next attempt
	used    int
	next    time.Time // of the restart that is, or was, due
}

func (e *exponentialDelay) failure(now time.Time, r *rand.Rand) restartAnswer {
	if wait := e.next.Sub(now); e.used > 0 && wait >= 0 {
		return restartAnswer{restart: true, backoff: min(wait, e.longest), merged: true}
	}
	if e.used > 0 && now.Sub(e.next) >= e.reset+e.backoff {
		e.used, e.backoff = 0, e.initial
	}
	e.used++
	if e.used > e.attempts {
		return restartAnswer{}
	}
	wait := e.backoff
	if offset := int64(float64(wait) * e.jitter); offset > 0 {
		wait += time.Duration(r.Int64N(2*offset+1) - offset)
	}
	wait = min(max(wait, e.initial), e.longest)
	e.next = now.Add(wait)
	e.backoff = time.Duration(math.Min(float64(e.backoff)*e.multiplier, float64(e.longest)))
	return restartAnswer{restart: true, backoff: wait}
}
