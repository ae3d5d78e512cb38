package reports

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// seconds writes a duration as a reader wants it: about three digits, and never a bare number.
func seconds(d time.Duration) string {
	s := d.Seconds()
	switch abs := math.Abs(s); {
	case d < 0:
		return "not reached"
	case d == 0:
		return "0 s"
	case abs < 0.001:
		return trim(s*1e6, 0) + " µs"
	case abs < 1:
		return trim(s*1e3, 0) + " ms"
	case abs < 100:
		return trim(s, 1) + " s"
	default:
		return trim(s, 0) + " s"
	}
}

// moment writes a true time of the run.
func moment(d time.Duration) string {
	return "+" + strconv.FormatFloat(d.Seconds(), 'f', decimals(d), 64) + " s"
}

// decimals shows milliseconds only where they are there to be seen.
func decimals(d time.Duration) int {
	if d%(100*time.Millisecond) == 0 {
		return 1
	}
	return 3
}

// count writes an integer with thin spaces between groups of three digits.
func count[T ~int | ~int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}

// size writes bytes with a binary prefix.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return trim(float64(n)/(1<<10), 1) + " KiB"
	case n < 1<<30:
		return trim(float64(n)/(1<<20), 1) + " MiB"
	default:
		return trim(float64(n)/(1<<30), 2) + " GiB"
	}
}

// quantity writes a value in its unit. Seconds choose their own prefix, big numbers are grouped.
func quantity(v float64, unit string) string {
	switch {
	case math.IsNaN(v):
		return "not measured"
	case math.IsInf(v, 0):
		return "not reached"
	case unit == "s" || unit == "seconds":
		return seconds(time.Duration(v * float64(time.Second)))
	case unit == "fraction":
		return trim(100*v, 2) + " %"
	case unit == "bytes":
		return size(int64(v))
	case unit == "%" || unit == "percent":
		return trim(v, 1) + " %"
	}
	s := trim(v, 3)
	if math.Abs(v) >= 1000 {
		s = count(int64(math.Round(v)))
	}
	if unit != "" {
		s += " " + unit
	}
	return s
}

// prefixed writes an axis label with an SI prefix.
func prefixed(v float64) string {
	switch abs := math.Abs(v); {
	case abs >= 1e9:
		return trim(v/1e9, 2) + "G"
	case abs >= 1e6:
		return trim(v/1e6, 2) + "M"
	case abs >= 1e4:
		return trim(v/1e3, 1) + "k"
	default:
		return trim(v, 3)
	}
}

// trim writes v with at most n decimals and no trailing zeros.
func trim(v float64, n int) string {
	s := strconv.FormatFloat(v, 'f', n, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// plural picks the noun for a number, and writes both.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// readDuration reads "10 s", "3 min", "250ms" as Flink writes durations.
func readDuration(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	digits := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if digits <= 0 {
		return 0, false
	}
	n, err := strconv.ParseFloat(s[:digits], 64)
	if err != nil {
		return 0, false
	}
	unit, ok := units[strings.ToLower(strings.TrimSpace(s[digits:]))]
	return time.Duration(n * float64(unit)), ok
}

var units = map[string]time.Duration{
	"ms": time.Millisecond, "milli": time.Millisecond, "millis": time.Millisecond,
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
}

// when and took are cells that sort by time and show it.
func when(d time.Duration) cell {
	return cell{Text: "+" + strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + " s", Sort: strconv.FormatInt(int64(d), 10)}
}
func took(d time.Duration) cell { return cell{Text: seconds(d), Sort: strconv.FormatInt(int64(d), 10)} }

var numberAndUnit = regexp.MustCompile(`(\d) (s|ms|µs|B|KiB|MiB|GiB|records)\b`)

// together keeps a number and its unit on one line of a page.
func together(s string) string { return numberAndUnit.ReplaceAllString(s, "$1\u00a0$2") }

// spaced has ordinary spaces where pages have thin ones, for terminals and for files that people search.
func spaced(s string) string { return strings.ReplaceAll(s, "\u202f", " ") }
