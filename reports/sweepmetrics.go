package reports

import (
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/checker/measure"
)

// measured lists what the runs of a sweep measured: first what the scenario compares, then what everyone wants
// to know. The rest is in run.json.
func measured(s *Sweep) []string {
	var all []string
	names := []string{"recovery.total", "reprocessedRecords", "output.latency.p99", "checkpointOverhead", "throughput", "checkpoint.duration.p50"}
	for i := len(s.Compare) - 1; i >= 0; i-- {
		names = slices.Insert(names, 0, withoutQuantile(s.Compare[i]))
	}
	for _, name := range names {
		some := slices.ContainsFunc(s.Cells, func(c Cell) bool { return len(known(c, name)) > 0 })
		if some && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// withoutQuantile drops the quantile over runs of a comparison; the name of a metric may end in one itself.
func withoutQuantile(name string) string {
	if slices.Contains(measure.Names, name) {
		return name
	}
	if cut := strings.LastIndexByte(name, '.'); cut > 0 && slices.Contains([]string{"p5", "p50", "p95", "p99", "max", "mean"}, name[cut+1:]) {
		return name[:cut]
	}
	return name
}

// valueOf is one run's measure by name. Recoveries and checkpoints are in every run.json, also in one whose
// metrics were left out.
func valueOf(r Summary, name string) Number {
	if v, ok := r.Metrics[name]; ok {
		return v
	}
	switch name {
	case "checkpoint.duration.p50":
		if r.Checkpoints.Completed > 0 {
			return Number(r.Checkpoints.DurationP50)
		}
	case "reprocessedRecords":
		if len(r.Recoveries) > 0 {
			n := 0
			for _, v := range r.Recoveries {
				n += v.Reprocessed
			}
			return Number(n)
		}
	case "recovery.total":
		return worst(r, func(v RecoverySummary) Number { return v.Total })
	case "recovery.detection":
		return worst(r, func(v RecoverySummary) Number { return v.Detect })
	}
	return Unknown()
}

// worst is the longest of a run's recoveries; one that was not complete makes it unknown.
func worst(r Summary, of func(RecoverySummary) Number) Number {
	if len(r.Recoveries) == 0 {
		return Unknown()
	}
	longest := Number(0)
	for _, v := range r.Recoveries {
		if !of(v).Known() {
			return Unknown()
		}
		longest = max(longest, of(v))
	}
	return longest
}

// known are the values of a measure over runs. One from which nothing had to recover took no time to recover, and
// says nothing of how long that takes.
func known(c Cell, name string) []float64 {
	var all []float64
	for _, r := range c.Runs {
		if v := valueOf(r, name); v.Known() && (v != 0 || !strings.HasPrefix(name, "recovery.")) {
			all = append(all, float64(v))
		}
	}
	return all
}

func quantilesOf(c Cell, name string) Quantiles { return QuantilesOf(c.Runs, name) }

// QuantilesOf sums up a measure over runs: of each run its worst.
func QuantilesOf(runs []Summary, name string) Quantiles {
	v := known(Cell{Runs: runs}, name)
	if len(v) == 0 {
		return Quantiles{Unknown(), Unknown(), Unknown(), Unknown()}
	}
	return Quantiles{Number(quantile(v, 0.05)), Number(quantile(v, 0.5)), Number(quantile(v, 0.95)), Number(quantile(v, 1))}
}

// UnitOf is the unit of a metric by its name: "s", "records", "records/s", "fraction", or none.
func UnitOf(name string) string {
	switch {
	case strings.HasPrefix(name, "recovery."), strings.Contains(name, "latency"), strings.Contains(name, ".duration"), name == "downtime", name == "silence",
		strings.HasSuffix(name, "Age"), strings.HasSuffix(name, "Seconds"), strings.HasPrefix(name, "uncommitted.ahead."), name == "lastStableOffset.held":
		return "s"
	case name == "throughput":
		return "records/s"
	case strings.HasSuffix(name, "Overhead"):
		return "fraction"
	case strings.HasSuffix(name, "Records"), strings.HasPrefix(name, "uncommitted."), name == "lost", name == "duplicates", name == "consumerLag":
		return "records"
	}
	return ""
}
