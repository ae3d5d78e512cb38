package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// Seeds is a range of seeds, both ends included.
type Seeds struct{ First, Last uint64 }

const seedsMax = 1_000_000

// ParseSeeds reads "1..20", or "7" for one seed.
func ParseSeeds(text string) (Seeds, error) {
	first, last, ranged := strings.Cut(strings.TrimSpace(text), "..")
	if !ranged {
		last = first
	}
	a, err1 := strconv.ParseUint(strings.TrimSpace(first), 10, 64)
	b, err2 := strconv.ParseUint(strings.TrimSpace(last), 10, 64)
	switch {
	case err1 != nil || err2 != nil:
		return Seeds{}, fmt.Errorf("%q is not a range of seeds: write the first and the last, for example 1..20", text)
	case b < a:
		return Seeds{}, fmt.Errorf("the seeds %s run backwards: write %d..%d", text, b, a)
	case b-a >= seedsMax:
		return Seeds{}, fmt.Errorf("the seeds %s are more than %d", text, seedsMax)
	}
	return Seeds{a, b}, nil
}

// All lists the seeds.
func (s Seeds) All() []uint64 {
	all := make([]uint64, 0, s.Last-s.First+1)
	for n := s.First; ; n++ {
		all = append(all, n)
		if n == s.Last {
			return all
		}
	}
}

func (s Seeds) String() string { return fmt.Sprintf("%d..%d", s.First, s.Last) }

// MarshalText writes the range.
func (s Seeds) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads it.
func (s *Seeds) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeeds(string(text))
	return err
}
