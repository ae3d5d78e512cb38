package chaos

import (
	"context"
	"github.com/flinch-dev/flinch/chaos/fault"
	"runtime"
	"runtime/debug"
	"testing"
)

// BenchmarkWorld is a whole run, from deployment to verdict: 8 subtasks, 1,000 records/s, a checkpoint a second,
// one TaskManager killed a minute, all checkers on. virtual-s/s is simulated time per wall time, on one core, with
// the garbage collected as seldom as cmd/chaos does.
func BenchmarkWorld(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cell := cells(b, "testdata/world.yaml")[0]
	if _, err := Execute(context.Background(), On{Backend: fault.Sim}, cell, 7, nil); err != nil { // the first one makes room in memory
		b.Fatal(err)
	}
	var virtual float64
	b.ReportAllocs()
	for b.Loop() {
		o, err := Execute(context.Background(), On{Backend: fault.Sim}, cell, 7, nil)
		if err != nil {
			b.Fatal(err)
		}
		if !o.Passed() {
			b.Fatalf("%s: %s", o.Word, o.Reason)
		}
		virtual += o.Virtual.Seconds()
	}
	b.ReportMetric(virtual/b.Elapsed().Seconds(), "virtual-s/s")
}
