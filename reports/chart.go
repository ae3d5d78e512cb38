package reports

import (
	"fmt"
	"html/template"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// chart is one small plot of a sweep: curves over something other than time.
type chart struct {
	Title  string
	Unit   string
	XTicks []xTick // where the swept values stand
	XLow   float64
	XHigh  float64
	Band   []bandPoint
	Curves []chartCurve
	Limit  *limit
	YLow   float64
	YMax   float64 // 0: from the data
	Note   string
	Keys   []plotKey
}

type xTick struct {
	At    float64
	Label string
}

type bandPoint struct{ X, Low, Mid, High float64 }

type chartCurve struct {
	Name, Class string
	Points      plotter.XYs
	Stairs      bool
}

// The geometry of a chart.
const (
	chartWidth  = 540.0
	chartHeight = 250.0
	chartLeft   = 74.0
	chartRight  = 12.0
	chartTop    = 10.0
	chartBottom = 24.0
)

func (c *chart) draw() template.HTML {
	width, height := chartWidth-chartLeft-chartRight, chartHeight-chartTop-chartBottom
	pl := plot.New()
	pl.X.Min, pl.X.Max = c.XLow, c.XHigh
	pl.Y.Min, pl.Y.Max = c.YLow, c.top()
	x := func(v float64) float64 { return chartLeft + width*pl.X.Norm(v) }
	y := func(v float64) float64 { return chartTop + height*(1-pl.Y.Norm(v)) }

	var s svg
	s.raw(`<svg class="chart" viewBox="0 0 %s %s" role="img" aria-label="%s">`, px(chartWidth), px(chartHeight), escape(c.alt()))
	for _, t := range (plot.DefaultTicks{}).Ticks(c.YLow, pl.Y.Max) {
		if t.Label != "" && t.Value <= pl.Y.Max && t.Value >= c.YLow {
			s.line("grid", chartLeft, y(t.Value), chartWidth-chartRight, y(t.Value))
			s.text("tick end", chartLeft-8, y(t.Value)+4, c.tick(t.Value))
		}
	}
	edge := -1e9
	for _, t := range c.XTicks {
		at := x(t.At)
		s.line("grid", at, chartTop, at, chartTop+height)
		half := float64(len([]rune(t.Label))) * 3.4
		if at-half < edge {
			continue
		}
		edge = at + half + 6
		s.text("tick mid", min(at, chartWidth-half), chartHeight-6, t.Label)
	}
	s.raw(`<g transform="translate(%s,%s)">`, px(chartLeft), px(chartTop))
	c.layers(&s, pl, width, height)
	s.close()
	if c.Limit != nil && c.Limit.Value <= pl.Y.Max {
		s.line("limit", chartLeft, y(c.Limit.Value), chartWidth-chartRight, y(c.Limit.Value))
		s.text("tick end limit-label", chartWidth-chartRight-4, max(y(c.Limit.Value)-4, 10), "limit "+c.Limit.Label)
	}
	for _, b := range c.Band {
		tip := fmt.Sprintf("p5 %s, median %s, p95 %s", quantity(b.Low, c.Unit), quantity(b.Mid, c.Unit), quantity(b.High, c.Unit))
		s.dot("mark m-done", x(b.X), y(b.Mid), tip)
	}
	s.WriteString("</svg>")
	return s.html()
}

func (c *chart) layers(s *svg, pl *plot.Plot, width, height float64) {
	if len(c.Band) > 1 {
		var around, middle plotter.XYs
		for _, b := range c.Band {
			around = append(around, plotter.XY{X: b.X, Y: b.High})
			middle = append(middle, plotter.XY{X: b.X, Y: b.Mid})
		}
		for i := len(c.Band) - 1; i >= 0; i-- {
			around = append(around, plotter.XY{X: c.Band[i].X, Y: c.Band[i].Low})
		}
		s.raw(`<g class="series band">%s</g>`, layer(pl, &plotter.Polygon{XYs: []plotter.XYs{around}, Color: color.Black}, width, height))
		s.raw(`<g class="series">%s</g>`, layer(pl, lineOf(middle, false), width, height))
	} else if len(c.Band) == 1 {
		b := c.Band[0]
		s.raw(`<g class="series">%s</g>`, layer(pl, lineOf(plotter.XYs{{X: b.X, Y: b.Low}, {X: b.X, Y: b.High}}, false), width, height))
	}
	for _, l := range c.Curves {
		if len(l.Points) > 1 {
			s.raw(`<g class="series %s">%s</g>`, l.Class, layer(pl, lineOf(l.Points, l.Stairs), width, height))
		}
	}
}

func lineOf(points plotter.XYs, stairs bool) *plotter.Line {
	l := &plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: color.Black, Width: vg.Points(1)}}
	if stairs {
		l.StepStyle = plotter.PostStep
	}
	return l
}

func (c *chart) top() float64 {
	if c.YMax > 0 {
		return c.YMax
	}
	high := 0.0
	for _, b := range c.Band {
		high = max(high, b.High)
	}
	for _, l := range c.Curves {
		for _, p := range l.Points {
			high = max(high, p.Y)
		}
	}
	if c.Limit != nil && c.Limit.Value <= 3*high {
		high = max(high, c.Limit.Value)
	}
	if high == 0 || math.IsInf(high, 0) {
		return 1
	}
	return high * 1.08
}

// magnify lets y start near the data when all of it is far from 0: a checkpoint costs a few percent of the
// throughput, which a full axis would hide.
func (c *chart) magnify() {
	low, high := math.Inf(1), math.Inf(-1)
	for _, b := range c.Band {
		low, high = min(low, b.Low), max(high, b.High)
	}
	if low > 0.5*high && low < high {
		c.YLow, c.YMax = low-0.3*(high-low), high+0.1*(high-low)
		c.Note = "The axis does not start at 0."
	}
}

func (c *chart) tick(v float64) string {
	if c.Unit == "s" && v != 0 || c.Unit == "%" || c.Unit == "fraction" {
		return quantity(v, c.Unit)
	}
	return prefixed(v)
}

func (c *chart) alt() string {
	text := c.Title
	for _, b := range c.Band {
		text += fmt.Sprintf("; at %s: median %s", c.labelAt(b.X), quantity(b.Mid, c.Unit))
	}
	return text
}

func (c *chart) labelAt(x float64) string {
	for _, t := range c.XTicks {
		if t.At == x {
			return t.Label
		}
	}
	return trim(x, 2)
}
