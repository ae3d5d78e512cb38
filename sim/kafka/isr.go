package kafka

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// stopped is a fault: the followers on a broker fetch nothing, of some topics or of all.
type stopped struct {
	is     bool
	topics []string // none: all
}

// StopFollowers makes the followers on a broker stop fetching, of these topics or, without any, of all. They leave the ISR
// when they have lacked something for replica.lag.time.max.ms.
func (c *Cluster) StopFollowers(broker int, topics ...string) {
	c.stopped[broker] = stopped{true, topics}
	for log, r := range c.logs() {
		if n := int32(broker); n != r.leader && c.standsStill(n, log.topic) {
			r.fallBehind(n, c.cfg.Now())
		}
	}
	c.replicasChanged()
}

// ResumeFollowers makes the followers on a broker fetch again. They are in sync again when they have caught up.
func (c *Cluster) ResumeFollowers(broker int) {
	c.stopped[broker] = stopped{}
	c.replicasChanged()
}

// standsStill says whether a replica fetches nothing.
func (c *Cluster) standsStill(node int32, topic string) bool {
	if node == protocol.NoLeader {
		return false
	}
	s := c.stopped[node]
	return c.dead[node] || c.disks[node].full || s.is && (len(s.topics) == 0 || slices.Contains(s.topics, topic))
}

// replicasChanged tells brokers that replicas have gone, come back, or stand still.
func (c *Cluster) replicasChanged() {
	for n := range c.cfg.Brokers {
		if !c.dead[n] {
			c.wake(int32(n), replicasChanged{})
		}
	}
}

// replicasChanged does what follows for this broker: the high watermarks of what it leads may move, its own followers may
// have to catch up, and it has to look out for those that fall out of sync.
func (b *Broker) replicasChanged(env mailbox.Env) {
	c := b.cluster
	for _, t := range c.allTopics() {
		for _, p := range t.partitions {
			if p.leader == b.node {
				p.replicate(p.replicated, c.cfg.Now())
				b.advanced(env, p)
			}
		}
	}
	b.retryAppends(env)
	b.watchISR(env)
	if !b.catching && b.mayCatchUp() {
		b.catching = true
		env.After(draw(env, "catch-up", c.cfg.Replication), caughtUp{})
	}
}

// mayCatchUp says whether a follower here lacks something, and can have it.
func (b *Broker) mayCatchUp() bool {
	for log, r := range b.cluster.logs() {
		if r.lags(b.node) && !b.cluster.standsStill(b.node, log.topic) && b.cluster.alive(r.leader) {
			return true
		}
	}
	return false
}

// catchUp is when the followers here have fetched what they lacked.
func (b *Broker) catchUp() {
	b.catching = false
	for log, r := range b.cluster.logs() {
		if r.lags(b.node) && !b.cluster.standsStill(b.node, log.topic) && b.cluster.alive(r.leader) {
			was := r.inSync(b.node)
			if r.caughtUp(b.node); !was {
				b.cluster.tellISR(log, r, true)
			}
		}
	}
	b.cluster.replicasChanged()
}

// watchISR sets the timer for the next look at followers that are behind, if there are any in sync.
func (b *Broker) watchISR(env mailbox.Env) {
	if b.watching {
		return
	}
	for _, r := range b.cluster.logs() {
		if r.leader == b.node && slices.ContainsFunc(r.behind, func(f follower) bool { return f.node != b.node && r.inSync(f.node) }) {
			b.watching = true
			env.After(b.cluster.cfg.ReplicaLagTimeMax/2, isrExpiration{})
			return
		}
	}
}

// expireISR takes followers out of the ISR that have been behind for too long.
func (b *Broker) expireISR(env mailbox.Env) {
	b.watching = false
	c := b.cluster
	for log, r := range c.logs() {
		if r.leader != b.node {
			continue
		}
		for _, node := range r.outOfSync(c.cfg.Now(), c.cfg.ReplicaLagTimeMax) {
			if r.shrink(node) {
				c.tellISR(log, r, false)
			}
		}
	}
	b.replicasChanged(env)
}
