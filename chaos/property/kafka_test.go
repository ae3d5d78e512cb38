package property

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// few plans meet everything already.
const few = 60

var swarm = flag.Int("swarm", few, "how many plans of Kafka faults are drawn")

// A swarm over Kafka's faults keeps every guarantee, and meets every step and anomaly that the faults are for: what a
// swarm never meets, it does not test.
func TestASwarmOverKafka(t *testing.T) {
	plans := rapid.Custom(DrawKafka)
	met, mu := Met{}, sync.Mutex{}
	t.Run("plans", func(t *testing.T) {
		for n := range *swarm {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				s := plans.Example(n)
				text, err := s.YAML()
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "drawn.yaml")
				if err := os.WriteFile(file, text, 0o644); err != nil {
					t.Fatal(err)
				}
				suite := scenario.Load([]string{file}, scenario.Options{})
				if suite.Problems.Errors() > 0 {
					t.Fatalf("a drawn plan is not a scenario: %s\n%s", suite.Problems, text)
				}
				o, err := chaos.Execute(context.Background(), chaos.On{Backend: fault.Sim}, suite.Entries[0].Cells[0], *s.Seed, nil)
				if err != nil {
					t.Fatal(err)
				}
				if why := wrong(o); why != "" {
					kept, err := keep(text)
					t.Errorf("%s: %s %v", why, kept, err)
				}
				mu.Lock()
				met.Count(&s, o.Run.Events)
				mu.Unlock()
			})
		}
	})
	if *swarm != few {
		for _, what := range slices.Sorted(maps.Keys(met)) {
			fmt.Printf("%8d  %s\n", met[what], what)
		}
	}
	if missing := met.Missing(*swarm); len(missing) > 0 && *swarm >= few {
		t.Errorf("%d plans, and none has met: %q", *swarm, missing)
	}
}
