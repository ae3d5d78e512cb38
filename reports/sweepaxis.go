package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/plotter"
)

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
