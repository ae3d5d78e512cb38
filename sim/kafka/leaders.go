package kafka

// MoveLeader makes another broker the leader of a partition. What the old one has appended is there.
func (c *Cluster) MoveLeader(topic string, partition, to int) {
	p := c.Partition(topic, partition)
	assert(p != nil && to >= 0 && to < c.cfg.Brokers, "cannot move %s-%d to broker %d", topic, partition, to)
	old := p.leader
	p.leader, p.leaderEpoch = int32(to), p.leaderEpoch+1
	p.replicate(p.leo, c.cfg.Now())
	if p.waiting { // its fetches have to go elsewhere
		p.waiting = false
		c.wake(old, grown{p})
	}
	if topic == offsetsTopic { // one gives the groups up, and the other has to read them
		c.wake(old, groupsElected{partition})
		if p.leader != old {
			c.wake(p.leader, groupsElected{partition})
		}
	}
}

// MoveCoordinator makes another broker the coordinator of the transactional ids of a partition of the
// transaction log. It answers COORDINATOR_LOAD_IN_PROGRESS until it has read them.
func (c *Cluster) MoveCoordinator(partition, to int) {
	assert(to >= 0 && to < c.cfg.Brokers, "cannot make broker %d a coordinator", to)
	tp := &c.txns[partition]
	tp.leader, tp.epoch = int32(to), tp.epoch+1
	c.wake(tp.leader, elected{partition})
}

// FailOver moves everything that a broker leads to the others, and leaves it out of the metadata until it
// starts again.
func (c *Cluster) FailOver(broker int) {
	c.down[broker] = true
	c.MoveLeaders(broker)
	c.MoveCoordinators(broker)
}

// MoveLeaders moves all partitions that a broker leads to the others.
func (c *Cluster) MoveLeaders(broker int) {
	other := c.others(broker)
	for _, t := range c.order {
		for _, p := range t.partitions {
			if p.leader == int32(broker) {
				c.MoveLeader(p.topic, int(p.index), other())
			}
		}
	}
}

// MoveCoordinators moves all transactional ids and groups that a broker coordinates to the others.
func (c *Cluster) MoveCoordinators(broker int) {
	other := c.others(broker)
	for i := range c.txns {
		if c.txns[i].leader == int32(broker) {
			c.MoveCoordinator(i, other())
		}
	}
	for i, p := range c.offsetsLog.partitions {
		if p.leader == int32(broker) {
			c.MoveGroups(i, other())
		}
	}
}

// others gives the brokers that are up, but for one, by turns; that one if nobody else is left.
func (c *Cluster) others(broker int) func() int {
	next := broker
	return func() int {
		for range c.cfg.Brokers {
			if next = (next + 1) % c.cfg.Brokers; next != broker && !c.down[next] {
				return next
			}
		}
		return broker
	}
}

// Leader is the broker that leads a partition, -1 if there is no such partition.
func (c *Cluster) Leader(topic string, partition int) int {
	if p := c.Partition(topic, partition); p != nil {
		return int(p.leader)
	}
	return -1
}

// Coordinator is the broker that coordinates a transactional id.
func (c *Cluster) Coordinator(id string) int { return int(c.txns[TxnPartitionOf(id)].leader) }
