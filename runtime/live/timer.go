package live

import (
	"sync/atomic"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// timer is mail to oneself that has not come yet. It may be stopped before it is armed, and after.
type timer struct {
	wait    time.Duration
	m       mailbox.Msg
	stopped atomic.Bool
	armed   atomic.Pointer[time.Timer]
}

// Stop makes the message not come, unless it is in the mailbox already: then due says no when it is read.
func (t *timer) Stop() {
	t.stopped.Store(true)
	if armed := t.armed.Load(); armed != nil {
		armed.Stop()
	}
}

func (t *timer) arm(a *actor) {
	t.armed.Store(time.AfterFunc(max(t.wait, 0), func() {
		if !t.stopped.Load() {
			a.inbox.put(mail{a.addr, ring{t}}, false)
		}
	}))
}

// ring is a timer that has gone off. It is turned into its message when it is read, so that a timer that was
// stopped in between stays silent, as in simulation.
type ring struct{ timer *timer }

func (r ring) Word() string { return r.timer.m.Word() }
