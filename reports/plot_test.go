package reports

import (
	"math"
	"testing"
	"time"

	"gonum.org/v1/plot/plotter"
)

// TestThinKeepsEndsAndPeaks: whatever the lengths, a thinned curve begins and ends where the whole one does,
// and a lone peak is still there.
func TestThinKeepsEndsAndPeaks(t *testing.T) {
	for n := 1; n < 400; n += 7 {
		for points := 3; points < 80; points += 11 {
			run := make(plotter.XYs, n)
			for i := range run {
				run[i].X = float64(i)
			}
			run[n/2].Y = 1000
			got := thin(run, points)
			if n > points && len(got) > points {
				t.Fatalf("%d of %d points for a limit of %d", len(got), n, points)
			}
			peak := 0.0
			for _, p := range got {
				peak = max(peak, p.Y)
			}
			if got[0] != run[0] || got[len(got)-1] != run[n-1] || peak != 1000 {
				t.Fatalf("%d points to %d: from %v to %v, peak %v", n, points, got[0], got[len(got)-1], peak)
			}
		}
	}
}

// TestCurvesHaveGaps: where nothing was measured there is no line, not a line at zero.
func TestCurvesHaveGaps(t *testing.T) {
	p := &panel{}
	c := curve{Step: time.Second, Values: []float64{1, 2, math.NaN(), 3, math.Inf(1), 4, 5, 6}}
	var lengths []int
	for _, run := range runs(c, p.drawable, 100) {
		lengths = append(lengths, len(run))
	}
	if len(lengths) != 3 || lengths[0] != 2 || lengths[1] != 1 || lengths[2] != 3 {
		t.Errorf("pieces of %v points, want 2, 1 and 3", lengths)
	}
}

// TestLimitsFarAway: a limit near the data is on the plot; one far above it is told in words, so that the data
// is not pressed flat.
func TestLimitsFarAway(t *testing.T) {
	near := &panel{Curves: []curve{{Values: []float64{10}}}, Limits: []limit{{15, "15"}}}
	if _, high := near.span(); high < 15 || near.Note != "" {
		t.Errorf("the axis ends at %v, below the limit of 15", high)
	}
	far := &panel{Curves: []curve{{Values: []float64{10}}}, Limits: []limit{{1000, "1 000"}}}
	if _, high := far.span(); high > 20 || far.Note == "" {
		t.Errorf("the axis ends at %v for data up to 10, and the caption says %q", high, far.Note)
	}
}

func TestUnits(t *testing.T) {
	for got, want := range map[string]string{
		seconds(ms(4100)):                "4.1 s",
		seconds(1500 * time.Microsecond): "2 ms",
		seconds(ms(125300)):              "125 s",
		seconds(-1):                      "not reached",
		moment(ms(92400)):                "+92.4 s",
		count(1234567):                   "1\u202f234\u202f567",
		count(-1234):                     "−1\u202f234",
		size(41 << 20):                   "41 MiB",
		quantity(0.0123, "fraction"):     "1.23 %",
		quantity(math.NaN(), "s"):        "not measured",
		quantity(math.Inf(1), "s"):       "not reached",
		prefixed(92400):                  "92.4k",
	} {
		if got != want {
			t.Errorf("written as %q, want %q", got, want)
		}
	}
	for text, want := range map[string]time.Duration{"10 s": 10 * time.Second, "3 min": 3 * time.Minute, "250ms": 250 * time.Millisecond} {
		if got, ok := readDuration(text); !ok || got != want {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	for _, text := range []string{"", "s", "true", "5 parsecs", "1.2.3 s"} {
		if got, ok := readDuration(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
