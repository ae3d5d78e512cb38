package connector

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// Line is one record in a file, as JSON.
type Line struct {
	Key       string `json:"key"`
	Value     int64  `json:"value"`
	Count     int64  `json:"count"`
	Time      int64  `json:"time"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// AppendLine appends one record with its newline.
func AppendLine(data []byte, r record.Record, origin record.Origin) []byte {
	line, err := json.Marshal(Line{string(r.Key), r.Value, r.Count, int64(r.Time), origin.Partition, origin.Offset})
	if err != nil {
		panic(fmt.Sprintf("connector: encode a record: %v", err)) // plain fields: cannot happen
	}
	return append(append(data, line...), '\n')
}

// part is a file that was pre-committed under a name that readers do not look at.
type part struct {
	Checkpoint id.Checkpoint
	Pending    string
	Final      string
}

// fileSink writes a part file per subtask and checkpoint. Exactly-once writes it under a pending name before
// the barrier and gives it its final name, which depends on nothing but subtask and checkpoint, when the
// checkpoint is complete; doing so twice changes nothing. Other guarantees write the final file at once.
type fileSink struct {
	op       plan.Operator
	subtask  Subtask
	store    *blob.Client
	lines    []byte
	records  int
	owed     []part // in the order of checkpoints
	due      id.Checkpoint
	restored id.Checkpoint
	busy     bool
	failed   error

	committing bool // the first of owed is under way
}

const listParts = "parts"

func newFileSink(op plan.Operator, subtask Subtask, store *blob.Client) *fileSink {
	return &fileSink{op: op, subtask: subtask, store: store}
}

func (s *fileSink) Open(env mailbox.Env, restored id.Checkpoint, state snapshot.Operator) error {
	for _, list := range state.Lists {
		for _, item := range list.Items {
			var p part
			if err := json.Unmarshal(item, &p); err != nil {
				return fmt.Errorf("restore the file sink %s: a part in the checkpoint does not decode: %w", s.op.Name, err)
			}
			s.owed = append(s.owed, p)
		}
	}
	slices.SortStableFunc(s.owed, func(a, b part) int { return cmp.Compare(a.Checkpoint, b.Checkpoint) })
	s.restored = restored
	s.Complete(env, restored)
	return nil
}

func (s *fileSink) Busy() bool     { return s.busy }
func (s *fileSink) Writable() bool { return !s.busy }

func (s *fileSink) Write(_ mailbox.Env, row []record.Record) {
	for _, r := range row {
		s.lines = AppendLine(s.lines, r, r.Origin)
	}
	s.records += len(row)
}

func (s *fileSink) Flush(mailbox.Env) {}

func (s *fileSink) PreCommit(env mailbox.Env, checkpoint id.Checkpoint) {
	if s.records == 0 {
		return
	}
	index := s.subtask.Attempt.Subtask
	p := part{Checkpoint: checkpoint,
		Final:   fmt.Sprintf("%s/part-%d-%010d", s.op.Path, index, checkpoint),
		Pending: fmt.Sprintf("%s/.pending/part-%d-%010d-%s", s.op.Path, index, checkpoint, s.subtask.Attempt)}
	path := p.Pending
	if s.op.Guarantee != plan.ExactlyOnce {
		p.Final += "-" + s.subtask.Attempt.String()
		path = p.Final
	}
	s.busy = true
	records := s.records
	s.store.Put(env, path, s.lines, func(env mailbox.Env, err error) {
		s.busy = false
		if err != nil {
			s.failed = fmt.Errorf("pre-commit checkpoint %d: %w", checkpoint, err)
			return
		}
		if s.op.Guarantee == plan.ExactlyOnce {
			s.owed = append(s.owed, p)
			env.Note(history.SinkPrecommitted{Checkpoint: checkpoint, Attempt: s.subtask.Attempt, Transaction: p.Final, Records: records})
		}
	})
	s.lines, s.records = nil, 0
}

func (s *fileSink) Snapshot(mailbox.Env, id.Checkpoint) []snapshot.List {
	list := snapshot.List{Name: listParts, Mode: snapshot.Split}
	for _, p := range s.owed {
		item, err := json.Marshal(p)
		if err != nil {
			panic(fmt.Sprintf("file sink: encode %v: %v", p, err)) // plain fields: cannot happen
		}
		list.Items = append(list.Items, item)
	}
	return []snapshot.List{list}
}

// Complete commits what belongs to checkpoints up to this one, part by part in order: who looks at the folder
// never sees a part without those before it.
func (s *fileSink) Complete(env mailbox.Env, checkpoint id.Checkpoint) {
	s.due = max(s.due, checkpoint)
	s.commitNext(env)
}

func (s *fileSink) commitNext(env mailbox.Env) {
	if s.committing || len(s.owed) == 0 || s.owed[0].Checkpoint > s.due {
		return
	}
	s.committing = true
	p := s.owed[0]
	s.store.Get(env, p.Pending, func(env mailbox.Env, data []byte, err error) {
		if errors.As(err, new(blob.ErrNotFound)) {
			s.mustBeThere(env, p)
			return
		}
		if err != nil {
			s.failed = fmt.Errorf("commit %s: %w", p.Final, err)
			return
		}
		s.store.Put(env, p.Final, data, func(env mailbox.Env, err error) {
			if err != nil {
				s.failed = fmt.Errorf("commit %s: %w", p.Final, err)
				return
			}
			s.store.Delete(env, []string{p.Pending}, func(mailbox.Env, error) {}) // best effort: readers never look there
			s.committed(env, p)
		})
	})
}

// mustBeThere makes sure of a part whose pending file is gone: it was committed before, or it is lost.
func (s *fileSink) mustBeThere(env mailbox.Env, p part) {
	s.store.Get(env, p.Final, func(env mailbox.Env, _ []byte, err error) {
		if err != nil {
			s.failed = fmt.Errorf("commit %s: neither it nor %s can be read, so the output of checkpoint %d may be lost: %w", p.Final, p.Pending, p.Checkpoint, err)
			return
		}
		s.committed(env, p)
	})
}

func (s *fileSink) committed(env mailbox.Env, p part) {
	env.Note(history.SinkCommitted{Checkpoint: p.Checkpoint, Attempt: s.subtask.Attempt, Transaction: p.Final, Restored: p.Checkpoint <= s.restored})
	s.owed, s.committing = s.owed[1:], false
	s.commitNext(env)
}

func (s *fileSink) Settled(upTo id.Checkpoint) bool {
	return !slices.ContainsFunc(s.owed, func(p part) bool { return p.Checkpoint <= upTo })
}

func (s *fileSink) Handle(mailbox.Env, mailbox.Msg) (bool, error) { return false, s.failed }
