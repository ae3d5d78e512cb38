package measure

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/checker"
)

// The lag is looked at every so often, and must stay inside the band for so long to count as back.
const (
	lagStep  = 10 * time.Millisecond
	lagHold  = time.Second
	baseline = 30 * time.Second // before a fault, the time that says what is normal
)

// lag is how many source records were there and had not been through the job yet, at any time: through
// means that a first output was written, committed or not. So what is read again after a restore counts as
// lag only by holding up what is new.
type lag struct {
	appended, consumed []time.Duration // sorted
}

func lagOf(p *checker.Passage) lag {
	l := lag{appended: slices.Clone(p.Appended)}
	for _, at := range p.Consumed {
		if at != checker.Unknown {
			l.consumed = append(l.consumed, at)
		}
	}
	slices.Sort(l.appended)
	slices.Sort(l.consumed)
	return l
}

// at returns the lag at a time.
func (l lag) at(t time.Duration) int { return upTo(l.appended, t) - upTo(l.consumed, t) }

// upTo counts the times not after t.
func upTo(sorted []time.Duration, t time.Duration) int {
	n, _ := slices.BinarySearch(sorted, t+1)
	return n
}

// band is the lag that is normal between two times: nearly the largest there was, and a little more.
func (l lag) band(from, to time.Duration) int {
	from = max(from+(to-from)/2, to-baseline) // the first half may still be the end of a start or recovery
	var seen []int
	for t := from; t < to; t += lagStep {
		seen = append(seen, l.at(t))
	}
	if len(seen) == 0 {
		return 1
	}
	slices.Sort(seen)
	normal := seen[(len(seen)-1)*99/100]
	return normal + normal/10 + 1
}

// back returns the first time from one on at which the lag is inside the band to stay, or Unknown.
func (l lag) back(from, end time.Duration, band int) time.Duration {
	inside := checker.Unknown
	for t := from; t <= end; t += lagStep {
		switch {
		case l.at(t) > band:
			inside = checker.Unknown
		case inside == checker.Unknown:
			inside = t
		}
		if inside != checker.Unknown && t-inside >= lagHold {
			return inside
		}
	}
	return inside // inside at the end, if only just
}

// leaves returns the first time between two at which the lag is outside the band, or Unknown.
func (l lag) leaves(from, to time.Duration, band int) time.Duration {
	for t := from; t <= to; t += lagStep {
		if l.at(t) > band {
			return t
		}
	}
	return checker.Unknown
}
