package lease

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Costs says what requests cost in time. The zero Costs is a service that answers at once.
type Costs struct {
	Latency time.Duration // of a request, at least
	Jitter  time.Duration // and up to this much more
}

// Etcd has the orders of magnitude of a small cluster with solid-state disks.
var Etcd = Costs{Latency: 2 * time.Millisecond, Jitter: 3 * time.Millisecond}

// Service is the coordination service. Between two events it may be looked at and its fields set.
type Service struct {
	Costs
	// Wake mails a message to the service itself. Without it, watches hear of what LoseLease and
	// ExpireSession did only with the next write.
	Wake     func(mailbox.Msg)
	version  uint64
	keys     map[string]*key
	gone     map[string]uint64 // deleted keys, with the version of their deletion
	sessions map[string]*session
	ended    map[string]bool // sessions, for ever
	watches  []*watch        // in the order in which they came
	counted  uint64          // numbers watches
	busy     time.Time       // when everything that has come will have taken effect
	rules    []*rule
	hits     uint64
}

type key struct {
	wire.Entry
	writer string // the process that wrote it last
}

// New returns an empty service with the costs of etcd.
func New() *Service {
	return &Service{Costs: Etcd, keys: map[string]*key{}, gone: map[string]uint64{}, sessions: map[string]*session{}, ended: map[string]bool{}}
}

// request is a request on its way through the service.
type request struct {
	from      mailbox.Addr
	m         mailbox.Msg
	operation Operation
	keys      []string
}

// reply is what the service has to say to a request.
type reply struct {
	entries []wire.Entry
	version uint64
	err     string
}

// due is the end of a request's wait; late is the end of a delay of an answer; changed comes after a change
// from outside.
type (
	changed struct{}
	due     struct{ request }
	late    struct {
		to mailbox.Addr
		m  mailbox.Msg
	}
)

func (changed) Word() string { return "coord-changed" }
func (due) Word() string     { return "coord-due" }
func (late) Word() string    { return "coord-late" }

// Receive implements mailbox.Actor.
func (s *Service) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		s.start(env)
	case wire.CoordTxn, wire.CoordGet, wire.CoordWatch, wire.CoordSession:
		s.accept(env, s.classify(from, m))
	case due:
		s.perform(env, m.request)
	case silence:
		s.expireIfSilent(env, m.Session)
	case waited:
		s.waited(env, m.Watch)
	case late:
		env.Send(m.to, m.m)
	case changed:
		s.wake(env)
	case mailbox.Undeliverable, mailbox.Disconnected:
		// An asker that has gone does not hear its answer.
	default:
		return fmt.Errorf("coordination service: no handler for %q from %s", m.Word(), from)
	}
	return nil
}

// accept queues a request behind those that came before it.
func (s *Service) accept(env mailbox.Env, r request) {
	switch s.outage(r) {
	case Timeout:
		return
	case Unavailable:
		s.answer(env, r, reply{err: "unavailable"})
		return
	}
	now := env.Now()
	takes := s.Latency
	if s.Jitter > 0 {
		takes += time.Duration(env.Rand("ha.latency").Int64N(int64(s.Jitter)))
	}
	if at := now.Add(takes); at.After(s.busy) {
		s.busy = at
	}
	if s.busy.After(now) {
		env.After(s.busy.Sub(now), due{r})
		return
	}
	s.perform(env, r)
}

// perform lets a request take effect.
func (s *Service) perform(env mailbox.Env, r request) {
	switch m := r.m.(type) {
	case wire.CoordTxn:
		s.transact(env, r, m)
	case wire.CoordGet:
		entries := s.Entries(m.Prefix)
		if m.Exact {
			entries = slices.DeleteFunc(entries, func(e wire.Entry) bool { return e.Key != m.Prefix })
		}
		s.answer(env, r, reply{entries: entries, version: s.version})
	case wire.CoordWatch:
		s.watch(env, r, m)
	case wire.CoordSession:
		s.answer(env, r, reply{err: s.keepAlive(env, r.from, m)})
	}
}

// transact applies a transaction whole, or not at all. Those who watch hear of it after its author.
func (s *Service) transact(env mailbox.Env, r request, t wire.CoordTxn) {
	for _, c := range t.If {
		var version uint64
		if k := s.keys[c.Key]; k != nil {
			version = k.Version
		}
		if version != c.Version {
			s.answer(env, r, reply{err: "conflict"})
			return
		}
	}
	for _, w := range t.Writes {
		if w.Session != "" && !w.Delete && s.sessions[w.Session] == nil {
			s.answer(env, r, reply{err: "session-expired"})
			return
		}
	}
	if slices.ContainsFunc(t.Writes, s.changes) {
		s.version++
	}
	for _, w := range t.Writes {
		if w.Delete {
			s.remove(w.Key)
			continue
		}
		s.keys[w.Key] = &key{wire.Entry{Key: w.Key, Value: w.Value, Version: s.version, Session: w.Session}, r.from.Process()}
		s.touch(env, w.Session)
	}
	s.answer(env, r, reply{version: s.version})
	s.wake(env)
}

// changes says whether a write does anything: to delete what is not there does not.
func (s *Service) changes(w wire.Write) bool { return !w.Delete || s.keys[w.Key] != nil }

// remove deletes a key, as part of the present version.
func (s *Service) remove(name string) {
	if s.keys[name] != nil {
		delete(s.keys, name)
		s.gone[name] = s.version
	}
}

// answer answers a request, unless a fault is in the way.
func (s *Service) answer(env mailbox.Env, r request, a reply) {
	if s.use(env, lost, r) {
		return
	}
	if s.use(env, misreported, r) {
		a = reply{err: "unavailable"}
	}
	switch m := r.m.(type) {
	case wire.CoordTxn:
		env.Send(r.from, wire.CoordTxnDone{Req: m.Req, Version: a.version, Err: a.err})
	case wire.CoordGet:
		env.Send(r.from, wire.CoordEntries{Req: m.Req, Entries: a.entries, Version: a.version, Err: a.err})
	case wire.CoordSession:
		env.Send(r.from, wire.CoordSessionAlive{Req: m.Req, Session: m.Session, Err: a.err})
	case wire.CoordWatch:
		entries := wire.CoordEntries{Req: m.Req, Entries: a.entries, Version: a.version, Err: a.err}
		if s.watchDelay() > 0 {
			env.After(s.watchDelay(), late{r.from, entries})
			return
		}
		env.Send(r.from, entries)
	}
}

// Entries lists the keys with a prefix as they are, sorted.
func (s *Service) Entries(prefix string) []wire.Entry {
	var entries []wire.Entry
	for _, name := range slices.Sorted(maps.Keys(s.keys)) {
		if strings.HasPrefix(name, prefix) {
			entries = append(entries, s.keys[name].Entry)
		}
	}
	return entries
}

// Sessions lists the sessions that are alive, sorted.
func (s *Service) Sessions() []string { return slices.Sorted(maps.Keys(s.sessions)) }

// Version is that of the last write.
func (s *Service) Version() uint64 { return s.version }
