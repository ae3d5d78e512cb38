package kafka

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// A broker has its replicas in one log directory (log.dirs). If it finds no room there when it appends, as a leader or as a
// follower, the directory goes offline; and a broker without a directory halts.
//
//	FillDisk ─▶ append ─▶ offline: KAFKA_STORAGE_ERROR to whoever writes or reads
//	                └──▶ halt ── 9 s ──▶ others lead what it led
//	start ─▶ halt, until FreeDisk
type disk struct {
	full    bool
	offline bool // until the next life
}

// halting is how long a broker goes on after its directory is offline.
var halting = Delay{time.Millisecond, 5 * time.Millisecond}

// FillDisk takes a broker's room away.
func (c *Cluster) FillDisk(broker int) {
	if !c.disks[broker].full {
		c.disks[broker].full = true
		c.full++
		c.standStill(broker)
	}
}

// FreeDisk makes room again, for its next life if the broker has noticed.
func (c *Cluster) FreeDisk(broker int) {
	if c.disks[broker].full {
		c.disks[broker].full = false
		c.full--
		c.replicasChanged()
	}
}

// OnHalt says who ends the process of a broker that halts. It must not do so before the broker has returned.
func (c *Cluster) OnHalt(halt func(broker int)) { c.halt = halt }

// standStill has the followers on a broker fetch nothing more.
func (c *Cluster) standStill(broker int) {
	for _, r := range c.logs() {
		if r.leader != int32(broker) {
			r.fallBehind(int32(broker), c.cfg.Now())
		}
	}
}

// takes says whether a broker is there and has room for what comes from outside of the protocol.
func (c *Cluster) takes(broker int32) bool {
	if !c.alive(broker) {
		return false
	}
	if c.disks[broker].full {
		c.wake(broker, noRoom{})
		return false
	}
	return !c.disks[broker].offline
}

// spills tells brokers whose disk is full that they would have to append what a log has got.
func (c *Cluster) spills(r *replicaSet) {
	if c.full == 0 {
		return
	}
	for _, n := range r.replicas {
		if c.disks[n].full && !c.disks[n].offline && !c.dead[n] {
			c.wake(n, noRoom{})
		}
	}
}

// room says whether this broker can append. The first time that it cannot, its directory goes offline.
func (b *Broker) room(env mailbox.Env) bool {
	d := &b.cluster.disks[b.node]
	if d.full && !d.offline {
		d.offline = true
		env.After(draw(env, "halt", halting), halt{})
	}
	return !d.offline
}

// mount is the first thing that a broker does. It halts if its disk is full, since it has to write to find out what its
// last life has left.
func (b *Broker) mount(env mailbox.Env) bool {
	b.cluster.disks[b.node].offline = false
	return b.room(env)
}

func (b *Broker) stop() {
	if b.cluster.halt != nil {
		b.cluster.halt(int(b.node))
	}
}
