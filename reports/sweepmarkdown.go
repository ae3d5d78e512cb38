package reports

import (
	"fmt"
	"strings"
)

// SweepMarkdown returns summary.md of a sweep.
func SweepMarkdown(s *Sweep) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s\n\n%s\n\n", plain(s.Verdict), plain(s.Scenario.Name), plain(sweepSentence(s)))
	varied := "cell"
	if len(s.Axes) > 0 {
		varied = strings.Join(keysOf(s.Axes), ", ")
	}
	fmt.Fprintf(&b, "| %s | verdict | runs passed | recovery p50 | recovery p95 |\n|---|---|--:|--:|--:|\n", plain(varied))
	for _, c := range s.Cells {
		q, verdict := quantilesOf(c, "recovery.total"), c.Verdict
		if c.Expect != "" {
			verdict += ", expected: " + c.Expect
		}
		fmt.Fprintf(&b, "| %s | %s | %d of %d | %s | %s |\n", plain(c.name()), plain(verdict), passing(c), len(c.Runs),
			quantity(float64(q.P50), "s"), quantity(float64(q.P95), "s"))
	}
	fmt.Fprintf(&b, "\nAgain: `%s`\n", strings.ReplaceAll(oneLine(s.Scenario.ReproCommand), "`", "'"))
	return spaced(b.String())
}

func keysOf(axes []Axis) (keys []string) {
	for _, a := range axes {
		keys = append(keys, flinkKey(a.Key))
	}
	return keys
}

func sweepSentence(s *Sweep) string {
	runs, good, twins := 0, 0, 0
	var totals []float64
	for _, c := range s.Cells {
		runs += len(c.Runs)
		good += passing(c)
		if c.Expect != "" {
			twins += len(c.Runs)
		}
		totals = append(totals, known(c, "recovery.total")...)
	}
	text := fmt.Sprintf("%s in %s, %s passed", plural(runs, "run", "runs"), plural(len(s.Cells), "cell", "cells"), count(good))
	if twins > 0 {
		text += fmt.Sprintf(", %s of cells that are known to be bad", count(twins))
	}
	if len(totals) > 0 {
		text += fmt.Sprintf("; recovery took %s at the median, %s at p95, %s at most", quantity(quantile(totals, 0.5), "s"),
			quantity(quantile(totals, 0.95), "s"), quantity(totals[len(totals)-1], "s"))
	}
	if s.Reason != "" {
		text += "; " + strings.TrimSuffix(s.Reason, ".")
	}
	return text + "."
}
