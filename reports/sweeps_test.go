package reports

import (
	"fmt"
	"math/rand/v2"
)

// intervals is a sweep over the checkpoint interval, twenty seeds a cell; seed 13 fails at one minute.
func intervals() *Sweep {
	s := &Sweep{Scenario: Scenario{Name: "sweep-checkpoint-interval", Backend: "sim", ReproCommand: "chaos run scenarios/sweep.yaml",
		Description: "Shorter intervals recover sooner and cost more.", ResolvedYAML: "kind: Scenario\n"},
		Axes:    []Axis{{"deployment.flinkConfiguration.execution.checkpointing.interval", []string{"1 s", "5 s", "10 s", "30 s", "60 s", "3 min"}}},
		Compare: []string{"recovery.total.p95", "reprocessedRecords.p95"}, WallSeconds: 12.5, Verdict: "FAIL", ExitCode: 1}
	for _, v := range s.Axes[0].Values {
		d, _ := readDuration(v)
		c := Cell{Values: []string{v}, Verdict: "PASS", Passed: true}
		for seed := range int64(20) {
			c.Runs = append(c.Runs, runOf(seed, d.Seconds()))
		}
		if v == "60 s" {
			bad := &c.Runs[13]
			bad.Passed, bad.Verdict, bad.ExitCode, bad.ExactlyOnce.Lost = false, "FAIL", 1, 3
			bad.Sentence = "taskmanager-1 killed at +92.4 s; 3 lost, 0 duplicated; exactlyOnce is broken."
			c.Verdict, c.Passed = "FAIL", false
		}
		s.Cells = append(s.Cells, c)
	}
	return s
}

func runOf(seed int64, interval float64) Summary {
	r := rand.New(rand.NewPCG(uint64(seed), uint64(interval)))
	age := r.Float64() * interval
	detect, restart, restore := 4+6*r.Float64(), 1+r.Float64(), 2+0.5*r.Float64()
	catchUp := 0.4 * (detect + restart + restore + age)
	return Summary{Schema: RunSchema, Scenario: "sweep", Seed: seed, Backend: "sim", Passed: true, Verdict: "PASS",
		Sentence: "taskmanager-1 killed.", Repro: fmt.Sprintf("chaos run scenarios/sweep.yaml --seed %d", seed), WallSeconds: 0.1,
		Recoveries: []RecoverySummary{{Fault: "random-tm", Detect: Number(detect), Restart: Number(restart), Restore: Number(restore),
			CatchUp: Number(catchUp), Total: Number(detect + restart + restore + catchUp), Reprocessed: int(5000 * age)}},
		Checkpoints: CheckpointsSummary{Completed: 10, DurationP50: 0.6},
		SLO:         []SLOSummary{{Name: "recovery.total", Limit: 120, Unit: "s", Passed: true}},
		Metrics: map[string]Number{"output.latency.p99": Number(0.99*interval + 0.6 + r.Float64()/3),
			"throughput": Number(5000 * (1 - 0.02 - 0.05/interval + 0.004*r.Float64()))}}
}

// grid is a sweep over two axes; its slow half is known to be bad, and caught.
func grid() *Sweep {
	s := intervals()
	s.Axes = []Axis{{"execution.checkpointing.interval", []string{"1 s", "10 s", "60 s"}}, {"heartbeat.timeout", []string{"5 s", "20 s", "50 s"}}}
	s.Cells, s.Verdict, s.Passed, s.ExitCode = nil, "PASS", true, 0
	for _, a := range s.Axes[0].Values {
		for i, b := range s.Axes[1].Values {
			d, _ := readDuration(a)
			c := Cell{Values: []string{a, b}, Verdict: "PASS", Passed: true}
			if i == 2 {
				c.Verdict, c.Expect = "CAUGHT", "violates exactlyOnce: lost"
			}
			for seed := range int64(5) {
				run := runOf(seed, d.Seconds()+float64(10*i))
				run.Passed = i != 2
				c.Runs = append(c.Runs, run)
			}
			s.Cells = append(s.Cells, c)
		}
	}
	return s
}
