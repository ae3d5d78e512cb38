package reports

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// transaction is the life of one Kafka transaction.
type transaction struct {
	ID           string
	ProducerID   int64
	Epoch        int16
	Lane         string // the sink subtask that wrote it
	Attempt      id.Attempt
	Checkpoint   id.Checkpoint
	Records      int
	Opened       time.Duration
	First        time.Duration // when its first record was in a topic; -1 if none ever was
	Precommitted time.Duration // -1 if never
	Completed    time.Duration // when its checkpoint, or a later one that includes it, was complete; -1 if none was in time
	By           id.Checkpoint // that one
	Prepared     time.Duration // the coordinator's decision; -1 if never
	Markers      []marker      // in the order in which they came
	Visible      time.Duration // when a read_committed reader had all of it; -1 if it never had
	Ended        time.Duration
	Fate         string // committed, aborted, or open
	Cause        string
	Lost         string // the answer that means that its records may be lost
	Restored     bool   // committed again after a restore
}

// marker is a partition's word that the transaction is decided.
type marker struct {
	Topic     string
	Partition int32
	At        time.Duration
}

type transactionReader struct {
	all  []*transaction
	by   map[string][]*transaction // by transactional id: the present or last one is at the end
	id   map[int64]string          // the transactional id of a producer
	done []done
	lane map[string]string // transactional id, or the family of ids of one writer -> sink subtask
}

// done is a completed checkpoint.
type done struct {
	id id.Checkpoint
	at time.Duration
}

func newTransactionReader() *transactionReader {
	return &transactionReader{by: map[string][]*transaction{}, id: map[int64]string{}, lane: map[string]string{}}
}

func (r *transactionReader) see(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.SinkWrite:
		if ev.Transaction != "" {
			r.writer(ev.Transaction, ev.Attempt)
			if t := r.open(ev.Transaction); t != nil && t.Attempt == (id.Attempt{}) {
				t.Attempt = ev.Attempt
			}
		}
	case history.Transaction:
		r.coordinator(ev, e.At)
	case history.SinkPrecommitted:
		r.writer(ev.Transaction, ev.Attempt)
		t := r.openOrNew(ev.Transaction, ev.ProducerID, ev.Epoch, e.At)
		t.Precommitted, t.Checkpoint, t.Records, t.Attempt = e.At, ev.Checkpoint, ev.Records, ev.Attempt
	case history.CheckpointCompleted:
		r.done = append(r.done, done{ev.Checkpoint, e.At})
	case history.MarkerAppended:
		name := ev.ID
		if name == "" {
			name = r.id[ev.ProducerID]
		}
		if t := r.last(name); t != nil {
			t.Markers = append(t.Markers, marker{ev.Topic, ev.Partition, e.At})
		}
	case history.SinkCommitted:
		r.writer(ev.Transaction, ev.Attempt)
		if t := r.last(ev.Transaction); t != nil {
			t.Restored = t.Restored || ev.Restored
			if t.Fate == "open" { // no word from the coordinator: the answer to the sink is all there is
				t.Fate, t.Ended = "committed", e.At
			}
		}
	case history.SinkAborted:
		if t := r.open(ev.Transaction); t != nil && t.Prepared < 0 {
			t.Fate, t.Ended, t.Cause = "aborted", e.At, "init"
		}
	case history.SinkCommitLost:
		if t := r.last(ev.Transaction); t != nil {
			t.Lost = refusal(ev)
		}
	}
}

// writer learns who writes under a transactional id. Ids that only differ in their last counter are taken to
// be of the same writer until another one uses one of them.
func (r *transactionReader) writer(name string, by id.Attempt) {
	lane := by.Of().String()
	r.lane[name] = lane
	if known, ok := r.lane[family(name)]; ok && known != lane {
		lane = ""
	}
	r.lane[family(name)] = lane
}

func (r *transactionReader) coordinator(ev history.Transaction, at time.Duration) {
	r.id[ev.ProducerID] = ev.ID
	switch ev.State {
	case "Ongoing":
		if t := r.openOrNew(ev.ID, ev.ProducerID, ev.Epoch, at); t.ProducerID == 0 {
			t.ProducerID, t.Epoch = ev.ProducerID, ev.Epoch
		}
	case "PrepareCommit", "PrepareAbort":
		if t := r.open(ev.ID); t != nil {
			t.Prepared, t.Cause = at, ev.Cause
		}
	case "CompleteCommit", "CompleteAbort":
		if t := r.open(ev.ID); t != nil {
			t.Ended, t.Fate = at, "committed"
			if ev.State == "CompleteAbort" {
				t.Fate = "aborted"
			}
			if ev.Cause != "" {
				t.Cause = ev.Cause
			}
		}
	}
}

// last is the present or last transaction of an id.
func (r *transactionReader) last(name string) *transaction {
	if all := r.by[name]; len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

func (r *transactionReader) open(name string) *transaction {
	if t := r.last(name); t != nil && t.Fate == "open" {
		return t
	}
	return nil
}

func (r *transactionReader) openOrNew(name string, producer int64, epoch int16, at time.Duration) *transaction {
	if t := r.open(name); t != nil {
		return t
	}
	t := &transaction{ID: name, ProducerID: producer, Epoch: epoch, Opened: at,
		First: -1, Precommitted: -1, Completed: -1, Prepared: -1, Visible: -1, Fate: "open"}
	r.by[name] = append(r.by[name], t)
	r.all = append(r.all, t)
	return t
}

// wrote looks at what became of the transactions in a topic.
func (r *transactionReader) wrote(all []checker.Output) {
	for i := range all {
		out := &all[i]
		t := r.at(out.Transaction, out.Appended)
		if t == nil {
			continue
		}
		if t.First < 0 || out.Appended < t.First {
			t.First = out.Appended
		}
		if out.Fate == checker.Committed {
			t.Visible = max(t.Visible, out.Visible)
		}
	}
}

// at is the transaction of an id to which what was written at a time belongs, or nil.
func (r *transactionReader) at(name string, written time.Duration) *transaction {
	all := r.by[name]
	i, _ := slices.BinarySearchFunc(all, written+1, func(t *transaction, at time.Duration) int { return cmp.Compare(t.Opened, at) })
	if i == 0 {
		return nil
	}
	return all[i-1]
}

func (r *transactionReader) finish(end time.Duration) []transaction {
	all := make([]transaction, 0, len(r.all))
	for _, t := range r.all {
		if t.Fate == "open" {
			t.Ended = end
		}
		t.By, t.Completed = r.completed(t)
		t.Lane = cmp.Or(r.lane[t.ID], r.lane[family(t.ID)], family(t.ID))
		all = append(all, *t)
	}
	return all
}

// completed is the checkpoint whose completion let a transaction be committed: its own or, if that was aborted and its
// writer lived on, the next one.
func (r *transactionReader) completed(t *transaction) (id.Checkpoint, time.Duration) {
	decided := t.Ended
	if t.Prepared >= 0 {
		decided = t.Prepared
	}
	for _, c := range r.done {
		if t.Precommitted >= 0 && c.id >= t.Checkpoint && c.at >= t.Precommitted && c.at <= decided {
			return c.id, c.at
		}
	}
	return 0, -1
}

// family drops the last counter of a transactional id, so that the ids of one writer share a lane.
func family(name string) string {
	if cut := strings.LastIndexByte(name, '-'); cut > 0 && strings.Trim(name[cut+1:], "0123456789") == "" {
		return name[:cut]
	}
	return name
}
