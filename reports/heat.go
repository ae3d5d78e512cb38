package reports

import (
	"fmt"
	"math"
)

// heat is a table of medians over two axes.
type heat struct {
	Title    string
	RowKey   string
	ColKey   string
	Columns  []string
	Rows     []heatRow
	Lightest string
	Darkest  string
}

type heatRow struct {
	Name  string
	Cells []heatCell
}

type heatCell struct {
	Text  string
	Tip   string
	Shade float64
	Bad   bool
}

func heatOf(s *Sweep, name string) heat {
	h := heat{Title: name, RowKey: flinkKey(s.Axes[0].Key), ColKey: flinkKey(s.Axes[1].Key), Columns: s.Axes[1].Values}
	low, high := math.Inf(1), math.Inf(-1)
	at := map[[2]string]Cell{}
	for _, c := range s.Cells {
		if len(c.Values) != 2 {
			continue
		}
		at[[2]string{c.Values[0], c.Values[1]}] = c
		if q := quantilesOf(c, name); q.P50.Known() {
			low, high = min(low, float64(q.P50)), max(high, float64(q.P50))
		}
	}
	unit := UnitOf(name)
	h.Lightest, h.Darkest = quantity(low, unit), quantity(high, unit)
	for _, r := range s.Axes[0].Values {
		row := heatRow{Name: r}
		for _, col := range s.Axes[1].Values {
			c, ok := at[[2]string{r, col}]
			q := quantilesOf(c, name)
			if !ok || !q.P50.Known() {
				row.Cells = append(row.Cells, heatCell{Text: "–", Bad: ok && !c.Passed})
				continue
			}
			shade := 0.06
			if high > low {
				shade += 0.5 * (float64(q.P50) - low) / (high - low)
			}
			row.Cells = append(row.Cells, heatCell{Text: quantity(float64(q.P50), unit), Shade: math.Round(shade*100) / 100, Bad: !c.Passed,
				Tip: fmt.Sprintf("p5 %s, p95 %s", quantity(float64(q.P5), unit), quantity(float64(q.P95), unit))})
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}
