package kafka

import "github.com/flinch-dev/flinch/runtime/mailbox"

// end is how far a partition's log had grown when something was appended, and under which leader.
type end struct {
	p      *Partition
	offset int64
	epoch  int32
	code   *int16 // in the response
}

// advance moves the high watermark up to where an append had brought the log. If somebody else leads the
// partition by now the append may have survived or not: the sender has to try again.
func (b *Broker) advance(env mailbox.Env, e end) {
	if e.p.leader != b.node || e.p.leaderEpoch != e.epoch {
		*e.code = notLeaderOrFollower
		return
	}
	e.p.replicate(e.offset, b.cluster.cfg.Now())
	if e.p.topic == offsetsTopic {
		if s := b.shardAt(e.p); s != nil {
			s.catchUp(false)
		}
	}
	b.wake(env, e.p)
}
