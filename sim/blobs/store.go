package blobs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Costs says what requests cost in time. The zero Costs is a store that answers at once.
type Costs struct {
	Latency   time.Duration // from a request to its effect, at least
	Jitter    time.Duration // and up to this much more
	Bandwidth float64       // bytes a second that all requests share; 0: no limit
}

// S3 has the orders of magnitude of a bucket in the same region.
var S3 = Costs{Latency: 20 * time.Millisecond, Jitter: 15 * time.Millisecond, Bandwidth: 1e9}

// Store is the store. Between two events its contents may be looked at and its fields set.
type Store struct {
	Costs
	objects map[string][]byte
	rules   []*rule
	hits    uint64
	stale   []string  // what listings say instead of the truth, while lying
	lying   bool      // listings are stale
	free    time.Time // when the line is free for the next byte
}

// New returns an empty store with the costs of S3.
func New() *Store { return &Store{Costs: S3, objects: map[string][]byte{}} }

// Operation is what a request does.
type Operation string

// The operations.
const (
	Put    Operation = "PUT"
	Get    Operation = "GET"
	Delete Operation = "DELETE"
	List   Operation = "LIST"
)

// request is a request on its way through the store.
type request struct {
	from      mailbox.Addr
	m         mailbox.Msg
	operation Operation
	paths     []string
	bytes     int // over the line
}

// due is the end of a request's wait.
type due struct{ request }

func (due) Word() string { return "blob-due" }

// Receive implements mailbox.Actor.
func (s *Store) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case wire.BlobPut:
		s.accept(env, request{from, m, Put, []string{m.Path}, len(m.Data)})
	case wire.BlobGet:
		s.accept(env, request{from, m, Get, []string{m.Path}, len(s.objects[m.Path])})
	case wire.BlobDelete:
		s.accept(env, request{from, m, Delete, m.Paths, 0})
	case wire.BlobList:
		s.accept(env, request{from, m, List, []string{m.Prefix}, 0})
	case due:
		s.perform(env, m.request)
	case mailbox.Started, mailbox.Undeliverable, mailbox.Disconnected:
		// An asker that has gone does not hear its answer.
	default:
		return fmt.Errorf("object store: no handler for %q from %s", m.Word(), from)
	}
	return nil
}

// accept decides what becomes of a request, and how long that takes.
func (s *Store) accept(env mailbox.Env, r request) {
	now := env.Now()
	wait := s.Latency
	if s.Jitter > 0 {
		wait += time.Duration(env.Rand("objectstore.latency").Int64N(int64(s.Jitter)))
	}
	for _, rule := range s.rules {
		if !rule.meets(r) {
			continue
		}
		switch {
		case rule.mode == Timeout:
			s.hits++
			return
		case rule.mode == Unavailable:
			s.hits++
			s.answer(env, r, nil, nil, "unavailable")
			return
		case rule.every > 0:
			start := later(now, rule.next)
			rule.next = start.Add(rule.every)
			if start.After(now) {
				s.hits++
			}
			wait += start.Sub(now)
		case rule.extra > 0:
			s.hits++
			wait += rule.extra
		}
	}
	if rate := s.bandwidth(); rate > 0 && r.bytes > 0 {
		s.free = later(now, s.free).Add(time.Duration(float64(r.bytes) / rate * float64(time.Second)))
		wait += s.free.Sub(now)
	}
	if wait <= 0 {
		s.perform(env, r)
		return
	}
	env.After(wait, due{r})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// perform lets a request take effect.
func (s *Store) perform(env mailbox.Env, r request) {
	switch m := r.m.(type) {
	case wire.BlobPut:
		if s.use(func(rule *rule) bool { return rule.partial }, r) {
			s.answer(env, r, nil, nil, "incomplete")
			return
		}
		s.objects[m.Path] = m.Data
		s.answer(env, r, nil, nil, "")
	case wire.BlobGet:
		data, found := s.objects[m.Path]
		failed := ""
		if !found {
			failed = "not-found"
		}
		s.answer(env, r, data, nil, failed)
	case wire.BlobDelete:
		for _, path := range m.Paths {
			delete(s.objects, path)
		}
		s.answer(env, r, nil, nil, "")
	case wire.BlobList:
		paths := s.Paths()
		if s.lying {
			paths = s.stale
		}
		var found []string
		for _, path := range paths {
			if strings.HasPrefix(path, m.Prefix) {
				found = append(found, path)
			}
		}
		s.answer(env, r, nil, found, "")
	}
}

// answer answers a request, unless the answer is lost.
func (s *Store) answer(env mailbox.Env, r request, data []byte, paths []string, failed string) {
	if s.use(func(rule *rule) bool {
		return rule.lose > 0 && (rule.lose >= 1 || env.Rand("objectstore.lost-answer").Float64() < rule.lose)
	}, r) {
		return
	}
	switch m := r.m.(type) {
	case wire.BlobPut:
		env.Send(r.from, wire.BlobDone{Req: m.Req, Err: failed})
	case wire.BlobGet:
		env.Send(r.from, wire.BlobData{Req: m.Req, Path: m.Path, Data: data, Err: failed})
	case wire.BlobDelete:
		env.Send(r.from, wire.BlobDone{Req: m.Req, Err: failed})
	case wire.BlobList:
		env.Send(r.from, wire.BlobPaths{Req: m.Req, Paths: paths, Err: failed})
	}
}

// Paths lists every object, sorted.
func (s *Store) Paths() []string { return slices.Sorted(maps.Keys(s.objects)) }

// Write puts an object there at once, from outside of the simulation.
func (s *Store) Write(path string, data []byte) { s.objects[path] = data }

// Object returns an object's bytes, which must not be changed.
func (s *Store) Object(path string) (data []byte, found bool) {
	data, found = s.objects[path]
	return data, found
}

// Bytes is how many bytes all the objects have.
func (s *Store) Bytes() int64 {
	var n int64
	for _, data := range s.objects { // in any order: a sum
		n += int64(len(data))
	}
	return n
}
