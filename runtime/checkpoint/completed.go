package checkpoint

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Completed is a checkpoint that has a pointer. Pointer, handle file and metadata file lead to each other.
type Completed struct {
	Metadata snapshot.Metadata
	Handle   Handle
	path     string // of the handle file
	version  uint64 // of the pointer, as we wrote or adopted it
}

// Handle is what a handle file says: where the metadata is.
type Handle struct {
	Metadata string `json:"metadata"`
}

// pointer is what a pointer says: where the handle is.
type pointer struct {
	Handle string `json:"handle"`
}

func (h Handle) encode() []byte { return mustJSON(h) }

func (c Completed) pointer() []byte { return mustJSON(pointer{c.path}) }

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("checkpoint: encode %T: %v", v, err)) // plain fields: cannot happen
	}
	return data
}

var encMode = func() cbor.EncMode {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// encodeMetadata writes the _metadata file: equal metadata, equal bytes.
func encodeMetadata(m snapshot.Metadata) []byte {
	data, err := encMode.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("checkpoint %d: encode its metadata: %v", m.ID, err)) // plain fields: cannot happen
	}
	return data
}

// path is the folder of a checkpoint.
func (c *Coordinator) path(n id.Checkpoint) string { return fmt.Sprintf("%s/chk-%d", c.dir, n) }

func (c *Coordinator) metadataPath(n id.Checkpoint) string { return c.path(n) + "/_metadata" }

func (c *Coordinator) handlePath(n id.Checkpoint) string {
	return fmt.Sprintf("%s/completedCheckpoint-%d", c.haDir, n)
}

func (c *Coordinator) add(done Completed) {
	at, _ := slices.BinarySearchFunc(c.completed, done.Metadata.ID, func(e Completed, n id.Checkpoint) int { return cmp.Compare(e.Metadata.ID, n) })
	c.completed = slices.Insert(c.completed, at, done)
}

// subsume removes the oldest checkpoints beyond num-retained: the pointer first, and the files only when it
// is certainly gone. A pointer that stays for now is found again by the next JobManager.
func (c *Coordinator) subsume(env mailbox.Env) {
	for len(c.completed) > max(c.conf.NumRetained, 1) {
		old := c.completed[0]
		c.completed = c.completed[1:]
		n, by := old.Metadata.ID, c.latest()
		c.store.Remove(env, election.PointerKey(c.id, n), old.version, func(env mailbox.Env, o election.Outcome) {
			if o != election.Written {
				return
			}
			env.Note(history.CheckpointSubsumed{Job: c.id, Checkpoint: n, By: by})
			c.stats.discarded(n)
			files := []string{old.path, old.Handle.Metadata}
			for _, v := range old.Metadata.Vertices {
				for _, t := range v.Subtasks {
					files = append(files, filesOf(t)...)
				}
			}
			c.discard(env, files)
		})
	}
}

// Latest calls then with the newest checkpoint, or nil if there is none. It waits until every write of a
// pointer is decided. If it did not: (1) the write for checkpoint 5 is under way, (2) we restore 4, and the
// sinks abort the transactions of 5, (3) the pointer arrives and this JobManager dies, (4) the next one
// restores 5, whose transactions are gone.
func (c *Coordinator) Latest(env mailbox.Env, then func(env mailbox.Env, latest *snapshot.Metadata)) {
	c.waiting = append(c.waiting, then)
	c.decide(env)
}

// settlePause is between two tries to write a pointer whose fate must be known.
const settlePause = time.Second

type settle struct{}

func (settle) Word() string { return "checkpoint-settle" }

func (c *Coordinator) decide(env mailbox.Env) {
	if len(c.waiting) == 0 || c.settling || slices.ContainsFunc(c.pending, func(p *pending) bool { return p.phase == storingPointer }) {
		return
	}
	if len(c.undecided) > 0 {
		// Writing the same pointer again is the only way to know: afterwards it is there for certain.
		c.settling = true
		done := c.undecided[0]
		c.store.Create(env, election.PointerKey(c.id, done.Metadata.ID), done.pointer(), func(env mailbox.Env, o election.Outcome, version uint64) {
			switch o {
			case election.Written:
				done.version = version
				c.add(done)
				c.undecided = c.undecided[1:]
			case election.Refused:
				c.undecided = c.undecided[1:] // another checkpoint has that id: a bug of whoever wrote it, and not ours to delete
			default:
				env.After(settlePause, settle{})
				return
			}
			c.settling = false
			c.decide(env)
		})
		return
	}
	waiting := c.waiting
	c.waiting = nil
	for _, then := range waiting {
		if n := len(c.completed); n > 0 {
			then(env, &c.completed[n-1].Metadata)
		} else {
			then(env, nil)
		}
	}
}

// Recover reads all pointers and what they lead to. One that cannot be followed is an error: to skip it would
// be to restore older state than was announced.
func (c *Coordinator) Recover(env mailbox.Env, then func(env mailbox.Env, err error)) {
	c.store.List(env, election.PointersPrefix(c.id), func(env mailbox.Env, entries []wire.Entry, err error) {
		if err != nil {
			then(env, fmt.Errorf("recover the checkpoints of job %s: %w", c.id, err))
			return
		}
		c.follow(env, entries, then)
	})
}

func (c *Coordinator) follow(env mailbox.Env, entries []wire.Entry, then func(mailbox.Env, error)) {
	if len(entries) == 0 {
		if n := len(c.completed); n > 0 {
			c.failures.succeeded = c.completed[n-1].Metadata.ID
		}
		then(env, nil)
		return
	}
	key := entries[0].Key
	failed := func(env mailbox.Env, err error) {
		then(env, fmt.Errorf("recover the checkpoints of job %s: follow pointer %s: %w; bring the file back, or delete the pointer to give its checkpoint up", c.id, key, err))
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(key, election.PointersPrefix(c.id)), 10, 64)
	if err != nil {
		failed(env, err)
		return
	}
	var p pointer
	if err := json.Unmarshal(entries[0].Value, &p); err != nil {
		failed(env, err)
		return
	}
	c.blobs.Get(env, p.Handle, func(env mailbox.Env, data []byte, err error) {
		done := Completed{path: p.Handle}
		if err == nil {
			err = json.Unmarshal(data, &done.Handle)
		}
		if err != nil {
			failed(env, err)
			return
		}
		c.blobs.Get(env, done.Handle.Metadata, func(env mailbox.Env, data []byte, err error) {
			env.Work(mailbox.Serialize, len(data))
			if err == nil {
				err = cbor.Unmarshal(data, &done.Metadata)
			}
			if err == nil && done.Metadata.ID != id.Checkpoint(n) {
				err = fmt.Errorf("the metadata at %s is of checkpoint %d", done.Handle.Metadata, done.Metadata.ID)
			}
			if err != nil {
				failed(env, err)
				return
			}
			c.store.Adopt(env, entries[0], func(env mailbox.Env, o election.Outcome, version uint64) {
				if o != election.Written {
					failed(env, fmt.Errorf("the pointer could not be taken over from the former leader (%s)", o))
					return
				}
				done.version = version
				c.add(done)
				c.follow(env, entries[1:], then)
			})
		})
	})
}
