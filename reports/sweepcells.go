package reports

import (
	"net/url"
	"slices"
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
	Seeds                    []seedView // that failed, or were kept
	More                     bool       // and there are more of them
}

// seedView leads to the page of a run, if that was kept.
type seedView struct {
	Seed   int64
	Failed bool
	Page   string
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
		for _, run := range c.Runs {
			r.Lost += run.ExactlyOnce.Lost
			r.Duplicated += run.ExactlyOnce.Duplicated
			v := seedView{Seed: run.Seed, Failed: !run.Passed}
			if at := slices.IndexFunc(c.Kept, func(k Kept) bool { return k.Seed == run.Seed }); at >= 0 {
				page := url.URL{Path: "./" + c.Kept[at].Folder + "/report.html"}
				v.Page = page.String()
			}
			switch {
			case !v.Failed && v.Page == "":
			case len(r.Seeds) == seedsMax:
				r.More = true
			default:
				r.Seeds = append(r.Seeds, v)
			}
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
