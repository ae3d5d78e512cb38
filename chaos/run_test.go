package chaos

import (
	"context"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/sim/cluster"
)

func cells(t testing.TB, file string) []scenario.Cell {
	t.Helper()
	suite := scenario.Load([]string{file}, scenario.Options{})
	if suite.Problems.Errors() > 0 {
		t.Fatal(suite.Problems)
	}
	return suite.Entries[0].Cells
}

// Mail is immutable once sent, and all of it can travel: a run in which every message is encoded and decoded on
// its way is the same run. Two actors that share memory, or a field that the codec drops, show as a difference.
func TestEveryMessageTravels(t *testing.T) {
	for _, file := range []string{"jm-failover", "tm-loss", "zombie-taskmanager", "object-store-outage", "zombie-producer", "read-committed-chain"} {
		t.Run(file, func(t *testing.T) {
			cell := cells(t, "../scenarios/"+file+".yaml")[0]
			plain, err := Execute(context.Background(), On{Backend: fault.Sim}, cell, 7, nil)
			if err != nil {
				t.Fatal(err)
			}
			travelled, err := execute(context.Background(), On{Backend: fault.Sim}, cell, 7, nil, func(cfg *cluster.Config) { cfg.World.RoundTrip = true })
			if err != nil {
				t.Fatal(err)
			}
			if plain.TraceHash != travelled.TraceHash || !travelled.Passed() {
				t.Errorf("trace %x and %s; with every message through the codec %x and %s: %s",
					plain.TraceHash, plain.Word, travelled.TraceHash, travelled.Word, travelled.Reason)
			}
		})
	}
}

// What a scenario may ask while a run is under way, the run can say.
func TestLiveMetricsAreKnown(t *testing.T) {
	r := runner{}
	apps, err := applications(&cells(t, "testdata/world.yaml")[0].Scenario)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := deployment(apps, 7)
	if err != nil {
		t.Fatal(err)
	}
	r.world = cluster.New(cfg)
	r.world.Run(time.Second)
	for _, name := range scenario.LiveMetrics {
		if _, known := r.now(name); !known {
			t.Errorf("a scenario may ask for %s, and the run does not know it", name)
		}
	}
}
