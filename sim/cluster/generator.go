package cluster

import (
	"fmt"
	"math"
	"time"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// Input is what is fed to the source's topic.
type Input struct {
	Topic      string
	Partitions int
	Rate       float64 // records a second, over all partitions
	Keys       int     // how many different keys the generator uses
	ValueMax   int64   // generated values are 1 to ValueMax
	OutOfOrder time.Duration
	Rows       []Row // of a user's file, instead of generated records
	Seed       uint64
	Until      time.Duration // when to stop; Rows end by themselves
	KeepTimes  bool          // Rows have event times of their own
}

// Row is one record of a user's file.
type Row struct {
	Key   string
	Value int64
	Time  record.EventTime
}

// tick is how often the generator appends: often enough for latencies to mean something.
const tick = 50 * time.Millisecond

// generator appends records to the input topic, as producers outside of the cluster would.
type generator struct {
	in      Input
	world   *sim.World
	kafka   *kafka.Cluster
	keys    [][][]byte // by partition
	sent    int64
	started time.Duration
	stopped bool
	batch   [][]record.Record // by partition, reused
}

func newGenerator(w *sim.World, k *kafka.Cluster, in Input) *generator {
	g := &generator{in: in, world: w, kafka: k, keys: make([][][]byte, in.Partitions), batch: make([][]record.Record, in.Partitions)}
	if in.Rows == nil {
		width := len(fmt.Sprint(max(in.Keys-1, 0)))
		for i := range in.Keys {
			key := []byte(fmt.Sprintf("key-%0*d", width, i))
			p := kafka.PartitionOf(key, in.Partitions)
			g.keys[p] = append(g.keys[p], key)
		}
		for p := range g.keys {
			if len(g.keys[p]) == 0 { // few keys, many partitions: every partition has a key of its own
				g.keys[p] = append(g.keys[p], []byte(fmt.Sprintf("partition-%d", p)))
			}
		}
	}
	w.After(tick, g.tick)
	return g
}

func (g *generator) tick() {
	if g.stopped || g.in.Rows == nil && g.world.Now() > g.in.Until {
		g.stopped = true
		return
	}
	due := int64(math.Floor((g.world.Now() - g.started).Seconds() * g.in.Rate))
	for i := range g.batch {
		g.batch[i] = g.batch[i][:0]
	}
	for ; g.sent < due; g.sent++ {
		if g.in.Rows != nil && g.sent == int64(len(g.in.Rows)) {
			g.stopped = true
			break
		}
		p, r := g.next(g.sent)
		g.batch[p] = append(g.batch[p], r)
	}
	for p, records := range g.batch {
		if len(records) > 0 {
			g.kafka.Partition(g.in.Topic, p).AppendInput(g.world.Now(), records...)
		}
	}
	if !g.stopped {
		g.world.After(tick, g.tick)
	}
}

// next makes the n-th record. Its partition, key and value depend on nothing but the seed and n.
func (g *generator) next(n int64) (partition int, r record.Record) {
	now := record.EventTime(sim.Epoch.Add(g.world.Now()).UnixMilli())
	if g.in.Rows != nil {
		row := g.in.Rows[n]
		at := now
		if g.in.KeepTimes {
			at = row.Time
		}
		key := []byte(row.Key)
		return kafka.PartitionOf(key, g.in.Partitions), record.Record{Key: key, Value: row.Value, Count: 1, Time: at}
	}
	draw := sim.Mix(g.in.Seed ^ sim.Mix(uint64(n)))
	partition = int(n % int64(g.in.Partitions))
	keys := g.keys[partition]
	r = record.Record{Key: keys[draw%uint64(len(keys))], Value: 1 + int64(draw>>32%uint64(max(g.in.ValueMax, 1))), Count: 1, Time: now}
	if bound := g.in.OutOfOrder.Milliseconds(); bound > 0 {
		r.Time -= record.EventTime(sim.Mix(draw) % uint64(bound))
	}
	return partition, r
}

// Done says whether everything has been fed.
func (g *generator) Done() bool { return g.stopped }

// Stop ends the input.
func (g *generator) Stop() { g.stopped = true }

// Sent is how many records have been fed.
func (g *generator) Sent() int64 { return g.sent }

// Read is how many of them the source has fetched.
func (g *generator) Read() int64 {
	var n int64
	for p := range g.in.Partitions {
		n += g.kafka.Partition(g.in.Topic, p).Position()
	}
	return n
}
