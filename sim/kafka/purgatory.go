package kafka

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// end is how far a partition's log had grown when something was appended, and under which leader.
type end struct {
	p       *Partition
	offset  int64
	epoch   int32
	code    *int16 // in the response
	reached bool   // every replica in sync has it, or never will
}

// settle says whether it is known what became of an append: the high watermark has passed it, or somebody else leads the
// partition by now. Then it may have survived or not, and the sender has to try again.
func (e *end) settle(b *Broker) bool {
	switch {
	case e.reached:
	case e.p.leader != b.node || e.p.leaderEpoch != e.epoch:
		*e.code = protocol.NotLeaderOrFollower
	case e.p.hw < e.offset:
		return false
	case e.p.underMinISR():
		*e.code = protocol.NotEnoughReplicasAfter
	}
	e.reached = true
	return true
}

// delayed is an answer that waits until all replicas in sync have what was appended for it (Kafka's purgatory).
type delayed struct {
	ends  []end
	then  func(mailbox.Env)
	timer mailbox.Timer
	over  bool
}

func (b *Broker) settled(ends []end) bool {
	all := true
	for i := range ends {
		all = ends[i].settle(b) && all
	}
	return all
}

// replicate gives the followers that keep up what was appended. Then is called when all replicas in sync have it, at once
// in good times, or when the wait is over: with REQUEST_TIMED_OUT then.
func (b *Broker) replicate(env mailbox.Env, ends []end, wait time.Duration, then func(mailbox.Env)) {
	for i := range ends {
		b.advance(env, &ends[i])
	}
	if then == nil {
		return
	}
	if b.settled(ends) {
		then(env)
		return
	}
	d := &delayed{ends: ends, then: then}
	d.timer = env.After(wait, delayExpired{d})
	for i := range ends {
		if e := &ends[i]; !e.reached {
			l := b.leads(e.p)
			l.delayed = append(l.delayed, d)
			e.p.waiting = true
		}
	}
}

// advance lets a partition's followers have it up to the end of an append, if it is still this broker's.
func (b *Broker) advance(env mailbox.Env, e *end) {
	if e.p.leader == b.node && e.p.leaderEpoch == e.epoch {
		e.p.replicate(e.offset, b.cluster.cfg.Now())
		b.advanced(env, e.p)
	}
}

// advanced shows who waits for it that a high watermark may have moved.
func (b *Broker) advanced(env mailbox.Env, p *Partition) {
	if p.topic == offsetsTopic {
		if s := b.shardAt(p); s != nil {
			s.catchUp(false)
		}
	}
	b.wake(env, p)
}

// retryDelayed gives the answers that need not wait for a partition any more.
func (b *Broker) retryDelayed(env mailbox.Env, l *led) {
	for _, d := range slices.Clone(l.delayed) {
		if !d.over && b.settled(d.ends) {
			d.timer.Stop()
			d.over = true
			d.then(env)
		}
	}
	l.delayed = slices.DeleteFunc(l.delayed, func(d *delayed) bool { return d.over })
}

// expireDelayed answers what has waited long enough.
func (b *Broker) expireDelayed(env mailbox.Env, d *delayed) {
	if d.over {
		return
	}
	d.over = true
	for i := range d.ends {
		if e := &d.ends[i]; !e.settle(b) {
			*e.code = protocol.RequestTimedOut
		}
		if l := b.led[d.ends[i].p]; l != nil {
			l.delayed = slices.DeleteFunc(l.delayed, func(d *delayed) bool { return d.over })
		}
	}
	d.then(env)
}
