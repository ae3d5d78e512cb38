package main

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/reports"
	"github.com/flinch-dev/flinch/runtime/config"
)

// document is what a report needs, from an outcome.
func document(o *chaos.Outcome, entry *scenario.Entry, repro string) (*reports.Document, error) {
	s := &o.Cell.Scenario
	resolved := *s
	resolved.Seed = &o.Seed
	resolved.Seeds = nil
	yaml, err := resolved.YAML()
	if err != nil {
		return nil, err
	}
	d := &reports.Document{
		Scenario: reports.Scenario{Name: title(entry, o.Cell), Description: s.Description, Seed: int64(o.Seed), Backend: string(o.Backend), Services: o.Services,
			ResolvedYAML: string(yaml), Labels: s.Metadata.Labels, ReproCommand: repro},
		Run: *o.Run, Results: o.All(), Recoveries: o.Measured.Recoveries, Checkpoints: o.Measured.Checkpoints,
		Series: o.Measured.Series, Metrics: o.Measured.Metrics, Holdings: o.Measured.Holdings, Uncommitted: o.Measured.Uncommitted,
		ExactlyOnce: reports.Counts{Expected: o.Audit.Expected, Committed: o.Audit.Committed, Lost: o.Audit.Lost, Pending: o.Audit.Pending, Duplicated: o.Audit.Duplicated,
			Unexpected: o.Audit.Unexpected, OutOfOrder: o.Audit.OutOfOrder, AbortedReads: o.Audit.AbortedRead},
		Environment:    environment(),
		TraceHash:      traceHash(o),
		VirtualSeconds: o.Virtual.Seconds(), WallSeconds: o.Wall.Seconds(),
		Verdict: o.Word, Passed: o.Passed(), ExitCode: o.Exit, Reason: o.Reason,
	}
	for _, f := range s.Faults {
		trigger := ""
		switch {
		case f.When != nil:
			trigger = f.When.String()
		case f.At != nil:
			trigger = "at " + f.At.String()
		}
		d.Scenario.Faults = append(d.Scenario.Faults, reports.AskedFault{Name: f.Name, Inject: f.Inject, Trigger: trigger, Target: f.Target.String(),
			Application: f.Target.Application})
	}
	for _, l := range o.Levels {
		row := reports.SLO{Name: l.Name, Value: l.Value, During: l.During, Passed: l.Holds, Unit: reports.UnitOf(l.Name)}
		if l.Limit.Max != nil {
			row.Limit = l.Limit.Max.Value
		} else if l.Limit.Min != nil {
			row.Limit, row.AtLeast = l.Limit.Min.Value, true
		}
		d.SLO = append(d.SLO, row)
	}
	for _, e := range o.Evidence {
		row := reports.MustHappen{Event: chaos.ExpectationText(e.Expectation), Happened: e.Entry != nil}
		if e.Entry != nil {
			row.At, row.Evidence = e.Entry.At, e.Entry.Actor
		}
		d.MustHappen = append(d.MustHappen, row)
	}
	origins := map[string]string{}
	for _, origin := range o.Cell.Origins() {
		if key, ok := strings.CutPrefix(origin.Path, "deployment.flinkConfiguration."); ok {
			origins[key] = origin.At
		} else if origin.Path == "deployment.job.parallelism" {
			origins[parallelism] = origin.At
		}
	}
	flink := map[string]string{}
	maps.Copy(flink, s.Deployment.FlinkConfiguration)
	flink[parallelism] = strconv.Itoa(s.Deployment.Job.Parallelism) // what counts, wherever it was set
	for _, row := range config.Effective(flink) {
		setting := reports.Setting{Key: row.Key, Value: row.Value, Default: row.Default, Origin: origins[row.Key]}
		if row.Default {
			setting.Origin = "default"
		}
		d.Config = append(d.Config, setting)
	}
	if _, warnings, err := config.Parse(s.Deployment.FlinkConfiguration); err == nil {
		for _, w := range warnings {
			d.Warnings = append(d.Warnings, w.String())
		}
	}
	if o.Downstream != nil {
		if d.Downstream, err = document(o.Downstream, entry, repro); err != nil {
			return nil, err
		}
		d.Downstream.Application = s.Downstream.Name
		d.Downstream.Scenario.Name += ", application " + s.Downstream.Name
		d.Downstream.Scenario.Faults = d.Scenario.Faults
	}
	return d, nil
}

// traceHash is that of a simulated run; real runs are never the same twice.
func traceHash(o *chaos.Outcome) string {
	if o.Backend != fault.Sim {
		return ""
	}
	return fmt.Sprintf("%016x", o.TraceHash)
}

const parallelism = "parallelism.default"

func title(entry *scenario.Entry, cell scenario.Cell) string {
	if cell.Scenario.Metadata.Cell == "" {
		return entry.Name
	}
	return entry.Name + " [" + cell.Scenario.Metadata.Cell + "]"
}

func environment() reports.Environment {
	e := reports.Environment{GoVersion: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Version: "devel"}
	if host, err := os.Hostname(); err == nil {
		e.Host = host
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		e.Version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				e.Commit = s.Value
			}
		}
	}
	return e
}
