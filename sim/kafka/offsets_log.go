package kafka

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// offsetsTopic is the log of the group coordinators. The leader of the partition that a group hashes to is its
// coordinator; what the group has committed, and who its members were when it was last stable, is in that log.
const offsetsTopic = "__consumer_offsets"

// offsetCommitTimeout is how long an append to it may wait for its replicas (offsets.commit.timeout.ms).
const offsetCommitTimeout = 5 * time.Second

// shard is one partition of that log in the memory of the broker that leads it.
//
//	request ── records ──▶ log ── high watermark ──▶ apply ──▶ group ──▶ answer
//	                        └── a new leader applies all of it again
type shard struct {
	log    *Partition
	epoch  int32 // the leader epoch in which it was read
	next   int64 // the first offset that is not applied
	groups map[string]*group
}

// groupAppend is what was appended to the log of a shard and is not on every replica yet.
type groupAppend struct {
	at   [1]end
	code int16
	then func(env mailbox.Env, code int16)
}

// shardOf finds the shard of a group. Code says why this broker does not answer for it.
func (b *Broker) shardOf(group string) (*shard, int16) {
	return b.shard(TxnPartitionOf(group)) // groups hash as transactional ids do, and the logs have as many partitions
}

// groupShard is shardOf for requests that a group without a name may not make.
func (b *Broker) groupShard(group string) (*shard, int16) {
	if group == "" {
		return nil, protocol.InvalidGroupID
	}
	return b.shardOf(group)
}

func (b *Broker) shard(i int) (*shard, int16) {
	p := b.cluster.offsetsLog.partitions[i]
	if p.leader != b.node {
		return nil, protocol.NotCoordinator
	}
	if code := b.cluster.coordinatorFault(); code != protocol.None {
		return nil, code
	}
	if s := b.shardAt(p); s != nil {
		return s, protocol.None
	}
	return nil, protocol.CoordinatorLoadInProgress
}

// shardAt is the shard of a partition that this broker has read since it leads it, or nil.
func (b *Broker) shardAt(p *Partition) *shard {
	if s := b.shards[p.index]; s != nil && p.leader == b.node && s.epoch == p.leaderEpoch {
		return s
	}
	return nil
}

func newShard(p *Partition) *shard {
	return &shard{log: p, epoch: p.leaderEpoch, groups: map[string]*group{}}
}

// startShards reads the shards that a starting broker leads. Those of a new cluster are empty.
func (b *Broker) startShards(env mailbox.Env) {
	for i, p := range b.cluster.offsetsLog.partitions {
		switch {
		case p.leader != b.node:
		case b.boot == 1 && p.leaderEpoch == 0:
			b.shards[i] = newShard(p)
		default:
			p.leaderEpoch++
			b.electGroups(env, i)
		}
	}
}

// electGroups makes this broker read a shard that it leads now, or give up one that it led.
func (b *Broker) electGroups(env mailbox.Env, i int) {
	p := b.cluster.offsetsLog.partitions[i]
	if old := b.shards[i]; old != nil && old.epoch != p.leaderEpoch {
		b.shards[i] = nil
		old.resign(env, b)
	}
	if p.leader == b.node && b.shards[i] == nil {
		env.After(draw(env, "load-groups", b.cluster.cfg.Load), groupsLoaded{i, p.leaderEpoch})
	}
}

// loadGroups takes over what the log has. Members have one more session to say that they are there.
func (b *Broker) loadGroups(env mailbox.Env, i int, epoch int32) {
	p := b.cluster.offsetsLog.partitions[i]
	if p.leader != b.node || p.leaderEpoch != epoch || b.shards[i] != nil {
		return
	}
	s := newShard(p)
	s.catchUp(true)
	b.shards[i] = s
	for _, id := range s.ids() {
		g := s.groups[id]
		for _, m := range g.members {
			b.expectHeartbeat(env, s, g, m, m.session)
		}
	}
}

// write appends records to the log of a shard. Then is called when they are on every replica, and applied.
func (b *Broker) write(env mailbox.Env, s *shard, records []logRecord, then func(env mailbox.Env, code int16)) {
	data := seal(records, 0, protocol.NoProducerID, protocol.NoEpoch, millis(env))
	h, err := recordbatch.ParseHeader(data)
	if err != nil {
		bug("a batch for %s-%d cannot be read: %v", offsetsTopic, s.log.index, err)
	}
	if !b.room(env) {
		then(env, forGroups(protocol.KafkaStorageError))
		return
	}
	s.log.write(data, &h, Committed, b.cluster.cfg.Now())
	b.persist(env, s, then)
}

// persist waits until the log of a shard is on every replica.
func (b *Broker) persist(env mailbox.Env, s *shard, then func(env mailbox.Env, code int16)) {
	a := &groupAppend{then: then}
	a.at[0] = end{p: s.log, offset: s.log.leo, epoch: s.log.leaderEpoch, code: &a.code}
	b.leads(s.log)
	if wait := draw(env, "replicate-groups", b.cluster.cfg.GroupReplication); wait > 0 {
		env.After(wait, persisted{a})
	} else {
		b.persisted(env, a)
	}
}

func (b *Broker) persisted(env mailbox.Env, a *groupAppend) {
	b.replicate(env, a.at[:], offsetCommitTimeout, func(env mailbox.Env) { a.then(env, forGroups(a.code)) })
}

// forGroups is what became of an append in the words of a group coordinator.
func forGroups(code int16) int16 {
	switch code {
	case protocol.NotLeaderOrFollower, protocol.KafkaStorageError:
		return protocol.NotCoordinator
	case protocol.NotEnoughReplicas, protocol.NotEnoughReplicasAfter, protocol.RequestTimedOut:
		return protocol.CoordinatorNotAvailable
	}
	return code
}

// catchUp applies what has come below the high watermark. While it loads it takes members over, too; a group at
// work knows better than its log who they are.
func (s *shard) catchUp(loading bool) {
	for i := s.log.batchAt(s.next); i < len(s.log.batches) && s.log.batches[i].last < s.log.hw; i++ {
		s.apply(&s.log.batches[i], loading)
		s.next = s.log.batches[i].last + 1
	}
}

// MoveGroups makes another broker the coordinator of the groups of a partition of __consumer_offsets. It answers
// COORDINATOR_LOAD_IN_PROGRESS until it has read them.
func (c *Cluster) MoveGroups(partition, to int) { c.MoveLeader(offsetsTopic, partition, to) }

// GroupCoordinator is the broker that coordinates a group.
func (c *Cluster) GroupCoordinator(group string) int {
	return int(c.offsetsLog.partitions[TxnPartitionOf(group)].leader)
}

// CommittedOffset is the position that a group has committed for a partition, -1 if none. It reads the group's log,
// so it costs as much as there is in it.
func (c *Cluster) CommittedOffset(group, topic string, partition int) int64 {
	s := newShard(c.offsetsLog.partitions[TxnPartitionOf(group)])
	s.catchUp(true)
	if o := s.groups[group].committed(c, topicPartition{topic, int32(partition)}); o != nil {
		return o.offset
	}
	return -1
}

// ticking is a timer of a group, with what happens when its time has come.
type ticking struct {
	shard *shard
	do    func(mailbox.Env)
}

// tick lets something happen to a group after a wait, unless another broker is the coordinator by then.
func (b *Broker) tick(env mailbox.Env, s *shard, wait time.Duration, do func(mailbox.Env)) mailbox.Timer {
	return env.After(wait, groupTick{&ticking{s, do}})
}

func (b *Broker) ticked(env mailbox.Env, t *ticking) {
	if b.shardAt(t.shard.log) == t.shard {
		t.do(env)
	}
}
