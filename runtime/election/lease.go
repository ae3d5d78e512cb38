package election

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// lease is the Kubernetes kind: every retry-period, read the record, then renew it if we hold it, or take it
// if it has run out by our clock. All writes compare the record's version, so of two takers one wins. Clocks
// that differ, and pauses, make short times with two leaders; what they write is guarded (see Store).
type lease struct {
	contender
	lasts    time.Duration
	deadline time.Duration
	retry    time.Duration

	written   uint64 // numbers our writes of the record
	confirmed uint64 // the last that certainly was applied
	renewed   time.Time

	recorded    uint64 // the version of the record that we wrote last
	transitions int    // in it
}

// renewDeadline ends our leadership if the write that it was armed for is still the last one confirmed.
type renewDeadline struct{ Written uint64 }

func (renewDeadline) Word() string { return "renew-deadline" }

func (l *lease) Start(env mailbox.Env) {
	l.holder = l.name + "-" + string(id.Fresh[id.Instance](env.Rand("election.holder")))[:8]
	l.move(following)
	l.tick(env)
}

func (l *lease) Handle(env mailbox.Env, m mailbox.Msg) bool {
	if d, ok := m.(renewDeadline); ok {
		if l.state == leading && d.Written == l.confirmed {
			l.release(env)
			l.lose(env, following, "the lease could not be renewed within renew-deadline")
		}
		return true
	}
	return l.svc.handle(env, m)
}

// tick is one round. The next one comes retry-period after this one is over.
func (l *lease) tick(env mailbox.Env) {
	l.svc.get(env, l.retry, l.key, func(env mailbox.Env, e wire.Entry, ok bool) {
		if ok {
			l.decide(env, e)
		} else {
			l.again(env)
		}
	})
}

func (l *lease) again(env mailbox.Env) { l.svc.after(env, l.retry, l.tick) }

func (l *lease) decide(env mailbox.Env, e wire.Entry) {
	r := decode(e.Value)
	now := env.Now()
	switch {
	case l.state == leading && r.Token == l.token:
		if r.RenewTime.Equal(l.renewed) {
			l.confirmed = l.written // the answer to our last write may have been lost
		}
		r.RenewTime = now
		l.write(env, e, r)
	case l.state == leading:
		l.lose(env, following, fmt.Sprintf("the leader record names %s", named(r.Holder)))
		l.again(env)
	case e.Version == 0 || r.Holder == l.holder || // ours: the answer to our take-over was lost, or we had given up
		r.RenewTime.Add(r.LeaseDuration).Before(now):
		l.move(acquiring)
		l.token = id.Fresh[id.Token](env.Rand("election.token"))
		l.write(env, e, record{Holder: l.holder, Token: l.token, AcquireTime: now, RenewTime: now, LeaseDuration: l.lasts,
			Transitions: r.Transitions + 1})
	default:
		l.again(env)
	}
}

// write replaces the record that was read, as long as nobody else has. The deadline counts from before the
// write is sent, so that we stop to lead before the others may start.
func (l *lease) write(env mailbox.Env, read wire.Entry, r record) {
	l.written++
	n, token, asked := l.written, l.token, env.Now()
	l.renewed = r.RenewTime
	env.After(l.deadline, renewDeadline{n})
	t := wire.CoordTxn{If: []wire.Compare{{Key: l.key, Version: read.Version}}, Writes: []wire.Write{{Key: l.key, Value: r.encode()}}}
	l.svc.txn(env, l.retry, t, func(env mailbox.Env, res result, version uint64) {
		switch {
		case token != l.token: // leadership was lost meanwhile
			l.again(env)
		case res == applied && l.state == acquiring:
			l.confirmed, l.recorded, l.transitions = n, version, r.Transitions
			l.noteLease(env, "acquire", l.lasts.String(), asked.UnixNano())
			l.grant(env)
			l.again(env)
		case res == applied:
			l.confirmed, l.recorded = n, version
			l.noteLease(env, "renew", l.lasts.String(), asked.UnixNano())
			l.again(env)
		case l.state == acquiring: // refused, or without answer: the record itself will tell
			l.move(following)
			l.token = ""
			l.soon(env)
		default:
			l.soon(env)
		}
	})
}

// soon is for a write that did not go through: what the record says now is worth a look before the next round.
func (l *lease) soon(env mailbox.Env) { l.svc.after(env, min(l.retry, time.Second), l.tick) }

// Resign writes a record that names nobody and has run out, so that the next candidate need not wait. If the write is
// refused somebody else has written already; if it is lost the lease runs out.
func (l *lease) Resign(env mailbox.Env) {
	held := l.recorded
	l.svc.forget()
	if l.resign(env) {
		l.svc.txn(env, l.retry, wire.CoordTxn{If: []wire.Compare{{Key: l.key, Version: held}},
			Writes: []wire.Write{{Key: l.key, Value: record{Transitions: l.transitions}.encode()}}}, func(mailbox.Env, result, uint64) {})
	}
}

func (l *lease) release(env mailbox.Env) { l.noteLease(env, "release", "", env.Now().UnixNano()) }

func named(holder string) string {
	if holder == "" {
		return "nobody"
	}
	return holder
}
