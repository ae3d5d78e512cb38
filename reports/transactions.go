package reports

import (
	"cmp"
	"strings"
	"time"

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
	Precommitted time.Duration // -1 if never
	Prepared     time.Duration // the coordinator's decision; -1 if never
	Ended        time.Duration
	Fate         string // committed, aborted, or open
	Cause        string
	Lost         string // the answer that means that its records may be lost
	Restored     bool   // committed again after a restore
}

type transactionReader struct {
	all  []*transaction
	now  map[string]*transaction // the present or last one by transactional id
	lane map[string]string       // transactional id, or the family of ids of one writer -> sink subtask
}

func newTransactionReader() *transactionReader {
	return &transactionReader{now: map[string]*transaction{}, lane: map[string]string{}}
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
	case history.SinkCommitted:
		r.writer(ev.Transaction, ev.Attempt)
		if t := r.now[ev.Transaction]; t != nil {
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
		if t := r.now[ev.Transaction]; t != nil {
			t.Lost = ev.Answer
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

func (r *transactionReader) open(name string) *transaction {
	if t := r.now[name]; t != nil && t.Fate == "open" {
		return t
	}
	return nil
}

func (r *transactionReader) openOrNew(name string, producer int64, epoch int16, at time.Duration) *transaction {
	if t := r.open(name); t != nil {
		return t
	}
	t := &transaction{ID: name, ProducerID: producer, Epoch: epoch, Opened: at,
		Precommitted: -1, Prepared: -1, Fate: "open"}
	r.now[name] = t
	r.all = append(r.all, t)
	return t
}

func (r *transactionReader) finish(end time.Duration) []transaction {
	all := make([]transaction, 0, len(r.all))
	for _, t := range r.all {
		if t.Fate == "open" {
			t.Ended = end
		}
		t.Lane = cmp.Or(r.lane[t.ID], r.lane[family(t.ID)], family(t.ID))
		all = append(all, *t)
	}
	return all
}

// family drops the last counter of a transactional id, so that the ids of one writer share a lane.
func family(name string) string {
	if cut := strings.LastIndexByte(name, '-'); cut > 0 && strings.Trim(name[cut+1:], "0123456789") == "" {
		return name[:cut]
	}
	return name
}
