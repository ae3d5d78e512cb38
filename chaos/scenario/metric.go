package scenario

import (
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
)

// steadyMetrics can be asked for while a run is under way, beside those that are measured of its history.
var steadyMetrics = []string{"consumerLag", "throughputRatio", "openTransactions"}

// MetricNames lists the quantities that limits can be set on.
func MetricNames() []string { return append(slices.Clone(measure.Names), steadyMetrics...) }

// seedStatistics can follow a metric under "compare": over the seeds of a cell.
var seedStatistics = []string{"p50", "p95", "max", "mean"}

// isDuration says whether a metric is a time, so that its limit needs a unit.
func isDuration(metric string) bool {
	for _, prefix := range []string{"recovery.", "output.latency.", "checkpoint.duration.", "checkpointAge", "downtime", "silence"} {
		if strings.HasPrefix(metric, prefix) {
			return true
		}
	}
	return false
}

// canCompare says whether a name under compare.y is a metric, perhaps with a statistic over the seeds.
func canCompare(name string) bool {
	if slices.Contains(MetricNames(), name) {
		return true
	}
	i := strings.LastIndexByte(name, '.')
	return i > 0 && slices.Contains(seedStatistics, name[i+1:]) && slices.Contains(MetricNames(), name[:i])
}

// InvariantNames lists the properties that a run can be held to.
func InvariantNames() []string { return checker.Names() }
