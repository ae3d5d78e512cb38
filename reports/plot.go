package reports

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"time"

	"github.com/tsenart/vegeta/v12/lib/lttb"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// panel is one plot over time. Scales, ticks and paths are gonum's; classes, labels and marks are ours, since
// gonum's SVG has no classes and would fix the colours.
type panel struct {
	Name   string
	Unit   string
	Log    bool
	Height float64
	Curves []curve
	Marks  []mark
	Limits []limit
	Note   string // what the caption should add
}

// curve is one line of a panel.
type curve struct {
	Name   string
	Class  string
	Step   time.Duration
	Values []float64
	Stairs bool // a count that jumps, not a quantity that glides
}

// mark is one event with a value, such as a checkpoint.
type mark struct {
	At    time.Duration
	Value float64
	Class string
	Tip   string
}

// limit is a service level drawn as a line.
type limit struct {
	Value float64
	Label string
}

// empty says that there is nothing to draw, which the page then says instead of showing an empty frame.
func (p *panel) empty() bool {
	for _, c := range p.Curves {
		for _, v := range c.Values {
			if p.drawable(v) {
				return false
			}
		}
	}
	return len(p.Marks) == 0
}

func (p *panel) drawable(v float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (!p.Log || v > 0)
}

// span returns the range of y. A limit far above everything would flatten the curves; then it is left to
// the caption.
func (p *panel) span() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	see := func(v float64) {
		if p.drawable(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	for _, c := range p.Curves {
		for _, v := range c.Values {
			see(v)
		}
	}
	for _, m := range p.Marks {
		see(m.Value)
	}
	for i, l := range p.Limits {
		if p.Log || l.Value <= 3*high {
			see(l.Value)
		} else {
			p.Note += fmt.Sprintf(" The limit of %s is above the plot.", p.Limits[i].Label)
		}
	}
	if p.Log {
		low, high = math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Ceil(math.Log10(high)))
		if low == high {
			high *= 10
		}
		return low, high
	}
	high = max(high*1.06, 0)
	if high == 0 {
		high = 1
	}
	return min(low*1.06, 0), high
}

// draw renders the panel on the shared time axis.
func (p *panel) draw(a timeAxis, points int, bands func(s *svg, height float64)) template.HTML {
	low, high := p.span()
	pl := plot.New()
	pl.X.Min, pl.X.Max = 0, a.end.Seconds()
	pl.Y.Min, pl.Y.Max = low, high
	ticks := plot.Ticker(plot.DefaultTicks{})
	if p.Log {
		pl.Y.Scale = plot.LogScale{}
		ticks = plot.LogTicks{Prec: -1}
	}
	const top = 6 // room for the half of a label at the upper edge
	y := func(v float64) float64 { return top + (p.Height-top)*(1-pl.Y.Norm(v)) }

	outside := func(s *svg) {
		s.open("yticks")
		for _, t := range ticks.Ticks(low, high) {
			if t.Label == "" || t.Value < low || t.Value > high || p.whole() && t.Value != math.Trunc(t.Value) {
				continue
			}
			s.line("grid", plotLeft, y(t.Value), viewWidth-14, y(t.Value))
			s.text("tick end", plotLeft-8, y(t.Value)+4, p.tick(t.Value))
		}
		s.close()
	}
	inside := func(s *svg) {
		bands(s, p.Height)
		for _, c := range p.Curves {
			s.raw(`<g class="series %s" data-series="%s" transform="translate(0,%d)">`, c.Class, escape(c.Name), top)
			for _, run := range runs(c, p.drawable, points) {
				if len(run) == 1 {
					s.dot("point", a.x(time.Duration(run[0].X*float64(time.Second))), y(run[0].Y)-top, "")
					continue
				}
				l := plotter.Line{XYs: run, LineStyle: draw.LineStyle{Color: color.Black, Width: vg.Points(1)}}
				if c.Stairs {
					l.StepStyle = plotter.PostStep
				}
				s.WriteString(layer(pl, &l, plotWidth, p.Height-top))
			}
			s.close()
		}
		for _, m := range p.Marks {
			if p.drawable(m.Value) {
				s.dot("mark "+m.Class, a.x(m.At), y(m.Value), m.Tip)
			}
		}
		for _, l := range p.Limits {
			if l.Value <= high && l.Value >= low {
				s.line("limit", 0, y(l.Value), plotWidth, y(l.Value))
			}
		}
	}
	labelled := func(s *svg) {
		outside(s)
		for _, l := range p.Limits {
			if l.Value <= high && l.Value >= low {
				s.text("tick end limit-label", viewWidth-18, max(y(l.Value)-4, 10), "limit "+l.Label)
			}
		}
	}
	return a.frame(p.Height, p.alt(low, high), labelled, inside)
}

// whole says that the panel counts things, so that its axis has no halves.
func (p *panel) whole() bool { return p.Unit == "" || p.Unit == "records" }

func (p *panel) tick(v float64) string {
	if p.Unit == "seconds" && v != 0 {
		return seconds(time.Duration(math.Round(v * float64(time.Second))))
	}
	return prefixed(v)
}

// alt describes the plot to those who do not see it.
func (p *panel) alt(low, high float64) string {
	text := fmt.Sprintf("%s over the time of the run, from %s to %s", p.Name, quantity(low, p.Unit), quantity(high, p.Unit))
	for _, c := range p.Curves {
		var seen []float64
		for _, v := range c.Values {
			if p.drawable(v) {
				seen = append(seen, v)
			}
		}
		if len(seen) > 0 {
			text += fmt.Sprintf("; %s: median %s, largest %s", c.Name, quantity(quantile(seen, 0.5), p.Unit),
				quantity(seen[len(seen)-1], p.Unit))
		}
	}
	return text
}

// runs cuts a curve where it has no values, and thins what is left to so many points.
func runs(c curve, drawable func(float64) bool, points int) []plotter.XYs {
	var all []plotter.XYs
	var run plotter.XYs
	total := 0
	flush := func() {
		if len(run) > 0 {
			all = append(all, run)
			run = nil
		}
	}
	for i, v := range c.Values {
		if !drawable(v) {
			flush()
			continue
		}
		run = append(run, plotter.XY{X: c.Step.Seconds() * float64(i), Y: v})
		total++
	}
	flush()
	for i := range all {
		all[i] = thin(all[i], max(3, points*len(all[i])/max(total, 1)))
	}
	return all
}

func thin(run plotter.XYs, points int) plotter.XYs {
	at := 0
	left, err := lttb.Downsample(len(run), points, func(n int) ([]lttb.Point, error) {
		n = min(n, len(run)-at)
		some := make([]lttb.Point, n)
		for i := range some {
			some[i] = lttb.Point{X: run[at+i].X, Y: run[at+i].Y}
		}
		at += n
		return some, nil
	})
	if err != nil { // fewer than three points were asked for: our own fault
		panic(err)
	}
	out := make(plotter.XYs, len(left))
	for i, p := range left {
		out[i] = plotter.XY{X: p.X, Y: p.Y}
	}
	return out
}

var styles = regexp.MustCompile(`\s*style="[^"]*"`)

// layer has gonum draw one plotter on a canvas of its own, and returns the elements without their styles:
// the group that they are put in has a class.
func layer(pl *plot.Plot, p plot.Plotter, width, height float64) string {
	canvas := vgsvg.New(vg.Points(width), vg.Points(height))
	p.Plot(draw.New(canvas), pl)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil { // a buffer does not fail
		panic(err)
	}
	text := b.Bytes()
	text = text[bytes.Index(text, []byte("<g")):bytes.LastIndex(text, []byte("</svg>"))]
	return string(styles.ReplaceAll(text, nil))
}
