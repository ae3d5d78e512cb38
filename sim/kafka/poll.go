package kafka

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// poll is a fetch that waits until there is something to read.
type poll struct {
	call  call
	req   *kmsg.FetchRequest
	timer mailbox.Timer
	done  bool
}

// waitFor has a fetch looked at again when a partition has more.
func (b *Broker) waitFor(p *Partition, f *poll) {
	b.polls[p] = append(b.polls[p], f)
	if p.leader == b.node {
		p.waiting = true
	} else {
		p.follow(b.node)
	}
}

// wake looks again at what waits for a partition here, and has those who follow it do so.
func (b *Broker) wake(env mailbox.Env, p *Partition) {
	l := b.led[p]
	if l != nil && len(l.delayed) > 0 {
		b.retryDelayed(env, l)
	}
	b.retryPolls(env, p)
	switch {
	case p.leader == b.node:
		p.rouseFollowers()
		p.waiting = len(b.polls[p]) > 0 || l != nil && len(l.delayed) > 0
	case len(b.polls[p]) > 0:
		p.follow(b.node)
	}
}

func (b *Broker) retryPolls(env mailbox.Env, p *Partition) {
	if len(b.polls[p]) == 0 {
		return
	}
	for _, f := range slices.Clone(b.polls[p]) {
		if f.done {
			continue
		}
		if resp, enough := b.readAll(f.req); enough {
			f.timer.Stop()
			f.done = true
			b.answer(env, f.call, resp)
		}
	}
	b.forgetPolls(p)
}

func (b *Broker) forgetPolls(p *Partition) {
	b.polls[p] = slices.DeleteFunc(b.polls[p], func(f *poll) bool { return f.done })
}

// finishPoll answers with what there is, since the wait is over.
func (b *Broker) finishPoll(env mailbox.Env, f *poll) {
	if f.done {
		return
	}
	f.done = true
	for _, t := range f.req.Topics {
		for _, part := range t.Partitions {
			if p, code := b.cluster.find(t.Topic, t.TopicID, byID(f.req), part.Partition); code == protocol.None {
				b.forgetPolls(p)
			}
		}
	}
	resp, _ := b.readAll(f.req)
	b.answer(env, f.call, resp)
}

// rouse wakes who waits for the partition, with a broker and with those that follow.
func (p *Partition) rouse(leader int32) {
	if !p.waiting {
		return
	}
	p.waiting = false
	p.cluster.wake(leader, grown{p})
	p.rouseFollowers()
}

func (p *Partition) rouseFollowers() {
	for _, n := range p.followed {
		p.cluster.wake(n, grown{p})
	}
	p.followed = nil
}

// follow has a broker woken that follows, and has fetches that wait.
func (p *Partition) follow(node int32) {
	p.waiting = true
	if !slices.Contains(p.followed, node) {
		p.followed = append(p.followed, node)
	}
}
