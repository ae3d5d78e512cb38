package scenario

import (
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
)

// LiveMetrics are known while a run is under way: the steady state and stopWhen can ask for them. The others
// come out of the history afterwards.
var LiveMetrics = []string{"completedCheckpoints", "numRestarts", "consumerLag", "throughputRatio"}

// metricsOf lists what the limits under a key can be set on.
func metricsOf(key string) []string {
	if key == "slo" {
		return measure.Names
	}
	return LiveMetrics
}

// knownMetric says whether there is such a metric, here or elsewhere.
func knownMetric(name string) bool {
	return slices.Contains(measure.Names, name) || slices.Contains(LiveMetrics, name)
}

// seedStatistics can follow a metric under "compare": over the seeds of a cell.
var seedStatistics = []string{"p50", "p95", "max", "mean"}

// whenKnown says when there is such a metric.
func whenKnown(name string) string {
	if slices.Contains(LiveMetrics, name) {
		return "while a run is under way"
	}
	return "after a run"
}

// isDuration says whether a metric is a time, so that its limit needs a unit.
func isDuration(metric string) bool {
	for _, prefix := range []string{"recovery.", "output.latency.", "checkpoint.duration.", "checkpointAge", "downtime", "silence", "uncommitted.ahead.", "lastStableOffset.held"} {
		if strings.HasPrefix(metric, prefix) {
			return true
		}
	}
	return false
}

// canCompare says whether a name under compare.y is a metric, perhaps with a statistic over the seeds.
func canCompare(name string) bool {
	if slices.Contains(measure.Names, name) {
		return true
	}
	i := strings.LastIndexByte(name, '.')
	return i > 0 && slices.Contains(seedStatistics, name[i+1:]) && slices.Contains(measure.Names, name[:i])
}

// InvariantNames lists the properties that a run can be held to.
func InvariantNames() []string { return checker.Names() }
