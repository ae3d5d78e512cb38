package reports

import (
	"fmt"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// recoveryCDF draws which share of the recoveries were complete after how long, a curve per fault.
func recoveryCDF(s *Sweep) (chart, bool) {
	totals, all := map[string][]float64{}, map[string]int{}
	for _, c := range s.Cells {
		for _, r := range c.Runs {
			for _, v := range r.Recoveries {
				all[v.Fault]++
				if v.Total.Known() {
					totals[v.Fault] = append(totals[v.Fault], float64(v.Total))
				}
			}
		}
	}
	if len(totals) == 0 {
		return chart{}, false
	}
	c := chart{Title: "share of recoveries that are complete after", Unit: "%", YMax: 104}
	for i, fault := range sortedKeys(totals) {
		if i == cdfMax {
			c.Note = fmt.Sprintf("%d more faults are not drawn.", len(totals)-i)
			break
		}
		v := totals[fault]
		slices.Sort(v)
		curve := chartCurve{Name: fault, Class: "c" + strconv.Itoa(i), Stairs: true, Points: plotter.XYs{{X: 0, Y: 0}}}
		for j, x := range v {
			curve.Points = append(curve.Points, plotter.XY{X: x, Y: 100 * float64(j+1) / float64(all[fault])})
		}
		curve.Points = thin(curve.Points, 500)
		c.Curves = append(c.Curves, curve)
		c.Keys = append(c.Keys, plotKey{fault, curve.Class})
		c.XHigh = max(c.XHigh, v[len(v)-1])
	}
	c.XHigh = max(c.XHigh*1.05, 0.001)
	for i := range c.Curves {
		last := c.Curves[i].Points[len(c.Curves[i].Points)-1]
		c.Curves[i].Points = append(c.Curves[i].Points, plotter.XY{X: c.XHigh, Y: last.Y})
	}
	for _, t := range (plot.DefaultTicks{}).Ticks(0, c.XHigh) {
		if t.Label != "" && t.Value <= c.XHigh {
			c.XTicks = append(c.XTicks, xTick{t.Value, quantity(t.Value, "s")})
		}
	}
	return c, true
}
