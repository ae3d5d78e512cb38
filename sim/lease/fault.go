package lease

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Operation is what a request does.
type Operation string

// The operations. A write of a lease is an acquisition, or a renewal if the same process wrote it last; so
// is a session request, as the session is new or not.
const (
	Acquire Operation = "acquire"
	Renew   Operation = "renew"
	Read    Operation = "read"
	Write   Operation = "write"
	Delete  Operation = "delete"
)

// leaseSuffix is how the key of a leader's lease ends.
const leaseSuffix = "/election/leader"

// Scope says which requests a fault meets. The zero Scope is all of them.
type Scope struct {
	Operations []Operation // none: all
	Prefix     string      // of a key; sessions have none
}

func (s *Service) classify(from mailbox.Addr, m mailbox.Msg) request {
	r := request{from: from, m: m, operation: Read}
	switch m := m.(type) {
	case wire.CoordGet:
		r.keys = []string{m.Prefix}
	case wire.CoordWatch:
		r.keys = []string{m.Prefix}
	case wire.CoordSession:
		r.operation = Acquire
		if s.sessions[m.Session] != nil {
			r.operation = Renew
		}
	case wire.CoordTxn:
		r.operation = Write
		for _, w := range m.Writes {
			r.keys = append(r.keys, w.Key)
			switch k := s.keys[w.Key]; {
			case w.Delete:
				r.operation = Delete
			case !strings.HasSuffix(w.Key, leaseSuffix):
			case k != nil && k.writer == from.Process():
				r.operation = Renew
			default:
				r.operation = Acquire
			}
		}
	}
	return r
}

// Mode is how an outage shows.
type Mode string

// The modes of an outage. In both the request has no effect.
const (
	Unavailable Mode = "unavailable" // an error at once
	Timeout     Mode = "timeout"     // silence
)

// rule is one fault under way. Only the fields of its kind are set.
type rule struct {
	kind    kind
	scope   Scope
	mode    Mode          // of an outage
	delay   time.Duration // of watches
	share   float64       // of the answers; 1: all
	bounded bool          // it ends by itself
	left    int           // after this many times
}

type kind uint8

const (
	out         kind = iota // requests are refused or not answered
	slowWatches             // watches are answered late
	lost                    // answers are lost
	misreported             // what was done is answered with "unavailable"
)

func (f *rule) meets(k kind, r request) bool {
	if f.kind != k || len(f.scope.Operations) > 0 && !slices.Contains(f.scope.Operations, r.operation) {
		return false
	}
	return f.scope.Prefix == "" || slices.ContainsFunc(r.keys, func(key string) bool { return strings.HasPrefix(key, f.scope.Prefix) })
}

// use says whether a fault of a kind hits an answer, and counts it.
func (s *Service) use(env mailbox.Env, k kind, r request) bool {
	for _, f := range s.rules {
		if !f.meets(k, r) || f.bounded && f.left <= 0 || f.share < 1 && env.Rand("ha.lost-answer").Float64() >= f.share {
			continue
		}
		f.left--
		s.hits++
		return true
	}
	return false
}

// outage returns the mode of the outage that a request meets, or "".
func (s *Service) outage(r request) Mode {
	for _, f := range s.rules {
		if f.meets(out, r) {
			s.hits++
			return f.mode
		}
	}
	return ""
}

// Hits returns how many requests a fault has met so far: refused, or not answered.
func (s *Service) Hits() uint64 { return s.hits }

func (s *Service) watchDelay() time.Duration {
	var most time.Duration
	for _, f := range s.rules {
		if f.kind == slowWatches {
			most = max(most, f.delay)
		}
	}
	return most
}

func (s *Service) add(f *rule) (end func()) {
	s.rules = append(s.rules, f)
	return func() {
		s.rules = slices.DeleteFunc(slices.Clone(s.rules), func(other *rule) bool { return other == f })
	}
}

// Outage makes requests fail without effect, from now on. While nobody can renew, no session expires.
func (s *Service) Outage(mode Mode, on Scope) (end func()) {
	return s.add(&rule{kind: out, mode: mode, scope: on})
}

// LoseAnswers loses a share of the answers, 1 being all: the requests take effect, and nobody hears of it.
func (s *Service) LoseAnswers(share float64, on Scope) (end func()) {
	return s.add(&rule{kind: lost, scope: on, share: share})
}

// LoseNextAnswers loses the next n answers.
func (s *Service) LoseNextAnswers(n int, on Scope) (end func()) {
	return s.add(&rule{kind: lost, scope: on, share: 1, bounded: true, left: n})
}

// MisreportNext lets the next n requests take effect and answers that the service is not available.
func (s *Service) MisreportNext(n int, on Scope) (end func()) {
	return s.add(&rule{kind: misreported, scope: on, share: 1, bounded: true, left: n})
}

// DelayWatches makes observers hear of changes so much later. What they hear is what was so at the change.
func (s *Service) DelayWatches(delay time.Duration) (end func()) {
	return s.add(&rule{kind: slowWatches, delay: delay})
}

// LoseLease takes its leadership from a process that lives on: its sessions expire, and the leases that it
// wrote last are deleted. It returns what was taken away.
func (s *Service) LoseLease(process string) (taken []string) {
	for _, name := range s.Sessions() {
		if s.sessions[name].owner == process {
			s.end(name)
			taken = append(taken, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.keys)) {
		if s.keys[name].writer == process && strings.HasSuffix(name, leaseSuffix) {
			s.version++
			s.remove(name)
			taken = append(taken, name)
		}
	}
	s.changed()
	return taken
}

// ExpireSession ends a session at once. It returns false for one that is not alive.
func (s *Service) ExpireSession(name string) bool {
	if s.sessions[name] == nil {
		return false
	}
	s.end(name)
	s.changed()
	return true
}

// changed is a change from outside, in which there is no Env to tell the watches with.
func (s *Service) changed() {
	if s.Wake != nil {
		s.Wake(changed{})
	}
}

// Heal ends every fault that lasts.
func (s *Service) Heal() { s.rules = nil }
