//go:build unix

package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// table is what is printed: a line a figure.
type table struct{ lines [][]string }

func (t *table) add(what, median, spread string, n int) {
	t.lines = append(t.lines, []string{what, median, spread, fmt.Sprint(n)})
}

// figure adds the median of some values, with the least and the greatest.
func (t *table) figure(what, format string, values []float64) {
	if len(values) == 0 {
		return // it was not measured
	}
	t.add(what, fmt.Sprintf(format, quantile(values, 0.5)),
		fmt.Sprintf(format+" to "+format, slices.Min(values), slices.Max(values)), len(values))
}

func (t *table) String() string {
	all := append([][]string{{"figure", "median", "least to greatest", "n"}, {"---", "---", "---", "---"}}, t.lines...)
	var width [4]int
	for _, line := range all {
		for i, cell := range line {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, line := range all {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %-*s ", width[i], cell)
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// quantile is the value at or above which so many are not.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(math.Floor(q*float64(len(sorted)))))]
}
