package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/plotter"
)

// What a sweep's page shows at most.
const (
	failuresMax = 20
	cellsMax    = 400
	seedsMax    = 8 // of a cell
	cdfMax      = 6
)

// RenderSweep returns report.html of a sweep.
func RenderSweep(s *Sweep) ([]byte, error) {
	return fitting(func(c caps) ([]byte, error) { return execute("sweep.tmpl", newSweepPage(s, c)) })
}

// sweepPage is report.html of a sweep, as the template wants it.
type sweepPage struct {
	frame
	Sweep    *Sweep
	Sentence string
	Keys     []string // of the axes, without the folder they are in
	Against  string
	Cells    []cellRow
	CellNote string
	Charts   []chartView
	Heats    []heat
	Failures []Summary
	FailNote string
	Facts    []fact
	Summary  template.URL
}

type chartView struct {
	chart
	Picture template.HTML
}

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

func newSweepPage(s *Sweep, c caps) *sweepPage {
	p := &sweepPage{frame: newFrame(s.Verdict+": "+s.Scenario.Name, badgeOf(s.Verdict, s.Passed, s.ExitCode)),
		Sweep: s, Sentence: together(sweepSentence(s)), Facts: sweepFacts(s)}
	p.Against = "Over all runs"
	for _, a := range s.Axes {
		p.Keys = append(p.Keys, flinkKey(a.Key))
	}
	if len(s.Axes) == 1 {
		p.Against = "Against " + p.Keys[0]
	}
	p.Cells = cellRows(s)
	if most := min(cellsMax, max(c.Rows, 1)); len(p.Cells) > most {
		p.CellNote = fmt.Sprintf("%d of %s cells; run.json has all.", most, count(len(p.Cells)))
		p.Cells = p.Cells[:most]
	}
	var charts []chart
	switch len(s.Axes) {
	case 1:
		for _, m := range measured(s) {
			charts = append(charts, overAxis(s, m))
		}
	case 2:
		for _, m := range measured(s) {
			p.Heats = append(p.Heats, heatOf(s, m))
		}
	}
	if cdf, ok := recoveryCDF(s); ok {
		charts = append(charts, cdf)
	}
	for i := range charts {
		p.Charts = append(p.Charts, chartView{charts[i], charts[i].draw()})
	}
	for _, cell := range s.Cells {
		for _, r := range cell.Runs {
			if !r.Passed && cell.Expect == "" {
				p.Failures = append(p.Failures, r)
			}
		}
	}
	if n := len(p.Failures); n > failuresMax {
		p.FailNote = fmt.Sprintf("%s more runs failed; run.json has all.", count(n-failuresMax))
		p.Failures = p.Failures[:failuresMax]
	}
	if c.Rows > 0 { // the file beside the page has it too
		var sum bytes.Buffer
		if err := writeJSON(&sum, SweepSummaryOf(s)); err != nil { // our own type
			panic(err)
		}
		if sum.Len() < pageMax/4 {
			p.Summary = dataURL("application/json", sum.Bytes())
		}
	}
	return p
}

// flinkKey drops the path of Flink's and Kafka's own keys in a scenario, which readers know by heart.
func flinkKey(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "deployment.flinkConfiguration."), "pipeline.broker.")
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

// place is where a swept value stands on its axis: by its size if all values have one, else in the order given.
type place struct {
	numeric bool
	log     bool
	values  []string
	sizes   []float64
}

func placeOf(a Axis) place {
	p := place{numeric: true, values: a.Values}
	for _, v := range a.Values {
		n, ok := sizeOf(v)
		p.numeric = p.numeric && ok
		p.sizes = append(p.sizes, n)
	}
	if p.numeric && len(p.sizes) > 1 {
		low, high := slices.Min(p.sizes), slices.Max(p.sizes)
		p.log = low > 0 && high/low >= 20
	}
	return p
}

func sizeOf(v string) (float64, bool) {
	if n, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
		return n, true
	}
	d, ok := readDuration(v)
	return d.Seconds(), ok
}

func (p place) at(value string) float64 {
	i := slices.Index(p.values, value)
	if i < 0 || !p.numeric {
		return float64(i)
	}
	return p.project(p.sizes[i])
}

func (p place) project(size float64) float64 {
	if p.log {
		return math.Log10(size)
	}
	return size
}

// overAxis draws one measure against the one axis of a sweep, with the law that speaks of it, if there is one.
func overAxis(s *Sweep, name string) chart {
	axis := s.Axes[0]
	p := placeOf(axis)
	c := chart{Title: name, Unit: UnitOf(name), XLow: math.Inf(1), XHigh: math.Inf(-1)}
	var sizes, mids []float64
	for _, v := range axis.Values {
		x := p.at(v)
		c.XTicks = append(c.XTicks, xTick{x, v})
		c.XLow, c.XHigh = min(c.XLow, x), max(c.XHigh, x)
	}
	for _, cell := range s.Cells {
		q := quantilesOf(cell, name)
		if len(cell.Values) == 0 || !q.P50.Known() {
			continue
		}
		c.Band = append(c.Band, bandPoint{p.at(cell.Values[0]), float64(q.P5), float64(q.P50), float64(q.P95)})
		if n, ok := sizeOf(cell.Values[0]); ok {
			sizes, mids = append(sizes, n), append(mids, float64(q.P50))
		}
	}
	slices.SortFunc(c.XTicks, func(a, b xTick) int { return cmp.Compare(a.At, b.At) })
	slices.SortFunc(c.Band, func(a, b bandPoint) int { return cmp.Compare(a.X, b.X) })
	room := max((c.XHigh-c.XLow)*0.05, 1e-9)
	if c.XHigh == c.XLow {
		room = 0.5
	}
	c.XLow, c.XHigh = c.XLow-room, c.XHigh+room
	c.Limit = limitOf(s, name)
	if c.Unit == "records/s" {
		c.magnify()
	}
	c.Keys = []plotKey{{"median and p5–p95 over the seeds", "s-committed"}}
	if strings.HasSuffix(axis.Key, "execution.checkpointing.interval") && p.numeric {
		c.law(s, name, p, sizes, mids)
	}
	return c
}

// law adds the model line of a measure against the checkpoint interval.
func (c *chart) law(s *Sweep, name string, p place, interval, mid []float64) {
	line := func(of func(interval float64) float64) {
		l := chartCurve{Name: "model", Class: "model"}
		low, high := slices.Min(interval), slices.Max(interval)
		for i := range 60 {
			at := low + (high-low)*float64(i)/59
			if p.log {
				at = low * math.Pow(high/low, float64(i)/59)
			}
			l.Points = append(l.Points, plotter.XY{X: p.project(at), Y: max(of(at), 0)})
		}
		c.Curves = append(c.Curves, l)
		c.Keys = append(c.Keys, plotKey{"model", "model"})
	}
	switch name {
	case "recovery.total":
		if f, ok := fit(interval, mid); ok && f.Slope > 0 {
			line(func(i float64) float64 { return f.Intercept + f.Slope*i })
			rho := 2 * f.Slope / (1 + 2*f.Slope)
			c.Note = fmt.Sprintf("Fitted: %s + %s × interval (R² %s). Half an interval is read again on average, so the slope means a load of %s %% of the capacity.",
				quantity(max(f.Intercept, 0), "s"), trim(f.Slope, 2), trim(f.R2, 2), trim(100*rho, 0))
		}
	case "throughput":
		inverse := make([]float64, len(interval))
		for i := range interval {
			inverse[i] = 1 / interval[i]
		}
		if f, ok := fit(inverse, mid); ok && f.Intercept > 0 {
			line(func(i float64) float64 { return f.Intercept + f.Slope/i })
			c.Note += fmt.Sprintf(" Fitted against 1/interval (R² %s): each checkpoint costs %s of work.", trim(f.R2, 2),
				quantity(max(-f.Slope/f.Intercept, 0), "s"))
		}
	case "output.latency.p99":
		var durations []float64
		for _, cell := range s.Cells {
			durations = append(durations, known(cell, "checkpoint.duration.p50")...)
		}
		if len(durations) > 0 && len(interval) > 1 {
			d := quantile(durations, 0.5)
			line(func(i float64) float64 { return 0.99*i + d })
			c.Note = "Model: with exactly-once a record waits for the next checkpoint, so p99 is 0.99 intervals and one checkpoint."
		}
	}
}

func limitOf(s *Sweep, name string) *limit {
	for _, cell := range s.Cells {
		for _, r := range cell.Runs {
			for _, o := range r.SLO {
				if o.Name == name && o.Limit.Known() {
					return &limit{float64(o.Limit), quantity(float64(o.Limit), o.Unit)}
				}
			}
		}
	}
	return nil
}

func sweepFacts(s *Sweep) []fact {
	all := []fact{{"scenario", s.Scenario.Name}, {"backend", s.Scenario.Backend}, {"labels", labels(s.Scenario.Labels)},
		{"wall time", quantity(s.WallSeconds, "s")}, {"flinch", strings.TrimSpace(s.Environment.Version + " " + s.Environment.Commit)},
		{"Go", s.Environment.GoVersion}, {"system", strings.Trim(s.Environment.OS+"/"+s.Environment.Arch, "/")}}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
