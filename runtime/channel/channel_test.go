package channel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// pipe is an env whose mail goes straight to the other end of a channel.
type pipe struct {
	out  *Output
	gate *Gate
	log  []string
}

func (p *pipe) Self() mailbox.Addr                             { return "here" }
func (p *pipe) Now() time.Time                                 { return time.Unix(0, 0) }
func (p *pipe) Rand(string) *rand.Rand                         { return nil }
func (p *pipe) After(time.Duration, mailbox.Msg) mailbox.Timer { return nil }
func (p *pipe) Spawn(string, mailbox.Actor) mailbox.Addr       { return "" }
func (p *pipe) Note(history.Event)                             {}
func (p *pipe) Work(mailbox.Work, int)                         {}
func (p *pipe) Send(_ mailbox.Addr, m mailbox.Msg) {
	switch m := m.(type) {
	case wire.RequestPartition:
		if err := p.out.Open(m.Channel, "consumer", m.Input, m.Credit); err != nil {
			p.log = append(p.log, err.Error())
		}
	case wire.Buffer:
		p.log = append(p.log, fmt.Sprintf("buffer of %d", m.Records.N))
		if err := p.gate.Put(p, m); err != nil {
			p.log = append(p.log, err.Error())
		}
	case wire.Credit:
		p.log = append(p.log, fmt.Sprintf("credit %d", m.N))
		p.out.Credit(m.Channel, m.N)
	}
}

func connected(limits Limits) *pipe {
	p := &pipe{}
	p.out = NewOutput(0, wire.Output{Partitioner: plan.Hash, Channels: 1}, 128, limits)
	p.gate = NewGate(id.Attempt{}, limits)
	p.gate.Add(wire.Producer{Task: "producer"}, 0, 0)
	p.gate.Request(p, 0)
	return p
}

func (p *pipe) write(n int) {
	for range n {
		p.out.Emit([]record.Record{{Key: []byte("k"), Count: 1}})
		p.out.Flush()
	}
	p.out.Send(p)
}

func (p *pipe) read(n int) (got int) {
	for range n {
		_, b, ok := p.gate.Next(p)
		if !ok {
			break
		}
		got += b.Records.N
		p.out.Send(p)
	}
	return got
}

func TestASlowReaderStopsTheWriter(t *testing.T) {
	p := connected(Limits{SegmentBytes: 1 << 15, BuffersPerChannel: 2, QueuedPerPartition: 3})
	p.write(2)
	if len(p.log) != 2 || !p.out.Writable() {
		t.Fatalf("two buffers have two credits: %q", p.log)
	}
	p.write(4)
	if len(p.log) != 2 {
		t.Errorf("without credit nothing may leave: %q", p.log)
	}
	if p.out.Writable() {
		t.Error("four buffers wait where three may: the writer must stop")
	}
	if got := p.read(2); got != 2 {
		t.Fatalf("read %d records, want 2", got)
	}
	if !p.out.Writable() {
		t.Error("credit came back and two buffers left: the writer may go on")
	}
	if got := p.read(10); got != 4 || !p.out.Drained() {
		t.Errorf("read %d records, drained %v: want the other 4", got, p.out.Drained())
	}
}

// A record goes to the consumer whose key groups have its key; without keys, to one consumer after the other.
func TestWhereRecordsGo(t *testing.T) {
	for _, partitioner := range []plan.Partitioner{plan.Hash, plan.Rebalance} {
		o := NewOutput(0, wire.Output{Partitioner: partitioner, Channels: 3}, 128, Limits{SegmentBytes: 1 << 15})
		var row []record.Record
		for i := range 100 {
			row = append(row, record.Record{Key: fmt.Append(nil, "customer-", i), Value: int64(i)})
		}
		o.Emit(row[:60])
		o.Emit(row[60:])
		seen := 0
		for part, p := range o.parts {
			for r := range p.build.All() {
				want := int(r.Value) % 3
				if partitioner == plan.Hash {
					want = plan.Owner(plan.KeyGroup(r.Key, 128), 128, 3)
				}
				if part != want {
					t.Errorf("%s sends %s to consumer %d, want %d", partitioner, r.Key, part, want)
				}
				seen++
			}
		}
		if seen != len(row) {
			t.Errorf("%s sends %d records of %d", partitioner, seen, len(row))
		}
	}
}

func TestABacklogIsLentFloatingCredit(t *testing.T) {
	p := connected(Limits{SegmentBytes: 1 << 15, BuffersPerChannel: 2, FloatingPerGate: 3, QueuedPerPartition: 10})
	for range 8 {
		p.out.Emit([]record.Record{{Key: []byte("k"), Count: 1}})
		p.out.Flush()
	}
	p.out.Send(p) // two leave and say that six wait behind them
	p.out.Send(p) // three more leave on what was lent
	if n := strings.Count(strings.Join(p.log, " "), "buffer"); n != 5 {
		t.Errorf("%d buffers left, want 2 on own credit and 3 on lent: %q", n, p.log)
	}
	if got := p.read(20); got != 8 {
		t.Errorf("read %d records, want 8", got)
	}
	if p.gate.floating != 3 {
		t.Errorf("%d of 3 lent buffers came back", p.gate.floating)
	}
}

func TestAGapInTheSequenceIsABrokenConnection(t *testing.T) {
	p := connected(Limits{SegmentBytes: 1 << 15, BuffersPerChannel: 2, QueuedPerPartition: 3})
	if err := p.gate.Put(p, wire.Buffer{Seq: 1}); err == nil || !strings.Contains(err.Error(), "buffer 0 was expected") {
		t.Errorf("a gap gave %v", err)
	}
}

// The stories of alignment: each line is a channel and what it delivers, or what follows.
func TestAlignment(t *testing.T) {
	for name, story := range map[string]struct {
		atLeastOnce bool
		deliver     []string
		want        []string
	}{
		"barriers align, and block until they do": {
			deliver: []string{"0 barrier 1", "0 data", "1 data", "1 barrier 1", "0 data"},
			want:    []string{"begin 1", "read 1", "snapshot 1", "read 0", "read 0"},
		},
		"a newer checkpoint ends the older": {
			deliver: []string{"0 barrier 1", "1 barrier 2", "0 barrier 2"},
			want:    []string{"begin 1", "abort 1", "begin 2", "snapshot 2"},
		},
		"an old barrier is only dropped": {
			deliver: []string{"0 barrier 2", "1 barrier 2", "0 barrier 1", "0 data"},
			want:    []string{"begin 2", "snapshot 2", "read 0"},
		},
		"a cancelled checkpoint never starts": {
			deliver: []string{"0 barrier 1", "1 cancel 1", "0 data", "1 barrier 1", "1 data"},
			want:    []string{"begin 1", "cancelled 1", "read 0", "read 1"},
		},
		"a closed channel counts as aligned": {
			deliver: []string{"0 barrier 1", "1 end", "0 data"},
			want:    []string{"begin 1", "snapshot 1", "read 0"},
		},
		"at least once reads on": {
			atLeastOnce: true,
			deliver:     []string{"0 barrier 1", "0 data", "1 barrier 1"},
			want:        []string{"begin 1", "read 0", "snapshot 1"},
		},
		"at least once counts several at a time": {
			atLeastOnce: true,
			deliver:     []string{"0 barrier 1", "0 barrier 2", "1 barrier 1", "1 barrier 2"},
			want:        []string{"begin 1", "begin 2", "snapshot 1", "snapshot 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pipe{}
			gate := NewGate(id.Attempt{}, Limits{BuffersPerChannel: 100})
			gate.Add(wire.Producer{}, 0, 0)
			gate.Add(wire.Producer{}, 0, 1)
			p.out = NewOutput(0, wire.Output{Channels: 2}, 128, Limits{})
			align := NewAlignment(gate, !story.atLeastOnce, 0)
			var got []string
			say := func(what string, c id.Checkpoint) {
				if c != 0 {
					got = append(got, fmt.Sprintf("%s %d", what, c))
				}
			}
			decide := func(d Decision) {
				say("abort", d.Abort)
				say("begin", d.Began)
				say("snapshot", d.Snapshot)
			}
			var seq [2]uint64
			for _, line := range story.deliver {
				var channel int
				var what string
				var checkpoint id.Checkpoint
				_, _ = fmt.Sscan(line, &channel, &what, &checkpoint)
				b := wire.Buffer{Input: channel, Seq: seq[channel], Checkpoint: checkpoint}
				seq[channel]++
				b.Element = map[string]wire.Element{"data": wire.Data, "barrier": wire.Barrier, "cancel": wire.CancelMarker, "end": wire.EndOfPartition}[what]
				if err := gate.Put(p, b); err != nil {
					t.Fatal(err)
				}
				for {
					from, b, ok := gate.Next(p)
					if !ok {
						break
					}
					switch b.Element {
					case wire.Data:
						got = append(got, fmt.Sprintf("read %d", from))
					case wire.Barrier:
						decide(align.Barrier(from, b.Checkpoint, time.Time{}))
					case wire.CancelMarker:
						if align.Cancelled(b.Checkpoint) {
							say("cancelled", b.Checkpoint)
						}
					case wire.EndOfPartition:
						gate.Close(from)
						decide(align.Closed(from, time.Time{}))
					}
				}
			}
			if !slices.Equal(got, story.want) {
				t.Errorf("got  %q\nwant %q", got, story.want)
			}
		})
	}
}
