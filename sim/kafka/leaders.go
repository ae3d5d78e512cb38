package kafka

import (
	"slices"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// MoveLeader makes another replica the leader of a partition, as its operator can. What that replica has not got is lost:
// one in sync lacks nothing that was acknowledged.
func (c *Cluster) MoveLeader(topic string, partition, to int) {
	p := c.Partition(topic, partition)
	assert(p != nil && slices.Contains(p.replicas, int32(to)), "cannot move %s-%d to broker %d", topic, partition, to)
	p.lead(int32(to), c.cfg.Now())
}

// MoveCoordinator makes another broker the coordinator of the transactional ids of a partition of the
// transaction log. It answers COORDINATOR_LOAD_IN_PROGRESS until it has read them.
func (c *Cluster) MoveCoordinator(partition, to int) {
	assert(to >= 0 && to < c.cfg.Brokers, "cannot make broker %d a coordinator", to)
	c.coordinate(partition, int32(to))
}

// MoveLeaders moves all partitions that a broker leads to others that are in sync, if there are any.
func (c *Cluster) MoveLeaders(broker int) {
	next := c.others(broker)
	for _, t := range c.order {
		for _, p := range t.partitions {
			if p.leader == int32(broker) {
				if to := next(&p.replicaSet); to != protocol.NoLeader {
					p.lead(to, c.cfg.Now())
				}
			}
		}
	}
}

// MoveCoordinators moves all transactional ids and groups that a broker coordinates to others that are in sync.
func (c *Cluster) MoveCoordinators(broker int) {
	next := c.others(broker)
	for i := range c.txns {
		if tp := &c.txns[i]; tp.leader == int32(broker) {
			if to := next(&tp.replicaSet); to != protocol.NoLeader {
				c.coordinate(i, to)
			}
		}
	}
	for _, p := range c.offsetsLog.partitions {
		if p.leader == int32(broker) {
			if to := next(&p.replicaSet); to != protocol.NoLeader {
				p.lead(to, c.cfg.Now())
			}
		}
	}
}

// others gives the brokers in sync that are up, but for one, by turns.
func (c *Cluster) others(broker int) func(*replicaSet) int32 {
	last := broker
	return func(r *replicaSet) int32 {
		for i := range c.cfg.Brokers {
			if n := (last + 1 + i) % c.cfg.Brokers; n != broker && !c.down[n] && r.inSync(int32(n)) {
				last = n
				return int32(n)
			}
		}
		return protocol.NoLeader
	}
}

// Leader is the broker that leads a partition, -1 if there is no such partition, or none leads it.
func (c *Cluster) Leader(topic string, partition int) int {
	if p := c.Partition(topic, partition); p != nil {
		return int(p.leader)
	}
	return -1
}

// Coordinator is the broker that coordinates a transactional id, -1 if none does.
func (c *Cluster) Coordinator(id string) int { return int(c.txns[TxnPartitionOf(id)].leader) }
