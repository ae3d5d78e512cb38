package connector

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// rateLimit lets so many rows pass a second. What was not used it saves, up to a second's worth: a task that had to
// wait catches up.
type rateLimit struct {
	perSecond int64 // 0: no limit
	saved     int64 // rows that may pass now, times a second in nanoseconds
	last      time.Time
	started   bool
}

// refill is the timer of a rateLimit.
type refill struct{}

func (refill) Word() string { return "refill" }

const refillEvery = 10 * time.Millisecond

func (l *rateLimit) start(env mailbox.Env) {
	if l.perSecond > 0 && !l.started {
		l.started, l.last = true, env.Now()
		env.After(refillEvery, refill{})
	}
}

func (l *rateLimit) handle(env mailbox.Env, m mailbox.Msg, over bool) (mine bool) {
	if _, mine = m.(refill); !mine || over {
		return mine
	}
	now := env.Now()
	passed := min(max(now.Sub(l.last), 0), time.Second) // the clock may have jumped
	l.last = now
	l.saved = min(l.saved+l.perSecond*int64(passed), l.perSecond*int64(time.Second))
	env.After(refillEvery, refill{})
	return true
}

// pass returns how many of n rows may pass now; spend says how many have.
func (l *rateLimit) pass(n int) int {
	if l.perSecond == 0 {
		return n
	}
	return int(min(int64(n), l.saved/int64(time.Second)))
}

func (l *rateLimit) spend(n int) {
	if l.perSecond > 0 {
		l.saved -= int64(n) * int64(time.Second)
	}
}
