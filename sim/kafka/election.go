package kafka

import (
	"iter"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// What the controller does when brokers go and come back. It knows of a dead one when that one's session has run out.
//
//	Died ── 9 s ──▶ FailOver: out of every ISR ─▶ election ── clean: one in sync leads
//	                                                      ├── unclean: any that is up, and its shorter log counts
//	                                                      └── nobody leads, until one in sync is back

// Died says that a broker has died: its replicas stand still from now on.
func (c *Cluster) Died(broker int) {
	c.dead[broker] = true
	for _, r := range c.logs() {
		r.fallBehind(int32(broker), c.cfg.Now())
	}
}

// alive says whether there is such a broker, and it is not dead.
func (c *Cluster) alive(broker int32) bool { return broker != protocol.NoLeader && !c.dead[broker] }

// FailOver is for a broker whose session has run out: it leaves every ISR and the metadata until it starts again, and
// others lead what it led.
func (c *Cluster) FailOver(broker int) {
	if !c.dead[broker] {
		c.Died(broker)
	}
	c.down[broker] = true
	for log, r := range c.logs() {
		if r.shrink(int32(broker)) {
			c.tellISR(log, r, false)
		}
	}
	for _, t := range c.allTopics() {
		for _, p := range t.partitions {
			if p.leader == int32(broker) {
				p.elect(c.cfg.Now())
			}
		}
	}
	for i := range c.txns {
		if tp := &c.txns[i]; tp.leader == int32(broker) {
			c.coordinate(i, c.candidate(&tp.replicaSet, false))
		}
	}
	c.replicasChanged()
}

// ElectUnclean is what an operator does about partitions that nobody may lead (kafka-leader-election.sh --election-type
// unclean): a broker leads those of them that it has a replica of, whatever it lacks.
func (c *Cluster) ElectUnclean(broker int) {
	for _, t := range c.allTopics() {
		for _, p := range t.partitions {
			if p.leader == protocol.NoLeader && !c.down[broker] && p.has(int32(broker)) {
				p.lead(int32(broker), c.cfg.Now())
			}
		}
	}
	c.replicasChanged()
}

// returned has a broker that has started lead what waited for it.
func (c *Cluster) returned(broker int32) {
	c.down[broker], c.dead[broker] = false, false
	for _, t := range c.allTopics() {
		for _, p := range t.partitions {
			if p.leader == protocol.NoLeader {
				p.elect(c.cfg.Now())
			}
		}
	}
	for i := range c.txns {
		if tp := &c.txns[i]; tp.leader == protocol.NoLeader && tp.inSync(broker) {
			c.coordinate(i, broker)
		}
	}
}

// candidate is the first replica in sync that is up; in an unclean election the first one that is up; noLeader if there is
// none.
func (c *Cluster) candidate(r *replicaSet, unclean bool) int32 {
	for _, n := range r.replicas {
		if r.inSync(n) && !c.down[n] {
			return n
		}
	}
	for _, n := range r.replicas {
		if unclean && !c.down[n] {
			return n
		}
	}
	return protocol.NoLeader
}

// elect finds a partition another leader, if it can.
func (p *Partition) elect(now time.Duration) {
	to := p.cluster.candidate(&p.replicaSet, p.config.unclean)
	if to != p.leader {
		p.lead(to, now)
	}
}

// lead makes a replica the leader, and its log the log. One that was not in sync is the only one that is now.
func (p *Partition) lead(to int32, now time.Duration) {
	c, old := p.cluster, p.leader
	end := p.leo
	if to != protocol.NoLeader {
		end = p.endOf(to)
	}
	wasInSync := p.inSync(to)
	p.replicaSet.lead(c, p.topic, to)
	p.leaderEpoch++
	unclean := to != protocol.NoLeader && !wasInSync
	c.tell(p.topic, history.PartitionElected{Topic: p.topic, Partition: p.index, Leader: to, Unclean: unclean, Lost: p.leo - end})
	if end < p.leo {
		p.truncate(end, now)
	}
	if to != protocol.NoLeader {
		p.settleIn(now)
	}
	p.rouse(old)                 // fetches may have to go elsewhere
	if p.topic == offsetsTopic { // one gives the groups up, and the other has to read them
		c.wake(old, groupsElected{int(p.index)})
		if to != old {
			c.wake(to, groupsElected{int(p.index)})
		}
	}
}

// settleIn is what a leader does first: its followers take what it has, and input that waited comes.
func (p *Partition) settleIn(now time.Duration) {
	p.replicate(p.leo, now)
	if len(p.input.unsent) > 0 {
		p.AppendInput(now)
	}
}

// coordinate makes a replica of a partition of the transaction log its leader. That is never an unclean one.
func (c *Cluster) coordinate(partition int, to int32) {
	tp := &c.txns[partition]
	old := tp.leader
	if to == protocol.NoLeader && old == protocol.NoLeader {
		return
	}
	tp.replicaSet.lead(c, transactionLog, to)
	tp.epoch++
	c.wake(to, elected{partition})
	if len(tp.behind) > 0 {
		c.wake(old, replicasChanged{}) // it may have appends that waited
	}
}

// lead takes over another leader, and makes the old one a follower.
func (r *replicaSet) lead(c *Cluster, topic string, to int32) {
	old := r.leader
	if c.standsStill(old, topic) {
		r.fallBehind(old, c.cfg.Now()) // with all that it has
	}
	r.leader = to
	if to == protocol.NoLeader {
		return
	}
	r.keepsUp(to)
	if !r.inSync(to) {
		r.isr = []int32{to}
	}
}

// tell keeps what has happened to a partition until a broker notes it. What the cluster has for itself is left out: its
// hundred partitions go with their brokers.
func (c *Cluster) tell(topic string, e history.Event) {
	if topic != offsetsTopic && topic != transactionLog {
		c.told = append(c.told, e)
	}
}

func (c *Cluster) tellISR(log topicPartition, r *replicaSet, expanded bool) {
	c.tell(log.topic, history.ISRChanged{Topic: log.topic, Partition: log.partition, InSync: r.isr, Expanded: expanded})
}

// allTopics are the topics with those of the cluster's own.
func (c *Cluster) allTopics() iter.Seq2[int, *topic] {
	return func(yield func(int, *topic) bool) {
		for i, t := range c.order {
			if !yield(i, t) {
				return
			}
		}
		yield(len(c.order), c.offsetsLog)
	}
}

// transactionLog is the topic of the transaction coordinators.
const transactionLog = "__transaction_state"

// logs are all replicated logs.
func (c *Cluster) logs() iter.Seq2[topicPartition, *replicaSet] {
	return func(yield func(topicPartition, *replicaSet) bool) {
		for _, t := range c.allTopics() {
			for _, p := range t.partitions {
				if !yield(topicPartition{t.name, p.index}, &p.replicaSet) {
					return
				}
			}
		}
		for i := range c.txns {
			if !yield(topicPartition{transactionLog, int32(i)}, &c.txns[i].replicaSet) {
				return
			}
		}
	}
}
