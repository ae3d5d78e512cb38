package reports

import (
	"fmt"
	"html/template"
	"time"
)

// The geometry that every drawing over time shares, so that one cursor and one zoom serve them all.
const (
	viewWidth = 1120
	plotLeft  = 112
	plotWidth = viewWidth - plotLeft - 14
)

// timeAxis is the shared x axis: true time from the start of the run to its end.
type timeAxis struct{ end time.Duration }

func (a timeAxis) x(t time.Duration) float64 {
	return plotWidth * float64(min(max(t, 0), a.end)) / float64(a.end)
}

// ticks are at most a dozen round times.
func (a timeAxis) ticks() []time.Duration {
	step := 24 * time.Hour
	for _, s := range []time.Duration{
		time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second,
		10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour} {
		if a.end/s <= 12 {
			step = s
			break
		}
	}
	var all []time.Duration
	for t := time.Duration(0); t <= a.end && len(all) < 100; t += step {
		all = append(all, t)
	}
	return all
}

func (a timeAxis) label(t time.Duration) string {
	if a.end <= 10*time.Minute {
		return trim(t.Seconds(), 3) + " s"
	}
	s := int(t.Seconds())
	if a.end <= 2*time.Hour {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d h", s/3600, s/60%60)
}

// frame opens a drawing of the given height and draws grid and labels of time; inside is called for what
// moves with the zoom, outside for what stays.
func (a timeAxis) frame(height float64, name string, outside, inside func(s *svg)) template.HTML {
	const labels = 20
	var s svg
	s.raw(`<svg class="timed" viewBox="0 0 %d %s" role="img" aria-label="%s" data-left="%d" data-width="%d" data-height="%s" data-end="%s">`,
		viewWidth, px(height+labels), escape(name), plotLeft, plotWidth, px(height), trim(a.end.Seconds(), 6))
	s.open("ticks")
	for _, t := range a.ticks() {
		x := plotLeft + a.x(t)
		s.line("grid", x, 0, x, height)
		s.text(at(x), x, height+15, a.label(t))
	}
	s.close()
	outside(&s)
	s.raw(`<svg x="%d" y="0" width="%d" height="%s" class="clip">`, plotLeft, plotWidth, px(height))
	s.open("zoom")
	inside(&s)
	s.close()
	s.raw("</svg>")
	s.raw(`<line class="cursor" x1="0" y1="0" x2="0" y2="%s" visibility="hidden"/></svg>`, px(height))
	return s.html()
}

// at keeps the first and last label inside the picture.
func at(x float64) string {
	if x > viewWidth-30 {
		return "tick end"
	}
	return "tick mid"
}

// faults draws the bands that explain what the curves do: hatched while a fault is active, tinted while the
// job recovers from it.
func (a timeAxis) faults(s *svg, d *Document, st *story, height float64) {
	for _, r := range d.Recoveries {
		to := a.end
		if r.Total >= 0 {
			to = r.At + r.Total
		}
		s.rect("recovering", a.x(r.At), 0, a.x(to)-a.x(r.At), height, "")
	}
	for _, f := range st.faults {
		if f.Ended > f.At {
			s.rect("hatched", a.x(f.At), 0, a.x(f.Ended)-a.x(f.At), height, "")
		}
		s.line("fault-at", a.x(f.At), 0, a.x(f.At), height)
	}
}
