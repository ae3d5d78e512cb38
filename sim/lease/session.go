package lease

import (
	"maps"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// session is alive until its deadline, which every sign of life moves. There is one timer per session,
// armed anew when it goes off early.
type session struct {
	owner    string // the process
	timeout  time.Duration
	deadline time.Time
}

// silence is a session's timer.
type silence struct{ Session string }

func (silence) Word() string { return "coord-silence" }

// start begins a life of the process: watches are gone, and every session has its whole timeout again.
func (s *Service) start(env mailbox.Env) {
	s.watches, s.busy = nil, env.Now()
	for _, name := range s.Sessions() {
		s.touch(env, name)
		env.After(s.sessions[name].timeout, silence{name})
	}
}

// keepAlive opens a session, keeps it alive, or closes it. It returns why it could not.
func (s *Service) keepAlive(env mailbox.Env, from mailbox.Addr, m wire.CoordSession) (failed string) {
	switch {
	case s.ended[m.Session]:
		return "session-expired"
	case m.Close:
		s.end(m.Session)
		s.wake(env)
	case s.sessions[m.Session] == nil:
		s.sessions[m.Session] = &session{owner: from.Process(), timeout: m.Timeout, deadline: env.Now().Add(m.Timeout)}
		env.After(m.Timeout, silence{m.Session})
	default:
		s.touch(env, m.Session)
	}
	return ""
}

// touch is a sign of life.
func (s *Service) touch(env mailbox.Env, name string) {
	if live := s.sessions[name]; live != nil {
		live.deadline = env.Now().Add(live.timeout)
	}
}

// expireIfSilent ends a session whose time is over. While nobody can give a sign of life, no time passes for
// sessions: they get it back whole.
func (s *Service) expireIfSilent(env mailbox.Env, name string) {
	live := s.sessions[name]
	if live == nil {
		return
	}
	if s.outage(request{operation: Renew}) != "" {
		s.touch(env, name)
	}
	if left := live.deadline.Sub(env.Now()); left > 0 {
		env.After(left, silence{name})
		return
	}
	s.end(name)
	s.wake(env)
}

// end ends a session. Its ephemeral keys go with it, all in one version.
func (s *Service) end(name string) {
	delete(s.sessions, name)
	s.ended[name] = true
	first := true
	for _, k := range slices.Sorted(maps.Keys(s.keys)) {
		if s.keys[k].Session != name {
			continue
		}
		if first {
			s.version++
			first = false
		}
		s.remove(k)
	}
}
