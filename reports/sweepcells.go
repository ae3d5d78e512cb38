package reports

import (
	"fmt"
	"net/url"
	"strings"
)

// cellRow is one cell of the matrix in the verdict table.
type cellRow struct {
	Values                   []string
	Expect                   string
	Badge                    badge
	Good, Runs               int
	Lost, Duplicated         int
	RecoveryP50, RecoveryP95 string
	Phases                   []bar
	Failed                   string
	Kept                     []keptRun
}

// keptRun leads to the page of a run.
type keptRun struct {
	Seed int64
	Page string
}

func cellRows(s *Sweep) []cellRow {
	longest := 0.0
	for _, c := range s.Cells {
		longest = max(longest, sum(phaseMeans(c)))
	}
	var all []cellRow
	for _, c := range s.Cells {
		q := quantilesOf(c, "recovery.total")
		r := cellRow{Values: c.Values, Expect: c.Expect, Badge: cellBadge(c), Good: passing(c), Runs: len(c.Runs),
			RecoveryP50: quantity(float64(q.P50), "s"), RecoveryP95: quantity(float64(q.P95), "s")}
		var failed []string
		for _, run := range c.Runs {
			r.Lost += run.ExactlyOnce.Lost
			r.Duplicated += run.ExactlyOnce.Duplicated
			if !run.Passed {
				failed = append(failed, fmt.Sprint(run.Seed))
			}
		}
		if len(failed) > seedsMax {
			failed = append(failed[:seedsMax], "…")
		}
		r.Failed = strings.Join(failed, ", ")
		for _, k := range c.Kept[:min(len(c.Kept), seedsMax)] {
			page := url.URL{Path: "./" + k.Folder + "/report.html"}
			r.Kept = append(r.Kept, keptRun{k.Seed, page.String()})
		}
		means := phaseMeans(c)
		for i, name := range []string{"detect", "restart", "restore", "catch up"} {
			if longest > 0 && means[i] > 0 {
				r.Phases = append(r.Phases, bar{Name: name, Class: stepClass(name), Width: 100 * means[i] / longest,
					Took: quantity(means[i], "s")})
			}
		}
		all = append(all, r)
	}
	return all
}

func cellBadge(c Cell) badge {
	switch {
	case c.Passed:
		return badge{c.Verdict, "good", "✓"}
	case strings.HasPrefix(c.Verdict, "FAIL"):
		return badge{c.Verdict, "bad", "✕"}
	}
	return badge{c.Verdict, "unsure", "!"}
}

// phaseMeans are the mean seconds of detect, restart, restore and catch-up over the complete recoveries of a
// cell.
func phaseMeans(c Cell) [4]float64 {
	var means [4]float64
	n := 0.0
	for _, r := range c.Runs {
		for _, v := range r.Recoveries {
			if !v.Total.Known() || !v.Detect.Known() || !v.Restart.Known() || !v.Restore.Known() || !v.CatchUp.Known() {
				continue
			}
			n++
			for i, phase := range []Number{v.Detect, v.Restart, v.Restore, v.CatchUp} {
				means[i] += float64(phase)
			}
		}
	}
	for i := range means {
		means[i] /= max(n, 1)
	}
	return means
}

func sum(v [4]float64) float64 { return v[0] + v[1] + v[2] + v[3] }
