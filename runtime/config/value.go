package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A kind is the type of a key's value: what it is called, and how to read it. The reader says what was
// expected in its error; the caller says which key and value.
type kind struct {
	name   string
	values []string // of an enum
	read   func(c *Config, text string) error
}

// parse builds the reader of a kind from a parser and the field that it fills.
func parse[T any](field func(*Config) *T, parser func(string) (T, error)) func(*Config, string) error {
	return func(c *Config, text string) error {
		v, err := parser(text)
		if err == nil && field != nil {
			*field(c) = v
		}
		return err
	}
}

func duration(field func(*Config) *time.Duration) kind {
	return kind{name: "duration", read: parse(field, ParseDuration)}
}

func memory(field func(*Config) *int64) kind {
	return kind{name: "memory size", read: parse(field, ParseMemory)}
}

func text(field func(*Config) *string) kind {
	return kind{name: "string", read: parse(field, func(s string) (string, error) { return s, nil })}
}

func boolean(field func(*Config) *bool) kind {
	return kind{name: "boolean", read: parse(field, func(s string) (bool, error) {
		switch strings.ToLower(s) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return false, errors.New("it must be true or false")
	})}
}

// integer reads a whole number in [low, high].
func integer(low, high int, field func(*Config) *int) kind {
	return kind{name: "integer", read: parse(field, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil:
			return 0, errors.New("it must be a whole number")
		case n < low || n > high:
			return 0, fmt.Errorf("it must be %s", span(low, high))
		}
		return n, nil
	})}
}

// count is a whole number from 1 on, or "infinite".
func count(field func(*Config) *int) kind {
	whole := integer(1, math.MaxInt32, field)
	return kind{name: "integer", read: func(c *Config, s string) error {
		if strings.EqualFold(s, "infinite") {
			s = strconv.Itoa(math.MaxInt32)
		}
		return whole.read(c, s)
	}}
}

func span(low, high int) string {
	if high == math.MaxInt32 {
		return fmt.Sprintf("at least %d", low)
	}
	return fmt.Sprintf("between %d and %d", low, high)
}

// double reads a number in [low, high].
func double(low, high float64, field func(*Config) *float64) kind {
	return kind{name: "double", read: parse(field, func(s string) (float64, error) {
		x, err := strconv.ParseFloat(s, 64)
		switch {
		case err != nil:
			return 0, errors.New("it must be a number")
		case !(x >= low && x <= high):
			if math.IsInf(high, 1) {
				return 0, fmt.Errorf("it must be at least %g", low)
			}
			return 0, fmt.Errorf("it must be between %g and %g", low, high)
		}
		return x, nil
	})}
}

// millis reads a bare number of milliseconds, which may be negative: connector options have no units.
func millis(field func(*Config) *time.Duration) kind {
	return kind{name: "milliseconds", read: parse(field, func(s string) (time.Duration, error) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > math.MaxInt64/int64(time.Millisecond) || n < math.MinInt64/int64(time.Millisecond) {
			return 0, errors.New("it must be a whole number of milliseconds, without a unit")
		}
		return time.Duration(n) * time.Millisecond, nil
	})}
}

// enum reads one of a few words, whatever its case. Other spellings that Flink accepts follow a word after
// "=": "none=off" reads "off" as none.
func enum[T ~string](field func(*Config) *T, words ...string) kind {
	var values []string
	spellings := map[string]T{}
	for _, w := range words {
		names := strings.Split(w, "=")
		values = append(values, names[0])
		for _, n := range names {
			spellings[strings.ToLower(n)] = T(names[0])
		}
	}
	return kind{name: "enum", values: values, read: parse(field, func(s string) (T, error) {
		if v, ok := spellings[strings.ToLower(s)]; ok {
			return v, nil
		}
		if near := nearest(s, values); near != "" {
			return "", fmt.Errorf("did you mean %q?", near)
		}
		return "", fmt.Errorf("it must be one of %s", strings.Join(values, ", "))
	})}
}

var durationUnits = units[time.Duration](map[time.Duration]string{
	24 * time.Hour:   "d day days",
	time.Hour:        "h hour hours",
	time.Minute:      "min m minute minutes",
	time.Second:      "s sec secs second seconds",
	time.Millisecond: "ms milli millis millisecond milliseconds",
	time.Microsecond: "µs micro micros microsecond microseconds",
	time.Nanosecond:  "ns nano nanos nanosecond nanoseconds",
})

var memoryUnits = units[int64](map[int64]string{
	1:       "b bytes",
	1 << 10: "k kb kibibytes",
	1 << 20: "m mb mebibytes",
	1 << 30: "g gb gibibytes",
	1 << 40: "t tb tebibytes",
})

func units[T ~int64](labels map[T]string) map[string]T {
	byLabel := map[string]T{}
	for unit, names := range labels { // in any order: no label stands twice
		for _, name := range strings.Fields(names) {
			byLabel[name] = unit
		}
	}
	return byLabel
}

// ParseDuration reads a duration as Flink writes it: "10 s", "500ms", "1 min", "PT1M30S". A number without a
// unit is in milliseconds.
func ParseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "P") || strings.HasPrefix(s, "p") {
		return parseISO(s)
	}
	return quantity(s, time.Millisecond, durationUnits, "10 s, 1 min or 500 ms")
}

// ParseMemory reads a number of bytes as Flink writes it: "20 kb", "32mb", "1024". Units are powers of 1024.
func ParseMemory(s string) (int64, error) {
	return quantity(strings.TrimSpace(s), 1, memoryUnits, "20 kb, 32 mb or 1 gb")
}

// quantity reads a whole number and its unit.
func quantity[T ~int64](s string, bare T, units map[string]T, examples string) (T, error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return 0, fmt.Errorf("it must start with a number and end with a unit, as in %s", examples)
	}
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if err != nil {
		return 0, errors.New("the number is too large")
	}
	unit, label := bare, strings.ToLower(strings.TrimSpace(s[digits:]))
	if label != "" {
		var known bool
		unit, known = units[label]
		switch {
		case strings.HasPrefix(label, ".") || strings.HasPrefix(label, ","):
			return 0, errors.New("the number must be whole; use a smaller unit")
		case !known:
			return 0, fmt.Errorf("%q is not a unit; write it as in %s", label, examples)
		}
	}
	if n > math.MaxInt64/int64(unit) {
		return 0, errors.New("it is too large")
	}
	return T(n) * unit, nil
}

var iso = regexp.MustCompile(`(?i)^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$`)

func parseISO(s string) (time.Duration, error) {
	m := iso.FindStringSubmatch(s)
	if m == nil || strings.Join(m[1:], "") == "" || strings.HasSuffix(strings.ToUpper(s), "T") {
		return 0, errors.New("it is not an ISO 8601 duration, such as PT10S or PT1M30S")
	}
	fraction := ""
	if m[5] != "" {
		fraction = (m[5] + "00000000")[:9]
	}
	total := time.Duration(0)
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second, time.Nanosecond} {
		part := m[i+1]
		if i == 4 {
			part = fraction
		}
		if part == "" {
			continue
		}
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n > (math.MaxInt64-int64(total))/int64(unit) {
			return 0, errors.New("it is too large")
		}
		total += time.Duration(n) * unit
	}
	return total, nil
}
