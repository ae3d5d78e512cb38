package cluster

import (
	"fmt"
	"math"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim"
)

// The generator is the feed of a producer: it says what there is to write, and sees what is committed of it.

// follow has the generator hear of what its producer was told.
func (g *generator) follow() {
	g.until = g.in.Until
	if g.in.Rows != nil {
		g.until = math.MaxInt64
	}
	g.world.Observe(func(e history.Entry) {
		if told, ok := e.Event.(history.ProducerTold); ok && told.Outcome == history.ToldCommitted {
			g.written = max(g.written, told.Next)
		}
	})
}

// Due is how many records there are to write by a time.
func (g *generator) Due(now time.Time) int64 {
	n := int64(math.Floor(min(now.Sub(sim.Epoch), g.until).Seconds() * g.in.Rate))
	if g.in.Rows != nil {
		n = min(n, int64(len(g.in.Rows)))
	}
	return max(n, 0)
}

// Record makes the n-th. Its time is when it is due: who writes it once more writes the same.
func (g *generator) Record(n int64) record.Record {
	_, r := g.next(n, time.Duration(float64(n)/g.in.Rate*float64(time.Second)))
	return r
}

// exhausted says whether no more records will be due.
func (g *generator) exhausted() bool {
	now := g.world.Now()
	return now >= g.until || g.in.Rows != nil && g.Due(sim.Epoch.Add(now)) == int64(len(g.in.Rows))
}

// Pending is what the producer still has to write, in a sentence; "" if there is nothing.
func (g *generator) Pending() string {
	if g.in.Producer == nil {
		return ""
	}
	if due := g.Due(sim.Epoch.Add(g.world.Now())); g.written < due {
		return fmt.Sprintf("the application before the job has committed %d of %d records", g.written, due)
	}
	return ""
}
