package lease

import (
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// watch is a long poll that waits.
type watch struct {
	number  uint64
	request request
	prefix  string
	after   uint64
}

// waited is the end of a watch's patience.
type waited struct{ Watch uint64 }

func (waited) Word() string { return "coord-waited" }

// watch answers at once if there is news, and waits for it otherwise.
func (s *Service) watch(env mailbox.Env, r request, m wire.CoordWatch) {
	s.counted++
	w := &watch{number: s.counted, request: r, prefix: m.Prefix, after: m.After}
	if s.news(w) || m.Wait <= 0 {
		s.tell(env, w)
		return
	}
	s.watches = append(s.watches, w)
	env.After(m.Wait, waited{w.number})
}

// news says whether a key of the watch has changed or gone since the version that its asker knows.
func (s *Service) news(w *watch) bool {
	for name, k := range s.keys { // in any order: one is enough
		if k.Version > w.after && strings.HasPrefix(name, w.prefix) {
			return true
		}
	}
	for name, version := range s.gone { // in any order: one is enough
		if version > w.after && strings.HasPrefix(name, w.prefix) {
			return true
		}
	}
	return false
}

func (s *Service) tell(env mailbox.Env, w *watch) {
	s.answer(env, w.request, reply{entries: s.Entries(w.prefix), version: s.version})
}

// wake answers the watches for which there is news, first come, first served.
func (s *Service) wake(env mailbox.Env) {
	var waiting []*watch
	for _, w := range s.watches {
		if s.news(w) {
			s.tell(env, w)
		} else {
			waiting = append(waiting, w)
		}
	}
	s.watches = waiting
}

func (s *Service) waited(env mailbox.Env, number uint64) {
	i := slices.IndexFunc(s.watches, func(w *watch) bool { return w.number == number })
	if i >= 0 {
		w := s.watches[i]
		s.watches = slices.Delete(s.watches, i, i+1)
		s.tell(env, w)
	}
}
