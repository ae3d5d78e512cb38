package election

import (
	"maps"
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Without high availability, HA data lives as long as the actor that keeps it, and nobody else writes it.

func (s *Store) remember(t wire.CoordTxn, settle func(wire.Entry) Outcome) Outcome {
	for _, c := range t.If {
		if e := s.memory[c.Key]; e.Version != c.Version {
			return settle(e)
		}
	}
	s.version++
	for _, w := range t.Writes {
		if w.Delete {
			delete(s.memory, w.Key)
		} else {
			s.memory[w.Key] = wire.Entry{Key: w.Key, Value: w.Value, Version: s.version}
		}
	}
	return Written
}

func (s *Store) remembered(prefix string) []wire.Entry {
	var entries []wire.Entry
	for _, key := range slices.Sorted(maps.Keys(s.memory)) {
		if strings.HasPrefix(key, s.full(prefix)) {
			e := s.memory[key]
			e.Key = strings.TrimPrefix(key, s.cluster+"/")
			entries = append(entries, e)
		}
	}
	return entries
}

// Publish writes a key that others read, such as where a leader is: to the service even without high
// availability, since that is where TaskManagers look.
func (s *Store) Publish(env mailbox.Env, key string, value []byte, done func(mailbox.Env, Outcome)) {
	s.publish(env, &write{key: key, txn: wire.CoordTxn{Writes: []wire.Write{{Key: key, Value: value}}}, settle: again, done: unversioned(done)})
}

// Unpublish deletes it.
func (s *Store) Unpublish(env mailbox.Env, key string, done func(mailbox.Env, Outcome)) {
	s.publish(env, &write{key: key, txn: wire.CoordTxn{Writes: []wire.Write{{Key: key, Delete: true}}}, settle: again, done: unversioned(done)})
}

func (s *Store) publish(env mailbox.Env, w *write) {
	w.asked = env.Now().UnixNano()
	s.try(env, w)
}
