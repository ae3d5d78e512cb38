package blobs

import (
	"slices"
	"strings"
	"time"
)

// Scope says which requests a fault meets. The zero Scope is all of them.
type Scope struct {
	Operations []Operation // none: all
	Prefix     string      // of the object's path, or of the listing's prefix
}

// Mode is how an outage shows.
type Mode string

// The modes of an outage. In both the request has no effect.
const (
	Unavailable Mode = "unavailable" // an error at once, as HTTP 503
	Timeout     Mode = "timeout"     // silence
)

// rule is one fault under way. Only the fields of its kind are set.
type rule struct {
	scope   Scope
	mode    Mode          // Outage
	extra   time.Duration // Slow
	every   time.Duration // Throttle: one request in so long
	next    time.Time     // Throttle: when the next one may go
	limit   float64       // Limit: bytes a second
	lose    float64       // LoseAnswers: the share of answers
	partial bool          // PartialUpload
	bounded bool          // it ends by itself
	left    int           // after this many times
}

func (f *rule) meets(r request) bool {
	if len(f.scope.Operations) > 0 && !slices.Contains(f.scope.Operations, r.operation) {
		return false
	}
	return f.scope.Prefix == "" || slices.ContainsFunc(r.paths, func(p string) bool { return strings.HasPrefix(p, f.scope.Prefix) })
}

// use says whether a rule of the kind meets the request, and counts it.
func (s *Store) use(kind func(*rule) bool, r request) bool {
	for _, f := range s.rules {
		if !f.meets(r) || f.bounded && f.left <= 0 || !kind(f) {
			continue
		}
		f.left--
		s.hits++
		return true
	}
	return false
}

// Hits returns how many requests a fault has met so far: refused, not answered, or made to wait.
func (s *Store) Hits() uint64 { return s.hits }

func (s *Store) add(f *rule) (end func()) {
	s.rules = append(s.rules, f)
	return func() { s.drop(f) }
}

func (s *Store) drop(f *rule) {
	s.rules = slices.DeleteFunc(slices.Clone(s.rules), func(other *rule) bool { return other == f })
}

// bandwidth is what the line lets through now.
func (s *Store) bandwidth() float64 {
	rate := s.Bandwidth
	for _, f := range s.rules {
		if f.limit > 0 && (rate == 0 || f.limit < rate) {
			rate = f.limit
		}
	}
	return rate
}

// Outage makes requests fail without effect, from now on.
func (s *Store) Outage(mode Mode, on Scope) (end func()) { return s.add(&rule{scope: on, mode: mode}) }

// Throttle serves so many requests a second; the others wait for their turn.
func (s *Store) Throttle(requestsPerSecond float64, on Scope) (end func()) {
	return s.add(&rule{scope: on, every: max(time.Duration(float64(time.Second)/requestsPerSecond), 1)})
}

// Limit narrows the line to so many bytes a second.
func (s *Store) Limit(bytesPerSecond float64) (end func()) {
	return s.add(&rule{limit: bytesPerSecond})
}

// Slow makes every request take so much longer.
func (s *Store) Slow(extra time.Duration, on Scope) (end func()) {
	return s.add(&rule{scope: on, extra: extra})
}

// LoseAnswers loses a share of the answers, 1 being all: the requests take effect, and nobody hears of it.
func (s *Store) LoseAnswers(share float64, on Scope) (end func()) {
	return s.add(&rule{scope: on, lose: share})
}

// LoseNextAnswers loses the next n answers.
func (s *Store) LoseNextAnswers(n int, on Scope) (end func()) {
	return s.add(&rule{scope: on, lose: 1, bounded: true, left: n})
}

// PartialUpload breaks off the next n uploads of what begins with a prefix: their time passes, nothing of
// them is to be seen, and the answer is "incomplete".
func (s *Store) PartialUpload(n int, prefix string) (end func()) {
	return s.add(&rule{scope: Scope{Prefix: prefix}, partial: true, bounded: true, left: n})
}

// StaleListing makes listings go on saying what there is now.
func (s *Store) StaleListing() (end func()) {
	s.stale, s.lying = s.Paths(), true
	return func() { s.lying = false }
}

// Corrupt damages an object: a bit of the byte in its middle is turned. It returns false for one that is not
// there or empty.
func (s *Store) Corrupt(path string) bool {
	data := slices.Clone(s.objects[path])
	if len(data) == 0 {
		return false
	}
	data[len(data)/2] ^= 1
	s.objects[path] = data
	return true
}

// Delete loses an object. It returns false for one that is not there.
func (s *Store) Delete(path string) bool {
	_, found := s.objects[path]
	delete(s.objects, path)
	return found
}

// Heal ends every fault that lasts. What is damaged or lost stays so.
func (s *Store) Heal() { s.rules, s.lying = nil, false }
