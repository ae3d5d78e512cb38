package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span in a scenario file. It reads Flink's syntax ("10 s", "1 min", "500ms") and Go's
// ("1m30s"), and is written in Go's.
type Duration time.Duration

// units are Flink's labels (TimeUtils), longest first where one begins another.
var units = []struct {
	labels []string
	unit   time.Duration
}{
	{[]string{"d", "day", "days"}, 24 * time.Hour},
	{[]string{"h", "hour", "hours"}, time.Hour},
	{[]string{"min", "m", "minute", "minutes"}, time.Minute},
	{[]string{"s", "sec", "secs", "second", "seconds"}, time.Second},
	{[]string{"ms", "milli", "millis", "millisecond", "milliseconds"}, time.Millisecond},
	{[]string{"µs", "us", "micro", "micros", "microsecond", "microseconds"}, time.Microsecond},
	{[]string{"ns", "nano", "nanos", "nanosecond", "nanoseconds"}, time.Nanosecond},
}

const aDuration = `write for example "30s", "500ms", "1 min" or "1m30s"`

// ParseDuration reads a time span. A bare number other than 0 has no meaning here: it needs a unit.
func ParseDuration(s string) (Duration, error) {
	rest := strings.TrimSpace(s)
	if rest == "" {
		return 0, fmt.Errorf("an empty text is not a duration: %s", aDuration)
	}
	if rest == "0" {
		return 0, nil
	}
	var total float64
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n == 0 {
			return 0, fmt.Errorf("%q is not a duration: %s", s, aDuration)
		}
		if n < 0 {
			return 0, fmt.Errorf("duration %q has no unit: %s", s, aDuration)
		}
		amount, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration: %s", s, aDuration)
		}
		rest = strings.TrimLeft(rest[n:], " ")
		n = strings.IndexAny(rest, "0123456789. ")
		if n < 0 {
			n = len(rest)
		}
		unit := unitOf(rest[:n])
		if unit == 0 {
			return 0, fmt.Errorf("duration %q has the unknown unit %q: %s", s, rest[:n], aDuration)
		}
		total += amount * float64(unit)
		rest = strings.TrimLeft(rest[n:], " ")
	}
	if total > float64(1<<62) {
		return 0, fmt.Errorf("duration %q is longer than 146 years", s)
	}
	return Duration(total + 0.5), nil
}

func unitOf(label string) time.Duration {
	for _, u := range units {
		for _, l := range u.labels {
			if l == label {
				return u.unit
			}
		}
	}
	return 0
}

// String writes the span as a person would: "2m", not "2m0s".
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// MarshalText writes a duration into JSON and YAML.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads one.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	*d = v
	return err
}
