package cluster

import (
	"fmt"
	"math"
	"time"

	"github.com/flinch-dev/flinch/runtime/connector"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim"
)

// Input is what is fed to the source: to a topic at a rate, or to files that are all there from the start.
type Input struct {
	Topic      string
	Path       string // a folder of the object store, with a file for each partition, instead of a topic
	Partitions int
	Rate       float64 // records a second, over all partitions
	Keys       int     // how many different keys the generator uses
	ValueMax   int64   // generated values are 1 to ValueMax
	OutOfOrder time.Duration
	Rows       []Row // of a user's file, instead of generated records
	Seed       uint64
	Until      time.Duration // when to stop; Rows end by themselves
	KeepTimes  bool          // Rows have event times of their own
	Producer   *Producer     // who writes it to the topic; nil: it is there at once, without transactions
}

// Row is one record of a user's file.
type Row struct {
	Key   string
	Value int64
	Time  record.EventTime
}

// tick is how often the generator appends: often enough for latencies to mean something.
const tick = 50 * time.Millisecond

// generator appends records to the input topic, as producers outside of the cluster would, or writes the files.
type generator struct {
	in      Input
	world   *sim.World
	log     Log
	keys    [][][]byte // by partition
	sent    int64
	started time.Duration
	stopped bool
	written int64             // by the producer: so many are committed
	until   time.Duration     // its input ends then
	batch   [][]record.Record // by partition, reused
	files   [][]record.Record // by partition
}

func newGenerator(w *sim.World, log Log, store Files, in Input) *generator {
	g := &generator{in: in, world: w, log: log, keys: make([][][]byte, in.Partitions), batch: make([][]record.Record, in.Partitions)}
	if in.Rows == nil {
		width := len(fmt.Sprint(max(in.Keys-1, 0)))
		for i := range in.Keys {
			key := []byte(fmt.Sprintf("key-%0*d", width, i))
			p := recordbatch.PartitionOf(key, in.Partitions)
			g.keys[p] = append(g.keys[p], key)
		}
		for p := range g.keys {
			if len(g.keys[p]) == 0 { // few keys, many partitions: every partition has a key of its own
				g.keys[p] = append(g.keys[p], []byte(fmt.Sprintf("partition-%d", p)))
			}
		}
	}
	if in.Path != "" {
		g.writeFiles(store)
		return g
	}
	if in.Producer != nil {
		g.follow()
		return g
	}
	w.After(tick, g.tick)
	return g
}

// writeFiles writes all input at once, as the files of a bounded source.
func (g *generator) writeFiles(store Files) {
	n := int64(g.in.Rate * g.in.Until.Seconds())
	if g.in.Rows != nil {
		n = int64(len(g.in.Rows))
	}
	g.files = make([][]record.Record, g.in.Partitions)
	for ; g.sent < n; g.sent++ {
		p, r := g.next(g.sent, time.Duration(float64(g.sent)/g.in.Rate*float64(time.Second)))
		g.files[p] = append(g.files[p], r)
	}
	for p, records := range g.files {
		var data []byte
		for i, r := range records {
			data = connector.AppendLine(data, r, record.Origin{Partition: int32(p), Offset: int64(i)})
		}
		store.Write(fmt.Sprintf("%s/part-%05d", g.in.Path, p), data)
	}
	g.stopped = true
}

// Files is what was written to the files, if the source reads files.
func (g *generator) Files() [][]record.Record { return g.files }

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
		p, r := g.next(g.sent, g.world.Now())
		g.batch[p] = append(g.batch[p], r)
	}
	for p, records := range g.batch {
		if len(records) > 0 {
			g.log.Append(g.in.Topic, p, g.world.Now(), records)
		}
	}
	if !g.stopped {
		g.world.After(tick, g.tick)
	}
}

// next makes the n-th record. Its partition, key and value depend on nothing but the seed and n.
func (g *generator) next(n int64, at time.Duration) (partition int, r record.Record) {
	now := record.EventTime(sim.Epoch.Add(at).UnixMilli())
	if g.in.Rows != nil {
		row := g.in.Rows[n]
		if g.in.KeepTimes {
			now = row.Time
		}
		key := []byte(row.Key)
		return recordbatch.PartitionOf(key, g.in.Partitions), record.Record{Key: key, Value: row.Value, Count: 1, Time: now}
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

// Done says whether everything has been fed, or is there for the producer to write.
func (g *generator) Done() bool { return g.stopped || g.in.Producer != nil && g.exhausted() }

// Stop ends the input.
func (g *generator) Stop() {
	g.stopped = true
	g.until = min(g.until, g.world.Now())
}

// Sent is how many records have been fed. What a producer has written counts by offsets, with the ends of transactions
// and what was aborted: a reader has to get past those, too.
func (g *generator) Sent() int64 {
	if g.in.Producer != nil {
		return g.log.End(g.in.Topic)
	}
	return g.sent
}

// Fetched is how many of them the source has fetched; false: that is not known. Nobody sees how far a file has been
// read: it counts as read.
func (g *generator) Fetched() (n int64, known bool) {
	if g.in.Path != "" {
		return g.sent, true
	}
	return g.log.Fetched(g.in.Topic)
}
