package scenario

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// Amount is a number or a time span.
type Amount struct {
	Value float64 // seconds for a time span
	Span  bool
}

// ParseAmount reads "60s", "0.95", "95%" or "100000".
func ParseAmount(text string) (Amount, error) {
	share, percent := strings.CutSuffix(text, "%")
	if n, err := strconv.ParseFloat(share, 64); err == nil && n >= -1e15 && n <= 1e15 {
		if percent {
			n /= 100
		}
		return Amount{Value: n}, nil
	}
	d, err := fault.ParseDuration(text)
	if err != nil {
		return Amount{}, fmt.Errorf("%q is neither a number nor a duration such as \"30s\"", text)
	}
	return Amount{Value: time.Duration(d).Seconds(), Span: true}, nil
}

func (a Amount) String() string {
	if a.Span {
		return Duration(time.Duration(a.Value * float64(time.Second)).Round(time.Nanosecond)).String()
	}
	return strconv.FormatFloat(a.Value, 'f', -1, 64)
}

// MarshalJSON writes a number or a text.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.Span {
		return json.Marshal(a.String())
	}
	return json.Marshal(a.Value)
}

// UnmarshalJSON reads either.
func (a *Amount) UnmarshalJSON(data []byte) (err error) {
	text := string(data)
	if len(data) > 0 && data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	*a, err = ParseAmount(text)
	return err
}
