package kafka

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Broker is one life of one broker. What it holds is what its memory holds.
type Broker struct {
	cluster *Cluster
	node    int32
	boot    int
	conns   map[connKey]*conn
	asked   protocol.Caller // requests to other brokers
	led     map[*Partition]*led
	polls   map[*Partition][]*poll
	txns    map[string]*entry
	shards  [txnPartitions]*shard // the groups of each partition of __consumer_offsets that is loaded
	ready   [txnPartitions]int32  // the epoch of each partition of the transaction log that is loaded, -1 without
	expiry  time.Duration         // until the next look for expired transactional ids
	retain  time.Duration         // until the next look for records that are too old
	appends []waitingAppend       // to the transaction log
	meters  map[meterKey]*meter   // of clients with a quota

	watching, catching bool // for followers that are out of sync; up with leaders
}

// led is what a leader remembers of a partition and no follower does.
type led struct {
	epoch    int32
	guards   map[int64]*guard
	delayed  []*delayed
	refusing bool // too few replicas are in sync, and that is noted
}

// Broker returns the next life of broker n, for the process "kafka-n".
func (c *Cluster) Broker(n int) mailbox.Actor {
	c.boots[n]++
	b := &Broker{cluster: c, node: int32(n), boot: c.boots[n], conns: map[connKey]*conn{},
		asked: protocol.NewCaller(interBrokerTimeout), led: map[*Partition]*led{}, polls: map[*Partition][]*poll{},
		txns: map[string]*entry{}, meters: map[meterKey]*meter{}}
	for i := range b.ready {
		b.ready[i] = -1
	}
	return b
}

// Receive handles one message.
func (b *Broker) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		b.start(env)
	case protocol.Request:
		b.arrive(env, from, m)
	case arrived:
		env.Note(m.Request.late())
		b.admit(env, m.Request.from, m.Request.m)
	case protocol.Response:
		b.asked.Answered(env, m)
	case depart:
		env.Send(m.answer.to, m.answer.m)
	case mailbox.Undeliverable:
		if r, ok := m.M.(protocol.Request); ok {
			b.asked.Refused(env, r.Corr)
		}
	case mailbox.Disconnected:
		b.asked.Disconnected(env, m.Process)
		for key := range b.conns { // only deletes, so it may be done in any order
			if key.from.Process() == m.Process {
				delete(b.conns, key)
			}
		}
	case protocol.Sweep:
		b.asked.Sweep(env)
	case appended:
		b.appended(env, m.transition)
	case appendTimedOut:
		b.appendTimedOut(env, m.transition)
	case sendMarker:
		b.sendMarker(env, m.marker)
	case marked:
		b.marked(env, m.markerAppend)
	case complete:
		b.complete(env, m.entry)
	case persisted:
		b.persisted(env, m.groupAppend)
	case groupTick:
		b.ticked(env, m.ticking)
	case groupsElected:
		b.electGroups(env, m.partition)
	case groupsLoaded:
		b.loadGroups(env, m.partition, m.epoch)
	case replicated:
		b.replicated(env, m.produce)
	case delayExpired:
		b.expireDelayed(env, m.delayed)
	case replicasChanged:
		b.replicasChanged(env)
	case caughtUp:
		b.catchUp()
	case isrExpiration:
		b.expireISR(env)
	case askAgain:
		b.ask(env, m.produce)
	case pollEnded:
		b.finishPoll(env, m.poll)
	case grown:
		b.wake(env, m.Partition)
	case unmute:
		b.hangUp(env, m.conn, 0)
	case noRoom:
		b.room(env)
	case halt:
		b.stop()
	case scan:
		b.scan(env)
	case elected:
		b.elect(env, m.partition)
	case loaded:
		b.load(env, m.partition, m.epoch)
	default:
		return fmt.Errorf("broker %d: no handler for %q from %s", b.node, m.Word(), from)
	}
	b.cluster.report(env)
	return nil
}

func (b *Broker) start(env mailbox.Env) {
	c := b.cluster
	if !b.mount(env) {
		return
	}
	c.returned(b.node)
	for _, t := range c.allTopics() {
		for _, p := range t.partitions {
			if p.leader == b.node {
				p.keepsUp(b.node)
				p.settleIn(c.cfg.Now())
			}
		}
	}
	for i := range c.txns {
		tp := &c.txns[i]
		switch {
		case tp.leader != b.node:
		case b.boot == 1 && tp.epoch == 0:
			b.ready[i] = 0 // a new cluster has nothing to load
		default:
			tp.epoch++
			b.elect(env, i)
		}
	}
	b.startShards(env)
	if b.boot > 1 {
		c.replicasChanged()
	}
	b.expiry, b.retain = c.cfg.IDExpiryScanInterval, retentionCheckInterval
	env.After(draw(env, "first-scan", Delay{0, c.cfg.AbortScanInterval}), scan{})
}

func (b *Broker) handle(env mailbox.Env, c call, req kmsg.Request) {
	if !b.cluster.supports(c.key, c.version) {
		b.refuse(env, c)
		return
	}
	apis[c.key].handle(b, env, c, req)
}

// refuse a request that this broker does not know, or not in that version. A client that asks which there are is
// answered in the version that everybody knows; all others are hung up on.
func (b *Broker) refuse(env mailbox.Env, c call) {
	if c.key != kmsg.ApiVersions {
		b.leave(env, c, false)
		return
	}
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.ErrorCode = protocol.UnsupportedVersion
	c.version = 0
	b.answer(env, c, resp)
}

// leads returns what this broker remembers of a partition as its leader, or nil if it is not.
func (b *Broker) leads(p *Partition) *led {
	if p.leader != b.node {
		return nil
	}
	l := b.led[p]
	if l == nil || l.epoch != p.leaderEpoch {
		fresh := &led{epoch: p.leaderEpoch, guards: map[int64]*guard{}}
		if l != nil {
			fresh.delayed = l.delayed
		}
		l = fresh
		b.led[p] = l
	}
	return l
}

// draw takes a wait from a range.
func draw(env mailbox.Env, site string, d Delay) time.Duration {
	if d.Most <= d.Least {
		return d.Least
	}
	return d.Least + time.Duration(env.Rand(site).Int64N(int64(d.Most-d.Least)))
}

func millis(env mailbox.Env) int64 { return env.Now().UnixMilli() }
