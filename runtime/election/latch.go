package election

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// latch is the ZooKeeper kind: a session that is kept alive, and an ephemeral key that whoever creates it
// leads by. Losing the connection (SUSPENDED) ends leadership at once, unless suspended connections are
// tolerated; losing the session (LOST) always does.
type latch struct {
	contender
	timeout    time.Duration // of the session
	connection time.Duration
	retry      time.Duration
	tolerant   bool

	session   string
	connected bool
	asked     uint64 // numbers our signs of life
	alive     uint64 // the last that was answered
	round     uint64 // of contending: a late answer of an earlier one is ignored
}

// sessionLost ends the session if the sign of life that it was armed for is still the last one answered.
type sessionLost struct{ Asked uint64 }

func (sessionLost) Word() string { return "session-lost" }

func (l *latch) Start(env mailbox.Env) { l.open(env) }

// open begins a new session, which nobody knows yet.
func (l *latch) open(env mailbox.Env) {
	l.session = string(id.Fresh[id.Instance](env.Rand("election.session")))
	l.holder = l.name + "-" + l.session[:8]
	l.connected = false
	l.live(env, l.session)
}

// live gives a sign of life, and the next one after a third of the session's timeout.
func (l *latch) live(env mailbox.Env, session string) {
	if session != l.session {
		return
	}
	l.asked++
	n := l.asked
	env.After(l.timeout, sessionLost{n})
	l.svc.ask(env, min(l.timeout/3, l.connection), func(req uint64) mailbox.Msg {
		return wire.CoordSession{Req: req, Session: session, Timeout: l.timeout}
	}, func(env mailbox.Env, answer mailbox.Msg) {
		if session != l.session {
			return
		}
		m, ok := answer.(wire.CoordSessionAlive)
		switch {
		case ok && m.Err == "":
			l.alive = n
			l.liveLater(env, l.timeout/3, n)
			l.reconnected(env)
		case ok && m.Err == "session-expired":
			l.expired(env, "LOST: the session has expired")
		default:
			l.suspended(env)
			l.liveLater(env, min(l.retry, l.timeout/3), n)
		}
	})
}

// liveLater continues the chain of signs of life, unless a newer sign has begun another chain.
func (l *latch) liveLater(env mailbox.Env, wait time.Duration, after uint64) {
	if after != l.asked {
		return
	}
	session := l.session
	l.svc.after(env, wait, func(env mailbox.Env) {
		if after == l.asked {
			l.live(env, session)
		}
	})
}

func (l *latch) Handle(env mailbox.Env, m mailbox.Msg) bool {
	switch m := m.(type) {
	case sessionLost:
		if m.Asked == l.alive && l.state != resigned {
			l.expired(env, "LOST: no sign of the service within the session's timeout")
		}
		return true
	case mailbox.Disconnected:
		if m.Process == l.svc.addr.Process() && l.state != resigned {
			l.suspended(env)
			l.live(env, l.session)
			return true
		}
		return false
	}
	return l.svc.handle(env, m)
}

// Resign closes the session, and with it goes the latch.
func (l *latch) Resign(env mailbox.Env) {
	l.svc.forget()
	l.resign(env)
	session := l.session
	l.svc.ask(env, l.connection, func(req uint64) mailbox.Msg {
		return wire.CoordSession{Req: req, Session: session, Close: true}
	}, func(mailbox.Env, mailbox.Msg) {})
}

func (l *latch) suspended(env mailbox.Env) {
	l.connected = false
	l.round++
	switch {
	case l.state == acquiring: // whatever came of it, the latch is looked at again after the reconnection
		l.move(following)
		l.token = ""
	case l.state == leading && !l.tolerant:
		l.noteLease(env, "release", "", env.Now().UnixNano())
		l.lose(env, following, "SUSPENDED: the connection to the service is lost")
	}
}

func (l *latch) expired(env mailbox.Env, cause string) {
	l.alive = 0
	switch l.state {
	case leading:
		l.noteLease(env, "release", "", env.Now().UnixNano())
		l.lose(env, idle, cause)
	case following, acquiring:
		l.move(idle)
		l.token = ""
	}
	l.round++
	l.open(env)
}

// reconnected begins to contend, or goes on with it.
func (l *latch) reconnected(env mailbox.Env) {
	if l.connected {
		return
	}
	l.connected = true
	if l.state == idle {
		l.move(following)
	}
	l.round++
	l.contend(env, l.round)
}

// contend looks at the latch, and looks again whenever it may have changed.
func (l *latch) contend(env mailbox.Env, round uint64) {
	if round != l.round {
		return
	}
	l.svc.get(env, l.connection, l.key, func(env mailbox.Env, e wire.Entry, ok bool) {
		switch {
		case round != l.round:
		case !ok:
			l.svc.after(env, l.retry, func(env mailbox.Env) { l.contend(env, round) })
		default:
			l.decide(env, e, round)
		}
	})
}

func (l *latch) decide(env mailbox.Env, e wire.Entry, round uint64) {
	r := decode(e.Value)
	switch {
	case l.state == leading && r.Token == l.token:
		l.watch(env, e.Version, round)
	case l.state == leading:
		l.noteLease(env, "release", "", env.Now().UnixNano())
		l.lose(env, following, fmt.Sprintf("the latch names %s", named(r.Holder)))
		l.contend(env, round)
	case e.Version != 0 && e.Session != l.session:
		l.watch(env, e.Version, round)
	default: // nobody's; or ours, from before the connection was lost or from a write without an answer
		l.take(env, e, round)
	}
}

func (l *latch) take(env mailbox.Env, read wire.Entry, round uint64) {
	l.move(acquiring)
	l.token = id.Fresh[id.Token](env.Rand("election.token"))
	asked := env.Now()
	r := record{Holder: l.holder, Token: l.token, AcquireTime: asked}
	t := wire.CoordTxn{If: []wire.Compare{{Key: l.key, Version: read.Version}},
		Writes: []wire.Write{{Key: l.key, Value: r.encode(), Session: l.session}}}
	l.svc.txn(env, l.connection, t, func(env mailbox.Env, res result, version uint64) {
		switch {
		case round != l.round || l.state != acquiring:
			return
		case res == applied && l.connected:
			l.noteLease(env, "acquire", "", asked.UnixNano())
			l.grant(env)
			l.watch(env, version, round)
		default:
			l.move(following)
			l.token = ""
			l.svc.after(env, min(l.retry, time.Second), func(env mailbox.Env) { l.contend(env, round) })
		}
	})
}

// watch waits for a change of the latch. The wait is short enough that a lost answer does no harm.
func (l *latch) watch(env mailbox.Env, version uint64, round uint64) {
	wait := l.timeout / 2
	l.svc.ask(env, wait+l.connection, func(req uint64) mailbox.Msg {
		return wire.CoordWatch{Req: req, Prefix: l.key, After: version, Wait: wait}
	}, func(env mailbox.Env, answer mailbox.Msg) {
		if m, ok := answer.(wire.CoordEntries); ok && m.Err == "" {
			l.contend(env, round)
			return
		}
		l.svc.after(env, min(l.retry, time.Second), func(env mailbox.Env) { l.contend(env, round) })
	})
}
