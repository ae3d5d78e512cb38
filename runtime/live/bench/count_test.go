//go:build unix

package bench

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/plan"
)

const (
	countKeys = 1_000_000
	countRows = 30_000_000
)

// intervals are those between checkpoints. Within the first no job here is at work for so long.
var intervals = []string{"1 h", "1 s", "100 ms"}

// measureCount counts rows per key: made in each of two TaskManagers, hashed by key, half of them sent to the other.
func measureCount(t *testing.T, all *table) {
	rates, full, took := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	cost := map[string][]float64{}
	for run := range *runs {
		for _, interval := range intervals {
			t.Run(fmt.Sprintf("%s/run-%d", interval, run), func(t *testing.T) {
				seconds, processor, checkpoints := count(t, countRows, countKeys, interval)
				rates[interval] = append(rates[interval], countRows/seconds/1e6)
				full[interval] = append(full[interval], 2*countRows/processor/1e6)
				took[interval] = append(took[interval], checkpoints...)
				cost[interval] = append(cost[interval], 100*(1-last(full[interval])/last(full[intervals[0]])))
			})
		}
	}
	for _, interval := range intervals {
		if len(rates[interval]) == 0 {
			continue
		}
		name := "keyed count, 1e6 keys, 2 TaskManagers, a checkpoint every " + interval
		if interval == intervals[0] {
			name = "keyed count, 1e6 keys, 2 TaskManagers, no checkpoints"
		}
		all.figure(name+": million records/s", "%.2f", rates[interval])
		all.figure("  the same for two whole cores, by the processor time of the TaskManagers", "%.2f", full[interval])
		if interval != intervals[0] {
			all.figure("  of that, the checkpoints cost (%)", "%.0f", cost[interval])
			all.figure("  checkpoint, ms, p50", "%.0f", took[interval])
			all.add("  checkpoint, ms, p99", fmt.Sprintf("%.0f", quantile(took[interval], 0.99)), "", len(took[interval]))
		}
	}
}

func last(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN() // only some parts are measured
	}
	return values[len(values)-1]
}

// The smallest measurement is always made: it shows that a job of made-up rows has an end, and that processes count.
func TestASmallCount(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	if seconds, processor, checkpoints := count(t, 20_000, 100, "100 ms"); seconds <= 0 || processor <= 0 || len(checkpoints) == 0 {
		t.Errorf("it took %v seconds, %v of the processors, and had the checkpoints %v", seconds, processor, checkpoints)
	}
}

// count is one job, from its start to its end.
func count(t *testing.T, rows int64, keys int, interval string) (seconds, processor float64, checkpoints []float64) {
	c := launch(t, 1, 2, plan.Pipeline{Name: "count", Parallelism: 2, Operators: []plan.Operator{
		{Name: "rows", Kind: plan.DataGen, Rows: rows, Keys: keys}, {Name: "per-key", Kind: plan.KeyedCount},
		{Name: "end", Kind: plan.Blackhole}}}, "", map[string]string{"execution.checkpointing.interval": interval})
	running, finished := c.waits(time.Time{}, "restore.completed"), c.waits(time.Time{}, "job.finished")
	for _, m := range c.members {
		m.end()
	}
	for _, m := range c.members[1:] {
		processor += m.processor().Seconds()
	}
	return finished.At.Sub(running.At).Seconds(), processor, c.checkpoints()
}
