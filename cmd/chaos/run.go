package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/chaos/sweep"
	"github.com/flinch-dev/flinch/reports"
)

// runs is the run command with its flags.
type runs struct {
	selection
	seed     uint64
	seeds    string
	out      string
	failFast bool
	parallel int
	yes      bool
}

func runCommand() *cobra.Command {
	var r runs
	c := &cobra.Command{Use: "run PATH...", Short: "Run scenarios, judge them, and write reports", Args: cobra.MinimumNArgs(1), RunE: r.run}
	r.flags(c)
	c.Flags().Uint64Var(&r.seed, "seed", 0, "the seed, instead of the scenario's")
	c.Flags().StringVar(&r.seeds, "seeds", "", "several seeds: 1..100")
	c.Flags().StringVar(&r.out, "out", "", "the folder for the results (default store/<scenario>/<time>)")
	c.Flags().BoolVar(&r.failFast, "fail-fast", false, "start no more runs once one has failed")
	c.Flags().IntVar(&r.parallel, "parallel", runtime.GOMAXPROCS(0), "how many runs at a time")
	c.Flags().BoolVar(&r.yes, "yes", false, "do not ask before breaking what is not simulated")
	c.MarkFlagsMutuallyExclusive("seed", "seeds")
	return c
}

// job is one run of a sweep.
type job struct {
	entry *scenario.Entry
	cell  int
	seed  uint64
}

// row is what is left of a run once its folder is written: a sweep keeps no more.
type row struct {
	ran     bool
	doc     *reports.Document // of a single run only
	summary reports.Summary
	caught  bool
	exit    int
	err     error
}

func (r *runs) run(c *cobra.Command, paths []string) error {
	entries, err := r.load(c, paths)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if b := backendOf(e, r.backend); b != fault.Sim {
			return exit{69, fmt.Sprintf("%s runs on %s, which this version cannot do; add --backend sim if the scenario allows it", e.Name, b)}
		}
	}
	seeds, err := r.seedsOf(c)
	if err != nil {
		return err
	}
	var codes []int
	began, total := time.Now(), 0
	for _, e := range entries {
		use := seeds
		if use == nil {
			use = e.Seeds()
		}
		out := r.out
		if out != "" && len(entries) > 1 {
			out = filepath.Join(out, safe(e.Name))
		}
		code, n, err := r.scenario(c, e, use, out)
		if err != nil {
			return err
		}
		total += n
		codes = append(codes, code)
		if c.Context().Err() != nil || r.failFast && code != 0 {
			break
		}
	}
	if wall := time.Since(began); total > 1 {
		fmt.Fprintf(c.OutOrStdout(), "%d runs in %s: %.0f seeds per minute\n", total, wall.Round(100*time.Millisecond), float64(total)/wall.Minutes())
	}
	if c.Context().Err() != nil {
		codes = append(codes, chaos.ExitInterrupted)
	}
	if worst := sweep.Worst(codes...); worst != 0 {
		return exit{code: worst}
	}
	return nil
}

func backendOf(e *scenario.Entry, asked string) fault.Backend {
	if asked != "" {
		return fault.Backend(asked)
	}
	if len(e.Scenario.Backends) > 0 {
		return e.Scenario.Backends[0]
	}
	return fault.Sim
}

func (r *runs) seedsOf(c *cobra.Command) ([]uint64, error) {
	if c.Flags().Changed("seed") {
		return []uint64{r.seed}, nil
	}
	if r.seeds == "" {
		return nil, nil
	}
	s, err := scenario.ParseSeeds(r.seeds)
	if err != nil {
		return nil, usage("--seeds: %v", err)
	}
	return s.All(), nil
}

// scenario runs one scenario: all its cells with all seeds.
func (r *runs) scenario(c *cobra.Command, e *scenario.Entry, seeds []uint64, out string) (code, n int, err error) {
	var jobs []job
	for cell := range e.Cells {
		for _, seed := range seeds {
			jobs = append(jobs, job{e, cell, seed})
		}
	}
	single := len(jobs) == 1
	suffix := fmt.Sprintf("seeds%d-%d", seeds[0], seeds[len(seeds)-1])
	if len(seeds) == 1 {
		suffix = fmt.Sprintf("seed%d", seeds[0])
	}
	dir, err := folder(out, e.Name, suffix)
	if err != nil {
		return 0, 0, err
	}
	p := newProgress(c.ErrOrStderr(), e.Name, len(jobs))
	began := time.Now()
	keep := newKeeper(len(e.Cells))
	rows := sweep.Run(c.Context(), jobs, r.parallel, func(ctx context.Context, j job) row {
		return r.one(ctx, j, dir, single, keep)
	}, func(_ int, done row) bool {
		p.step(done.exit == 0)
		return !r.failFast || done.exit == 0
	})
	p.end()
	for _, done := range rows {
		if done.err != nil && !errors.Is(done.err, context.Canceled) {
			return 0, 0, usage("%s: %v", e.Name, done.err)
		}
	}
	link(dir, "latest")
	if single {
		if rows[0].doc == nil {
			return chaos.ExitInterrupted, 1, nil
		}
		if rows[0].exit != 0 {
			link(dir, "latest-fail")
		}
		return rows[0].exit, 1, r.say(c.OutOrStdout(), rows[0].doc)
	}
	s := r.sweep(e, seeds, rows, time.Since(began))
	if s.ExitCode != 0 {
		link(dir, "latest-fail")
	}
	if err := reports.WriteSweep(dir, s); err != nil {
		return 0, 0, err
	}
	return s.ExitCode, len(rows), r.saySweep(c.OutOrStdout(), s, rows, jobs, dir, time.Since(began))
}

// one does one run and writes what is to be kept of it: everything of a single run; in a sweep, that of
// failing runs and of the first good one of each cell.
func (r *runs) one(ctx context.Context, j job, dir string, single bool, keep *keeper) row {
	cell := j.entry.Cells[j.cell]
	o, err := chaos.Execute(ctx, cell, j.seed, nil)
	if o == nil {
		return row{err: err}
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return row{err: err}
	}
	doc, err := document(o, j.entry, repro(j.entry, cell, j.seed, r.vars))
	if err != nil {
		return row{err: err}
	}
	done := row{ran: true, exit: o.Exit, caught: o.Caught, summary: reports.SummaryOf(doc)}
	if single {
		doc.Folder = dir
		done.doc = doc
		done.err = reports.WriteRun(dir, doc)
		return done
	}
	if keep.wants(j.cell, o.Exit == 0) {
		name := fmt.Sprintf("seed%d", j.seed)
		if cell.Name != "" {
			name = safe(cell.Name) + "-" + name
		}
		done.err = reports.WriteRun(filepath.Join(dir, name), doc)
	}
	return done
}

// say prints a single run.
func (r *runs) say(w io.Writer, doc *reports.Document) error {
	switch r.format {
	case "json":
		return encode(w, reports.SummaryOf(doc))
	case "junit":
		return reports.JUnit(w, doc)
	}
	if err := reports.AppendStepSummary(reports.Markdown(doc)); err != nil {
		return err
	}
	return reports.Terminal(w, doc, colour(w))
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// sweep puts the rows together.
func (r *runs) sweep(e *scenario.Entry, seeds []uint64, rows []row, wall time.Duration) *reports.Sweep {
	s := &reports.Sweep{Scenario: reports.Scenario{Name: e.Name, Description: e.Scenario.Description, Backend: "sim", Labels: e.Scenario.Metadata.Labels,
		ReproCommand: "chaos run " + quoted(e.File) + fmt.Sprintf(" --seeds %d..%d", seeds[0], seeds[len(seeds)-1])},
		WallSeconds: wall.Seconds(), Environment: environment(), Passed: true}
	if len(e.Cells[0].Settings) > 0 {
		for i, setting := range e.Cells[0].Settings {
			axis := reports.Axis{Key: setting.Path}
			for _, cell := range e.Cells {
				if v := cell.Settings[i].Value; !slices.Contains(axis.Values, v) {
					axis.Values = append(axis.Values, v)
				}
			}
			s.Axes = append(s.Axes, axis)
		}
	}
	if e.Scenario.Compare != nil {
		s.Compare = e.Scenario.Compare.Y
	}
	var codes []int
	for i, cell := range e.Cells {
		out := reports.Cell{Passed: true, Verdict: "PASS"}
		for _, setting := range cell.Settings {
			out.Values = append(out.Values, setting.Value)
		}
		if v := cell.Expected(); v.Expect == "violates" {
			out.Expect = strings.TrimSpace("violates " + v.Invariant + ": " + v.Anomaly)
		}
		var cellCodes []int
		for k := range seeds {
			done := rows[i*len(seeds)+k]
			if !done.ran {
				continue
			}
			out.Runs = append(out.Runs, done.summary)
			cellCodes = append(cellCodes, done.exit)
			if sweep.Worst(cellCodes...) == done.exit && done.exit != 0 {
				out.Verdict, s.Reason = done.summary.Verdict, done.summary.Reason
			}
		}
		out.Passed = sweep.Worst(cellCodes...) == 0
		s.Passed = s.Passed && out.Passed
		s.Cells = append(s.Cells, out)
		codes = append(codes, cellCodes...)
	}
	s.ExitCode = sweep.Worst(codes...)
	s.Verdict = map[bool]string{true: "PASS", false: "FAIL"}[s.ExitCode == 0]
	return s
}

// saySweep prints a sweep in a few lines: how many passed, what recovery cost, and each failure with the
// command that shows it again.
func (r *runs) saySweep(w io.Writer, s *reports.Sweep, rows []row, jobs []job, dir string, wall time.Duration) error {
	switch r.format {
	case "json":
		return encode(w, reports.SweepSummaryOf(s))
	case "junit":
		return reports.SweepJUnit(w, s)
	}
	good, caught, ran := 0, 0, 0
	var totals []float64
	for _, done := range rows {
		if !done.ran {
			continue
		}
		ran++
		if done.exit == 0 {
			good++
		}
		if done.caught {
			caught++
			continue
		}
		for _, rec := range done.summary.Recoveries {
			totals = append(totals, float64(rec.Total))
		}
	}
	fmt.Fprintf(w, "%s  sim  %s  %s\n", s.Scenario.Name, count(ran, "run"), wall.Round(100*time.Millisecond))
	fmt.Fprintf(w, "  PASS %d   FAIL %d", good, ran-good)
	if caught > 0 {
		fmt.Fprintf(w, "   (%d known to be bad, and caught)", caught)
	}
	totals = slices.DeleteFunc(totals, math.IsNaN)
	if slices.Sort(totals); len(totals) > 0 {
		at := func(q float64) time.Duration {
			return time.Duration(totals[int(q*float64(len(totals)-1))] * float64(time.Second)).Round(100 * time.Millisecond)
		}
		fmt.Fprintf(w, "   recovery.total p50 %s  p95 %s  max %s", at(0.5), at(0.95), at(1))
	}
	fmt.Fprintln(w)
	const shown = 5
	failures := 0
	for i, done := range rows {
		if !done.ran || done.exit == 0 {
			continue
		}
		if failures++; failures > shown {
			continue
		}
		fmt.Fprintf(w, "  %s seed %d  %s\n    %s\n", done.summary.Verdict, jobs[i].seed, strings.TrimSpace(jobs[i].entry.Cells[jobs[i].cell].Name+"  "+done.summary.Reason), done.summary.Repro)
	}
	if failures > shown {
		fmt.Fprintf(w, "  and %d more; see the report\n", failures-shown)
	}
	_, err := fmt.Fprintf(w, "  report: %s\n", filepath.Join(dir, "report.html"))
	return err
}
