package channel

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Limits bound the memory of a channel (taskmanager.memory.segment-size and taskmanager.network.memory.*).
type Limits struct {
	SegmentBytes       int // a data buffer is sent when it has this many bytes
	BuffersPerChannel  int // exclusive credit of a channel
	FloatingPerGate    int // credit that a gate lends to channels with a backlog
	QueuedPerPartition int // buffers that may wait for credit before the task stops
}

// Output is one edge out of a task: its subpartitions, one per consumer.
type Output struct {
	index          int
	partitioner    plan.Partitioner
	maxParallelism int
	owners         []int32 // of HASH: the part of each key group
	limits         Limits
	parts          []*subpartition
	next           int // for REBALANCE
	full           int // subpartitions over their limit
	watermark      record.EventTime
}

// subpartition is the producer's end of a channel.
type subpartition struct {
	build     record.Batch
	last      int // how many bytes the batch before it had: it is likely to have as many
	queue     []wire.Buffer
	consumer  mailbox.Addr // empty until the consumer has asked for the partition
	input     int          // the channel's number at the consumer
	credit    int
	seq       uint64
	watermark record.EventTime // the last one queued
}

// NewOutput returns the edge with the given number out of a task.
func NewOutput(index int, edge wire.Output, maxParallelism int, limits Limits) *Output {
	o := &Output{index: index, partitioner: edge.Partitioner, maxParallelism: maxParallelism, limits: limits,
		watermark: record.MinTime}
	for range edge.Channels {
		o.parts = append(o.parts, &subpartition{watermark: record.MinTime})
	}
	if o.partitioner == plan.Hash {
		for group := range maxParallelism {
			o.owners = append(o.owners, int32(plan.Owner(group, maxParallelism, len(o.parts))))
		}
	}
	return o
}

// Emit adds records to the subpartitions that they belong to.
func (o *Output) Emit(row []record.Record) {
	for i := range row {
		p := o.part(row[i].Key)
		if p.build.N == 0 {
			p.build.Grow(p.last)
		}
		p.build.Append(row[i])
		if p.build.Size() >= o.limits.SegmentBytes {
			o.seal(p)
		}
	}
}

// part is where the next record goes.
func (o *Output) part(key []byte) *subpartition {
	switch {
	case len(o.parts) == 1:
		return o.parts[0]
	case o.partitioner == plan.Hash:
		return o.parts[o.owners[plan.KeyGroup(key, o.maxParallelism)]]
	default:
		p := o.parts[o.next]
		if o.next++; o.next == len(o.parts) {
			o.next = 0
		}
		return p
	}
}

// Watermark says that no record with a smaller time follows. It travels with the next flush.
func (o *Output) Watermark(t record.EventTime) { o.watermark = max(o.watermark, t) }

// Flush queues what has been built, and the watermark where it has risen.
func (o *Output) Flush() {
	for _, p := range o.parts {
		if p.build.N > 0 || p.watermark < o.watermark {
			o.seal(p)
		}
	}
}

func (o *Output) seal(p *subpartition) {
	p.watermark = o.watermark
	o.queue(p, wire.Buffer{Element: wire.Data, Records: p.build, Watermark: o.watermark})
	p.last, p.build = p.build.Size(), record.Batch{}
}

func (o *Output) queue(p *subpartition, b wire.Buffer) {
	if p.queue = append(p.queue, b); len(p.queue) == o.limits.QueuedPerPartition+1 {
		o.full++
	}
}

// Broadcast queues an element behind everything emitted so far, on every channel.
func (o *Output) Broadcast(element wire.Element, checkpoint id.Checkpoint, timestamp time.Time) {
	o.Flush()
	for _, p := range o.parts {
		o.queue(p, wire.Buffer{Element: element, Checkpoint: checkpoint, Timestamp: timestamp, Watermark: o.watermark})
	}
}

// Writable says whether no subpartition has more waiting than it may.
func (o *Output) Writable() bool { return o.full == 0 }

// Drained says whether everything emitted has been sent.
func (o *Output) Drained() bool {
	for _, p := range o.parts {
		if len(p.queue) > 0 || p.build.N > 0 {
			return false
		}
	}
	return true
}

// Open lets a consumer have its channel. Asking again, after a lost answer, is harmless; another consumer
// than the first is an error.
func (o *Output) Open(channel int, consumer mailbox.Addr, input, credit int) error {
	if channel < 0 || channel >= len(o.parts) {
		return fmt.Errorf("open channel %d of output %d for %s: there are %d channels", channel, o.index, consumer, len(o.parts))
	}
	p := o.parts[channel]
	switch p.consumer {
	case "":
		p.consumer, p.input, p.credit = consumer, input, credit
	case consumer:
	default:
		return fmt.Errorf("open channel %d of output %d for %s: %s has it already", channel, o.index, consumer, p.consumer)
	}
	return nil
}

// Credit gives a channel leave for n more data buffers.
func (o *Output) Credit(channel, n int) {
	if channel >= 0 && channel < len(o.parts) {
		o.parts[channel].credit += n
	}
}

// Send sends what credit allows.
func (o *Output) Send(env mailbox.Env) {
	for _, p := range o.parts {
		if len(p.queue) == 0 || p.consumer == "" {
			continue
		}
		n := 0
		for n < len(p.queue) {
			b := p.queue[n]
			if b.Element == wire.Data {
				if p.credit == 0 {
					break
				}
				p.credit--
			}
			n++
			b.Input, b.Seq, b.Backlog = p.input, p.seq, len(p.queue)-n
			p.seq++
			env.Send(p.consumer, b)
		}
		if n == 0 {
			continue
		}
		if before := len(p.queue); before > o.limits.QueuedPerPartition && before-n <= o.limits.QueuedPerPartition {
			o.full--
		}
		if p.queue = p.queue[n:]; len(p.queue) == 0 {
			p.queue = nil
		}
	}
}
