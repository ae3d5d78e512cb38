package channel

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Gate is all the input channels of a task, over all its edges, numbered from 0.
type Gate struct {
	channels []*input
	ready    []int // a channel's number, once per buffer that waits in it
	parked   []int // the same for channels that were found blocked
	floating int   // credit left to lend
	waiting  int   // buffers that wait
	consumer id.Attempt
	limits   Limits
}

// input is the consumer's end of a channel.
type input struct {
	producer  wire.Producer
	edge      int // at the producer
	channel   int // of that edge
	queue     []wire.Buffer
	seq       uint64
	blocked   bool
	ended     bool // no record follows
	closed    bool // nothing follows
	lent      int  // floating credit in use
	owed      int  // exclusive credit to give back
	watermark record.EventTime
}

// NewGate returns a gate without channels.
func NewGate(consumer id.Attempt, limits Limits) *Gate {
	return &Gate{consumer: consumer, limits: limits, floating: limits.FloatingPerGate}
}

// Add adds a channel: the one with these numbers at its producer.
func (g *Gate) Add(producer wire.Producer, edge, channel int) {
	g.channels = append(g.channels, &input{producer: producer, edge: edge, channel: channel, watermark: record.MinTime})
}

// Channels is how many channels there are; Open how many can still deliver a barrier.
func (g *Gate) Channels() int { return len(g.channels) }

// Open is the number of channels that are not closed.
func (g *Gate) Open() int {
	n := 0
	for _, c := range g.channels {
		if !c.closed {
			n++
		}
	}
	return n
}

// Producer returns where a channel comes from.
func (g *Gate) Producer(channel int) wire.Producer { return g.channels[channel].producer }

// Request asks the producer of a channel for it.
func (g *Gate) Request(env mailbox.Env, channel int) {
	c := g.channels[channel]
	env.Send(c.producer.Task, wire.RequestPartition{Producer: c.producer.Attempt, Consumer: g.consumer, Edge: c.edge,
		Channel: c.channel, Input: channel, Credit: g.limits.BuffersPerChannel})
}

// Put takes a buffer from the network. A gap in the sequence means that the connection lost something, and
// that the task must fail; a repetition cannot happen on a connection and is a gap too.
func (g *Gate) Put(env mailbox.Env, b wire.Buffer) error {
	if b.Input < 0 || b.Input >= len(g.channels) {
		return fmt.Errorf("receive a buffer for input channel %d: there are %d", b.Input, len(g.channels))
	}
	c := g.channels[b.Input]
	if b.Seq != c.seq {
		return fmt.Errorf("receive buffer %d of the channel from %s: buffer %d was expected, the connection lost some",
			b.Seq, c.producer.Attempt, c.seq)
	}
	c.seq++
	c.queue = append(c.queue, b)
	g.ready = append(g.ready, b.Input)
	g.waiting++
	if lend := min(b.Backlog-c.lent, g.floating); lend > 0 {
		c.lent += lend
		g.floating -= lend
		env.Send(c.producer.Task, wire.Credit{Edge: c.edge, Channel: c.channel, N: lend})
	}
	return nil
}

// Next takes the next buffer, in order of arrival, from a channel that is not blocked, and gives its credit
// back.
func (g *Gate) Next(env mailbox.Env) (channel int, b wire.Buffer, ok bool) {
	for len(g.ready) > 0 {
		channel = g.ready[0]
		g.ready = g.ready[1:]
		c := g.channels[channel]
		if c.blocked {
			g.parked = append(g.parked, channel)
			continue
		}
		b = c.queue[0]
		if c.queue = c.queue[1:]; len(c.queue) == 0 {
			c.queue = nil
		}
		g.waiting--
		if b.Element == wire.Data {
			g.giveBack(env, c)
		}
		return channel, b, true
	}
	g.ready = nil
	return 0, wire.Buffer{}, false
}

// giveBack returns the credit of a consumed buffer: first what was lent, then the channel's own. The own
// credit goes back when all of it is used, which halves the messages and cannot stall: a producer without
// credit has all its buffers here or under way.
func (g *Gate) giveBack(env mailbox.Env, c *input) {
	if c.lent > 0 {
		c.lent--
		g.floating++
		return
	}
	if c.owed++; c.owed >= g.limits.BuffersPerChannel {
		env.Send(c.producer.Task, wire.Credit{Edge: c.edge, Channel: c.channel, N: c.owed})
		c.owed = 0
	}
}

// Block makes a channel wait; UnblockAll lets all of them go on, in their old order.
func (g *Gate) Block(channel int) { g.channels[channel].blocked = true }

// UnblockAll ends an alignment.
func (g *Gate) UnblockAll() {
	for _, c := range g.channels {
		c.blocked = false
	}
	if len(g.parked) > 0 {
		g.ready = append(g.parked, g.ready...)
		g.parked = nil
	}
}

// Ready says whether Next would find a buffer.
func (g *Gate) Ready() bool {
	for _, channel := range g.ready {
		if !g.channels[channel].blocked {
			return true
		}
	}
	return false
}

// Watermark notes a channel's watermark and returns the gate's: the least of its channels.
func (g *Gate) Watermark(channel int, t record.EventTime) record.EventTime {
	c := g.channels[channel]
	c.watermark = max(c.watermark, t)
	least := record.MaxTime
	for _, c := range g.channels {
		least = min(least, c.watermark)
	}
	return least
}

// End notes that no record follows on a channel, and says whether that holds for all now.
func (g *Gate) End(channel int) (all bool) {
	g.channels[channel].ended = true
	for _, c := range g.channels {
		if !c.ended {
			return false
		}
	}
	return true
}

// Close notes that nothing follows on a channel.
func (g *Gate) Close(channel int) { g.channels[channel].closed = true }
