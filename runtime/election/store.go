package election

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Outcome is what is known of a write to HA data.
type Outcome string

// The outcomes of a write.
const (
	Written Outcome = "written"
	Refused Outcome = "refused"   // certainly not written: the key is there, or has moved on
	Deposed Outcome = "deposed"   // certainly not written: somebody else leads
	Failed  Outcome = "failed"    // certainly not written: the service was not there
	Unknown Outcome = "ambiguous" // written or not; it may even be written later
)

// Store is one actor's way to the HA data of its cluster, as the leader with one token. Under Kubernetes every
// write is compared with the leader record: a leader that has been replaced cannot write, whether it knows or
// not. Under ZooKeeper it can, and only "must not exist" and versions protect what is there.
type Store struct {
	svc     *service
	cluster string
	token   id.Token
	guarded bool
	memory  map[string]wire.Entry // without high availability; nil otherwise
	version uint64                // of the memory
	client  string
	wait    time.Duration
	pause   time.Duration
	tries   int
}

// NewStore returns the store of an actor. client names it in the history.
func NewStore(cfg config.Config, ha mailbox.Addr, token id.Token, client string) *Store {
	h := cfg.HighAvailability
	s := &Store{svc: newService(ha), cluster: h.ClusterID, token: token, client: client, wait: cfg.RPC.AskTimeout,
		pause: time.Second, tries: 4, guarded: h.Type == config.KubernetesHA}
	switch h.Type {
	case config.ZooKeeperHA:
		s.pause, s.tries = h.ZooKeeper.RetryWait, h.ZooKeeper.MaxRetryAttempts+1
	case config.NoHA:
		s.memory = map[string]wire.Entry{}
	}
	return s
}

// Handle takes an answer. mine is false for a message that is not for the store.
func (s *Store) Handle(env mailbox.Env, m mailbox.Msg) (mine bool) { return s.svc.handle(env, m) }

// write is one write under way.
type write struct {
	object string // its name in the history, or "": it is not noted
	key    string // in full
	call   string
	txn    wire.CoordTxn
	// settle reads back the key after a comparison failed: it says what that means, or "" to try again.
	settle func(e wire.Entry) Outcome
	done   func(env mailbox.Env, o Outcome, version uint64) // version: of the keys, when Written

	tries     int
	ambiguous bool
	asked     int64
}

// Create writes a key that must not exist. If it does exist with this very value, that was an earlier try
// whose answer was lost, and counts as Written. The version is for Remove.
func (s *Store) Create(env mailbox.Env, key string, value []byte, done func(env mailbox.Env, o Outcome, version uint64)) {
	key = s.full(key)
	s.start(env, &write{key: key, call: "put", txn: wire.CoordTxn{If: []wire.Compare{{Key: key}}, Writes: []wire.Write{{Key: key, Value: value}}},
		settle: func(e wire.Entry) Outcome {
			switch {
			case e.Version == 0:
				return ""
			case string(e.Value) == string(value):
				return Written
			}
			return Refused
		}, done: done})
}

// Put writes a key, whatever it holds.
func (s *Store) Put(env mailbox.Env, key string, value []byte, done func(mailbox.Env, Outcome)) {
	key = s.full(key)
	s.start(env, &write{key: key, call: "set", txn: wire.CoordTxn{Writes: []wire.Write{{Key: key, Value: value}}},
		settle: again, done: unversioned(done)})
}

// Advance writes a key that must still have a version. After an ambiguous outcome the caller reads again.
func (s *Store) Advance(env mailbox.Env, key string, version uint64, value []byte, done func(env mailbox.Env, o Outcome, version uint64)) {
	key = s.full(key)
	s.start(env, &write{key: key, call: "advance", txn: wire.CoordTxn{If: []wire.Compare{{Key: key, Version: version}},
		Writes: []wire.Write{{Key: key, Value: value}}},
		settle: func(e wire.Entry) Outcome {
			if e.Version == version {
				return ""
			}
			return Refused
		}, done: done})
}

// Adopt makes a key ours that a former leader wrote: afterwards it has another version, and the former leader
// cannot Remove it any more. This stands for the locks that ZooKeeper clients put below what they use. Where
// every write is guarded, or nobody else writes, there is nothing to do.
func (s *Store) Adopt(env mailbox.Env, e wire.Entry, done func(env mailbox.Env, o Outcome, version uint64)) {
	if s.guarded || s.memory != nil {
		done(env, Written, e.Version)
		return
	}
	s.Advance(env, e.Key, e.Version, e.Value, done)
}

// Remove deletes a key that must still have a version, or be gone already.
func (s *Store) Remove(env mailbox.Env, key string, version uint64, done func(mailbox.Env, Outcome)) {
	key = s.full(key)
	s.start(env, &write{key: key, call: "remove", txn: wire.CoordTxn{If: []wire.Compare{{Key: key, Version: version}},
		Writes: []wire.Write{{Key: key, Delete: true}}},
		settle: func(e wire.Entry) Outcome {
			switch e.Version {
			case 0:
				return Written
			case version:
				return ""
			}
			return Refused
		}, done: unversioned(done)})
}

func unversioned(done func(mailbox.Env, Outcome)) func(mailbox.Env, Outcome, uint64) {
	return func(env mailbox.Env, o Outcome, _ uint64) { done(env, o) }
}

// Delete deletes keys, all or none. Missing ones are no error.
func (s *Store) Delete(env mailbox.Env, keys []string, done func(mailbox.Env, Outcome)) {
	w := &write{call: "remove", settle: again, done: unversioned(done)}
	for _, k := range keys {
		w.key = s.full(k)
		w.txn.Writes = append(w.txn.Writes, wire.Write{Key: w.key, Delete: true})
	}
	s.start(env, w)
}

func again(wire.Entry) Outcome { return "" }

// List reads all keys with a prefix, sorted. Keys come without the cluster's prefix.
func (s *Store) List(env mailbox.Env, prefix string, done func(env mailbox.Env, entries []wire.Entry, err error)) {
	if s.memory != nil {
		done(env, s.remembered(prefix), nil)
		return
	}
	s.list(env, prefix, env.Now().UnixNano(), s.tries, done)
}

func (s *Store) list(env mailbox.Env, prefix string, asked int64, tries int, done func(mailbox.Env, []wire.Entry, error)) {
	s.svc.ask(env, s.wait, func(req uint64) mailbox.Msg { return wire.CoordGet{Req: req, Prefix: s.full(prefix)} },
		func(env mailbox.Env, answer mailbox.Msg) {
			m, ok := answer.(wire.CoordEntries)
			switch {
			case ok && m.Err == "":
				entries := make([]wire.Entry, len(m.Entries))
				for i, e := range m.Entries {
					entries[i] = e
					entries[i].Key = strings.TrimPrefix(e.Key, s.cluster+"/")
				}
				s.noteList(env, prefix, asked, entries)
				done(env, entries, nil)
			case tries > 1:
				s.svc.after(env, s.pause, func(env mailbox.Env) { s.list(env, prefix, asked, tries-1, done) })
			default:
				done(env, nil, fmt.Errorf("read %s* from the coordination service: no answer after %d tries; is it there?", s.full(prefix), s.tries))
			}
		})
}

func (s *Store) full(key string) string { return s.cluster + "/" + key }

func (s *Store) start(env mailbox.Env, w *write) {
	if s.memory != nil {
		o := s.remember(w.txn, w.settle)
		w.done(env, o, s.version)
		return
	}
	if strings.Contains(w.key, pointersFolder) && (w.call == "put" || w.call == "remove") {
		w.object = "pointers"
	}
	w.asked = env.Now().UnixNano()
	s.note(env, w, -1, false)
	s.try(env, w)
}

// try asks "am I still the holder?" and writes on that condition.
func (s *Store) try(env mailbox.Env, w *write) {
	w.tries++
	if !s.guarded {
		s.send(env, w, w.txn)
		return
	}
	guard := RecordKey(s.cluster)
	s.svc.get(env, s.wait, guard, func(env mailbox.Env, e wire.Entry, ok bool) {
		switch {
		case !ok:
			s.retry(env, w)
		case decode(e.Value).Token != s.token:
			s.finish(env, w, Deposed, 0)
		default:
			t := w.txn
			t.If = append([]wire.Compare{{Key: guard, Version: e.Version}}, w.txn.If...)
			s.send(env, w, t)
		}
	})
}

func (s *Store) send(env mailbox.Env, w *write, t wire.CoordTxn) {
	s.svc.txn(env, s.wait, t, func(env mailbox.Env, r result, version uint64) {
		switch r {
		case applied:
			s.finish(env, w, Written, version)
		case conflict:
			s.settle(env, w)
		default:
			w.ambiguous = w.ambiguous || r == unknown
			s.retry(env, w)
		}
	})
}

// settle finds out which comparison failed: that of the key, or that of the leader record.
func (s *Store) settle(env mailbox.Env, w *write) {
	s.svc.get(env, s.wait, w.key, func(env mailbox.Env, e wire.Entry, ok bool) {
		if ok {
			if o := w.settle(e); o != "" {
				s.finish(env, w, o, e.Version)
				return
			}
			if w.tries < s.tries {
				s.try(env, w) // the record was renewed in between: read it again
				return
			}
		}
		s.retry(env, w)
	})
}

// retry writes again after a pause. Every write is such that doing it twice is doing it once.
func (s *Store) retry(env mailbox.Env, w *write) {
	if w.tries < s.tries {
		s.svc.after(env, s.pause, func(env mailbox.Env) { s.try(env, w) })
		return
	}
	s.finish(env, w, Failed, 0)
}

func (s *Store) finish(env mailbox.Env, w *write, o Outcome, version uint64) {
	if w.ambiguous && o != Written && o != Refused {
		// What came of the last try says nothing of an earlier one without an answer.
		o = Unknown
	}
	if o != Unknown {
		s.note(env, w, env.Now().UnixNano(), o == Written)
	}
	w.done(env, o, version)
}

// note adds a write of a pointer to the history: once when it is sent, without a return, and again when its
// outcome is known.
func (s *Store) note(env mailbox.Env, w *write, returned int64, ok bool) {
	if w.object == "" {
		return
	}
	for _, t := range w.txn.Writes {
		key, input := pointer(strings.TrimPrefix(t.Key, s.cluster+"/"))
		env.Note(history.Operation{Object: w.object, Key: key, Client: s.client, Call: w.call, Input: input, OK: ok,
			Invoke: w.asked, Return: returned})
	}
}

func (s *Store) noteList(env mailbox.Env, prefix string, asked int64, entries []wire.Entry) {
	if !strings.HasSuffix(prefix, pointersFolder) {
		return
	}
	job, _ := pointer(prefix)
	ids := make([]string, len(entries))
	for i, e := range entries {
		_, ids[i] = pointer(e.Key)
	}
	env.Note(history.Operation{Object: "pointers", Key: job, Client: s.client, Call: "list", Output: strings.Join(ids, ","), OK: true,
		Invoke: asked, Return: env.Now().UnixNano()})
}

// The keys of a job's checkpoint pointers: "jobs/<job>/checkpoints/<19 digits>".
const pointersFolder = "/checkpoints/"

// PointerKey is where the pointer to a checkpoint is; numbers have 19 digits, so that they sort as numbers.
func PointerKey(job id.Job, n id.Checkpoint) string {
	return fmt.Sprintf("%s%019d", PointersPrefix(job), n)
}

// PointersPrefix is what the keys of all pointers of a job begin with.
func PointersPrefix(job id.Job) string { return "jobs/" + string(job) + pointersFolder }

// CounterKey is where a job's checkpoint id counter is.
func CounterKey(job id.Job) string { return "jobs/" + string(job) + "/checkpoint_id_counter" }

func pointer(key string) (job, number string) {
	job, number, _ = strings.Cut(strings.TrimPrefix(key, "jobs/"), pointersFolder)
	if n, err := strconv.ParseUint(number, 10, 64); err == nil {
		number = strconv.FormatUint(n, 10)
	}
	return job, number
}
