package kafka

import (
	"slices"
	"time"
)

// replicaSet is the brokers that have a log, and how far each of them has come. Nothing is copied: there is the leader's
// log, and a mark for each follower that has less of it than those that keep up.
//
//	follower behind ≤ replicated ≤ log end
//
// What readers of a follower are shown is what it has heard of both ends with its last fetch. One that keeps up hears at
// once here.
type replicaSet struct {
	leader     int32
	replicas   []int32 // the first is the preferred leader
	isr        []int32 // those in sync, in the same order; a slice that is not changed any more
	leo        int64   // the leader's log end offset
	replicated int64   // that of the followers that keep up
	hw, lso    int64   // up to which readers are shown it: all of them, and read_committed ones
	behind     []follower
}

// follower is a replica that does not keep up: its broker is dead or slow, or it has yet to catch up.
type follower struct {
	node    int32
	leo     int64
	hw, lso int64
	since   time.Duration // until then it was caught up
}

// placed is the replicas of a new log, those of them in sync that the controller has not fenced. The first of these leads.
func (c *Cluster) placed(replicas []int32) replicaSet {
	r := replicaSet{replicas: replicas, isr: slices.DeleteFunc(slices.Clone(replicas), func(n int32) bool { return c.down[n] })}
	if len(r.isr) == 0 {
		r.isr = replicas[:1]
	}
	r.leader = r.isr[0]
	for _, n := range replicas {
		if n != r.leader && c.dead[n] {
			r.behind = append(r.behind, follower{node: n, since: c.cfg.Now()})
		}
	}
	return r
}

// inRow is n brokers from one on, in a circle.
func (c *Cluster) inRow(first, n int) []int32 {
	row := make([]int32, min(n, c.cfg.Brokers))
	for i := range row {
		row[i] = int32((first + i) % c.cfg.Brokers)
	}
	return row
}

func (r *replicaSet) has(node int32) bool    { return slices.Contains(r.replicas, node) }
func (r *replicaSet) inSync(node int32) bool { return slices.Contains(r.isr, node) }

func (r *replicaSet) lags(node int32) bool {
	return slices.ContainsFunc(r.behind, func(f follower) bool { return f.node == node })
}

// endOf is the log end offset of a replica.
func (r *replicaSet) endOf(node int32) int64 {
	if node == r.leader {
		return r.leo
	}
	for _, f := range r.behind {
		if f.node == node {
			return f.leo
		}
	}
	return r.replicated
}

// shownBy are the ends of the log that a replica shows to readers.
func (r *replicaSet) shownBy(node int32) (hw, lso int64) {
	for _, f := range r.behind {
		if f.node == node && node != r.leader {
			return f.hw, f.lso
		}
	}
	return r.hw, r.lso
}

// common is the offset up to which all replicas in sync have the log.
func (r *replicaSet) common() int64 {
	end := r.replicated
	for _, f := range r.behind {
		if f.node != r.leader && r.inSync(f.node) {
			end = min(end, f.leo)
		}
	}
	return end
}

// fallBehind says that a follower has no more than it has now until it catches up.
func (r *replicaSet) fallBehind(node int32, now time.Duration) {
	if r.has(node) && !r.lags(node) {
		r.behind = append(r.behind, follower{node, r.endOf(node), r.hw, r.lso, now})
	}
}

// outOfSync are the members of the ISR that have lacked something for longer than a follower may. One that has all
// there is may be silent for ever.
func (r *replicaSet) outOfSync(now, lagMax time.Duration) (nodes []int32) {
	for _, f := range r.behind {
		if f.node != r.leader && r.inSync(f.node) && f.leo < r.leo && now-f.since > lagMax {
			nodes = append(nodes, f.node)
		}
	}
	return nodes
}

// shrink takes a replica out of the ISR. The last one stays, since it may lead again when it is back.
func (r *replicaSet) shrink(node int32) (done bool) {
	if !r.inSync(node) || len(r.isr) == 1 {
		return false
	}
	r.isr = slices.DeleteFunc(slices.Clone(r.isr), func(n int32) bool { return n == node })
	return true
}

// keepsUp says that a replica has what the others have.
func (r *replicaSet) keepsUp(node int32) {
	r.behind = slices.DeleteFunc(r.behind, func(f follower) bool { return f.node == node })
}

// caughtUp brings a follower into the ISR, since it keeps up from now on.
func (r *replicaSet) caughtUp(node int32) {
	r.keepsUp(node)
	old := r.isr
	r.isr = slices.DeleteFunc(slices.Clone(r.replicas), func(n int32) bool { return n != node && !slices.Contains(old, n) })
}

// underMin says whether too few replicas are in sync (min.insync.replicas) for a log to be safe. A topic that asks for
// more than it has replicas asks for all of them.
func (r *replicaSet) underMin(least int) bool { return len(r.isr) < min(least, len(r.replicas)) }
