package main

import (
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/cmd/internal/sweep"
)

// runs is the run command with its flags.
type runs struct {
	selection
	seed     string
	seeds    string
	out      string
	failFast bool
	resume   bool
	parallel int
	parts    process.Parts
}

func runCommand() *cobra.Command {
	var r runs
	c := &cobra.Command{Use: "run PATH...", Short: "Run scenarios, judge them, and write reports",
		Args: several(scenarioFiles), RunE: r.run}
	r.flags(c, formatText, formatJSON, formatJUnit, formatGitHub)
	c.Flags().StringVar(&r.seed, "seed", "", "the seed, instead of the scenario's")
	c.Flags().StringVar(&r.seeds, "seeds", "", "several seeds: 1..100")
	c.Flags().StringVar(&r.out, "out", "", "the folder for the results (default store/<scenario>/<time>)")
	c.Flags().BoolVar(&r.failFast, "fail-fast", false, "start no more runs once one has failed")
	c.Flags().BoolVar(&r.resume, "resume", false, "go on with the sweep in the folder --out: runs that are over are not made again")
	c.Flags().IntVar(&r.parallel, "parallel", runtime.GOMAXPROCS(0), "how many runs at a time, at least 1")
	c.Flags().StringVar(&r.parts.HA, "ha", "", "with --backend process, the coordination service: etcd (the default), zookeeper, model; or etcd://host:port, zookeeper://host:port")
	c.Flags().StringVar(&r.parts.Storage, "storage", "", "with --backend process, the checkpoint storage: file (the default), s3, model; or file:///folder, s3://bucket?endpoint=URL")
	c.Flags().StringVar(&r.parts.Kafka, "kafka", "", "with --backend process, Kafka: served (the default), model, kfake, apache; or host:port")
	return c
}

// run runs every scenario, and ends with the worst exit code by meaning.
func (r *runs) run(c *cobra.Command, paths []string) error {
	if err := r.check(); err != nil {
		return err
	}
	seeds, err := r.chosenSeeds(c)
	if err != nil {
		return err
	}
	entries, _, err := r.load(c.ErrOrStderr(), paths)
	if err != nil {
		return err
	}
	backends := make([]fault.Backend, len(entries))
	for i, e := range entries {
		if backends[i], err = runnable(e, r.backend, seeds); err == nil {
			err = r.suits(e, backends[i])
		}
		if err != nil {
			return err
		}
	}
	r.advise(c.ErrOrStderr(), entries)
	began, ran := time.Now(), 0
	var codes []int
	say := voice{w: c.OutOrStdout(), format: r.format}
	for i, e := range entries {
		b := batch{entry: e, backend: backends[i], parts: r.parts, seeds: seeds, vars: r.vars, out: r.out, failFast: r.failFast, resume: r.resume, parallel: r.parallel}
		if seeds == nil {
			b.seeds = e.Seeds()
		}
		if r.out != "" && len(entries) > 1 {
			b.out = filepath.Join(r.out, safe(e.Name))
		}
		came, err := b.run(c.Context(), c.ErrOrStderr())
		if came != nil {
			err = firstOf(say.result(came), err)
			ran += len(came.rows)
			codes = append(codes, came.code())
		}
		if err != nil {
			return firstOf(err, say.end(ran, time.Since(began))) // what there is has a right to be said
		}
		if r.failFast && sweep.Worst(codes...) != 0 {
			break
		}
	}
	if err := say.end(ran, time.Since(began)); err != nil {
		return err
	}
	if c.Context().Err() != nil {
		codes = append(codes, chaos.ExitInterrupted)
	}
	if worst := sweep.Worst(codes...); worst != 0 {
		return exit{code: worst}
	}
	return nil
}

// suits refuses flags that mean nothing where the scenario runs, and faults that its services cannot have.
func (r *runs) suits(e *scenario.Entry, on fault.Backend) error {
	if on != fault.Process {
		if r.parts != (process.Parts{}) {
			return usage("%s runs on %s, where --ha, --storage and --kafka mean nothing: add --backend process, or leave them out", e.Name, on)
		}
		return nil
	}
	for _, cell := range e.Cells {
		if err := r.parts.CheckFaults(cell.Scenario.Faults); err != nil {
			return usage("%s: %v", e.Name, err)
		}
	}
	return nil
}

// advise says what may not be what was meant.
func (r *runs) advise(w io.Writer, entries []*scenario.Entry) {
	const key, asked = "high-availability.type", "zookeeper"
	for _, e := range entries {
		if is := e.Scenario.Deployment.FlinkConfiguration[key]; strings.HasPrefix(r.parts.HA, asked) && is != asked {
			fmt.Fprintf(w, "%s: %s is %s, so ZooKeeper keeps a lease, and no session decides who leads: for Flink's own way add --var deployment.flinkConfiguration.%s=%s\n", e.Name, key, is, key, asked)
		}
	}
}

// check looks at the flags alone.
func (r *runs) check() error {
	if r.parallel < 1 {
		return usage("--parallel %d runs nothing: it must be at least 1", r.parallel)
	}
	if r.resume && r.out == "" {
		return usage("--resume goes on with a sweep that has a folder: name it with --out")
	}
	if err := r.selection.check(); err != nil {
		return err
	}
	if err := r.parts.Check(); err != nil {
		return usage("%v", err)
	}
	if r.backend != "" && !slices.Contains(backends, fault.Backend(r.backend)) {
		return exit{exitUnavailable, fmt.Sprintf("--backend %s cannot be run by this version: it runs scenarios on sim and on process", r.backend)}
	}
	return nil
}

// backends are what this version can run on.
var backends = []fault.Backend{fault.Sim, fault.Process}

// chosenSeeds are the seeds of the command line; nil leaves the choice to each scenario.
func (r *runs) chosenSeeds(c *cobra.Command) ([]uint64, error) {
	one, many := c.Flags().Changed("seed"), c.Flags().Changed("seeds")
	switch {
	case one && many:
		return nil, usage("--seed and --seeds contradict each other: give one of them")
	case one:
		s, err := scenario.ParseSeeds(r.seed)
		if err != nil || s.First != s.Last {
			return nil, usage("--seed %q is not a seed: write a whole number of 0 or more, for example 7", r.seed)
		}
		return s.All(), nil
	case many:
		s, err := scenario.ParseSeeds(r.seeds)
		if err != nil {
			return nil, usage("--seeds: %v", err)
		}
		return s.All(), nil
	}
	return nil, nil
}

// runsMax bounds what one scenario is multiplied to by its cells and seeds.
const runsMax = 1_000_000

// runnable says where a scenario runs, or refuses one that this version cannot run.
func runnable(e *scenario.Entry, asked string, seeds []uint64) (fault.Backend, error) {
	if seeds == nil {
		seeds = e.Seeds()
	}
	if n := len(e.Cells) * len(seeds); n > runsMax {
		return "", usage("%s has %s and %s, which are %d runs: at most %d are made at a time", e.Name, count(len(e.Cells), "cell"), count(len(seeds), "seed"), n, runsMax)
	}
	if asked != "" {
		return fault.Backend(asked), nil // validation has compared it with the scenario's
	}
	wanted := e.Cells[0].Scenario.Backends
	if slices.Contains(backends, wanted[0]) {
		return wanted[0], nil
	}
	for _, b := range backends {
		if slices.Contains(wanted, b) {
			return "", exit{exitUnavailable, fmt.Sprintf("%s is for %s first, and this version runs on sim and on process: add --backend %s", e.Name, wanted[0], b)}
		}
	}
	return "", exit{exitUnavailable, fmt.Sprintf("%s is for %s, and this version runs on sim and on process: add one of them to its backends", e.Name, wanted[0])}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
