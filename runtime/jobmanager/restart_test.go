package jobmanager

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// Each strategy is told of failures at some seconds, and answers with a backoff, "merged" or "no".
func TestRestartStrategies(t *testing.T) {
	parse := func(conf map[string]string) config.RestartStrategy {
		c, _, err := config.Parse(conf)
		if err != nil {
			t.Fatal(err)
		}
		return c.RestartStrategy
	}
	exponential := map[string]string{"restart-strategy.type": "exponential-delay", "restart-strategy.exponential-delay.jitter-factor": "0",
		"restart-strategy.exponential-delay.backoff-multiplier": "2", "restart-strategy.exponential-delay.max-backoff": "5 s",
		"restart-strategy.exponential-delay.reset-backoff-threshold": "1 min"}
	for _, c := range []struct {
		why  string
		conf map[string]string
		at   []float64
		want []string
	}{
		{"none never restarts", map[string]string{"restart-strategy.type": "none"}, []float64{0}, []string{"no"}},
		{"fixed delay restarts as often as it says", map[string]string{"restart-strategy.type": "fixed-delay",
			"restart-strategy.fixed-delay.attempts": "2", "restart-strategy.fixed-delay.delay": "3 s"}, []float64{0, 9, 20}, []string{"3s", "3s", "no"}},
		{"failure rate forgets what is older than the interval", map[string]string{"restart-strategy.type": "failure-rate",
			"restart-strategy.failure-rate.max-failures-per-interval": "1", "restart-strategy.failure-rate.failure-rate-interval": "1 min"},
			[]float64{0, 61, 100}, []string{"1s", "1s", "no"}},
		{"exponential delay doubles up to its bound", exponential, []float64{0, 10, 20, 30, 40}, []string{"1s", "2s", "4s", "5s", "5s"}},
		{"failures before the restart that is due are merged with it", exponential, []float64{0, 0.5, 1.5, 2}, []string{"1s", "merged 500ms", "2s", "merged 1.5s"}},
		{"a job that ran well for long starts again from the beginning", exponential, []float64{0, 10, 200}, []string{"1s", "2s", "1s"}},
		{"with checkpoints and nothing else said, the delay is exponential and there is no end",
			map[string]string{"execution.checkpointing.interval": "10 s", "restart-strategy.exponential-delay.jitter-factor": "0"},
			[]float64{0, 10, 20}, []string{"1s", "1.5s", "2.25s"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			strategy := newRestartStrategy(parse(c.conf))
			var got []string
			for _, at := range c.at {
				a := strategy.failure(time.Unix(1000, 0).Add(time.Duration(at*1e9)), rand.New(rand.NewPCG(1, 2)))
				switch {
				case !a.restart:
					got = append(got, "no")
				case a.merged:
					got = append(got, "merged "+a.backoff.String())
				default:
					got = append(got, a.backoff.String())
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("answers %v, want %v", got, c.want)
			}
		})
	}
}

// Jitter spreads the restarts of many jobs, but never below the first backoff nor above the longest.
func TestJitterStaysInBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[time.Duration]bool{}
	for range 100 {
		e := &exponentialDelay{initial: time.Second, multiplier: 2, longest: 3 * time.Second, jitter: 0.5, attempts: math.MaxInt32, backoff: 2 * time.Second}
		a := e.failure(time.Unix(1000, 0), r)
		seen[a.backoff] = true
		if a.backoff < time.Second || a.backoff > 3*time.Second {
			t.Fatalf("a backoff of %s", a.backoff)
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d different backoffs of 100", len(seen))
	}
}

func TestRegions(t *testing.T) {
	edge := func(from, to string, p plan.Partitioner) plan.Edge {
		return plan.Edge{From: id.Vertex(from), To: id.Vertex(to), Partitioner: p}
	}
	for _, c := range []struct {
		why   string
		edges []plan.Edge
		want  int
	}{
		{"without edges every subtask is on its own", nil, 6},
		{"forward edges make pipelines", []plan.Edge{edge("a", "b", plan.Forward), edge("b", "c", plan.Forward)}, 2},
		{"one exchange makes one region", []plan.Edge{edge("a", "b", plan.Forward), edge("b", "c", plan.Hash)}, 1},
		{"what is not connected stays apart", []plan.Edge{edge("a", "b", plan.Rebalance)}, 3},
	} {
		job := &plan.Job{Vertices: []plan.Vertex{{ID: "a", Parallelism: 2}, {ID: "b", Parallelism: 2}, {ID: "c", Parallelism: 2}}, Edges: c.edges}
		regions := map[int]bool{}
		for _, r := range regionsOf(job) {
			regions[r] = true
		}
		if len(regions) != c.want {
			t.Errorf("%s: %d regions, want %d", c.why, len(regions), c.want)
		}
	}
}
