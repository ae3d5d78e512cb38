package checker

import (
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// BeyondCut is a record in a transaction of a checkpoint that was read after the checkpoint's cut.
const BeyondCut = "beyond-cut"

// movingCut follows the committed output commit by commit. At any time the output of a (source partition,
// key) must be a prefix of its expected records, in order; what is committed next must follow on from it. So
// a loss is seen at the commit that jumped over it, and not at the end of the run.
//
// Where the history says which transaction belongs to which checkpoint, and where the sources stood at its
// cut, no record of the transaction may come from beyond the cut.
func movingCut(run *Run) Result {
	t, err := interpret(run.Pipeline)
	if err != nil {
		return notDecided("%s", err)
	}
	if t.sink.Guarantee == plan.None {
		return notDecided("the sink's delivery guarantee is none: it promises no cut")
	}
	if t.shape == windowed {
		return cutOfWindows(run, t)
	}
	index, err := indexed(run)
	if err != nil {
		return notDecided("%s", err)
	}
	if !t.ordered {
		return cutWithoutOrder(run, t, index)
	}
	c := newCut(index, t)
	commits := commits{}
	beyond := newBoundary(run)
	for _, i := range inCommitOrder(run) {
		out := &run.Output[i]
		commits.count(out)
		if where := beyond.crossed(out); where != "" {
			return cutBroken(run, BeyondCut, i, commits.n(), where)
		}
		n, in := index.Find(out.Origin)
		if n < 0 || in.Key != out.Key || c.next[n] == unexpectedRecord {
			return cutBroken(run, Unexpected, i, commits.n(), whyUnexpected(out, in))
		}
		due := c.due[c.slot[n]]
		switch {
		case n == int(due):
			c.due[c.slot[n]] = c.next[n]
		case due >= 0 && n > int(due):
			return cutBroken(run, Lost, i, commits.n(), fmt.Sprintf("%s of the same key must come before it and is not there", index.Origin(int(due))), index.Origin(int(due)).String())
		case t.sink.Guarantee == plan.AtLeastOnce: // committed before, and may be again
		default:
			return cutBroken(run, Duplicated, i, commits.n(), "the cut goes back: the record was committed before")
		}
	}
	return holds(commits.n(), "the cut moved forward through %d commits", commits.n())
}

// commit is what makes records visible: a marker on a partition, or a flush without a transaction.
type commit struct {
	partition   int32
	transaction string
	producer    int64
	epoch       int16
}

// commits counts the commits gone through. Records of several may alternate in a partition.
type commits struct {
	last commit
	all  map[commit]bool
}

func (c *commits) count(out *Output) {
	this := commit{out.Partition, out.Transaction, out.ProducerID, out.Epoch}
	if c.all == nil {
		c.all = map[commit]bool{}
	}
	if this != c.last || len(c.all) == 0 {
		c.last, c.all[this] = this, true
	}
}

func (c *commits) n() int { return len(c.all) }

const (
	noRecord         = -1
	unexpectedRecord = -2
)

// cut is how far the committed output of each slot has come.
type cut struct {
	slot []uint32
	next []int32 // by record: the next expected record of its slot, noRecord, or unexpectedRecord
	due  []int32 // by slot: the record that must be committed next, or noRecord
}

func newCut(index *Index, t *topology) *cut {
	c := &cut{next: make([]int32, index.Total)}
	var n int
	c.slot, n = index.slots()
	c.due = make([]int32, n)
	for i := range c.due {
		c.due[i] = noRecord
	}
	for p := range index.parts {
		part := &index.parts[p]
		for i := len(part.records) - 1; i >= 0; i-- {
			r := part.start + i
			if t.copies(part.records[i].Value) == 0 {
				c.next[r] = unexpectedRecord
				continue
			}
			c.next[r] = c.due[c.slot[r]]
			c.due[c.slot[r]] = int32(r)
		}
	}
	return c
}

// cutBroken reports the commit at which the cut went wrong.
func cutBroken(run *Run, anomaly string, output, commits int, detail string, others ...string) Result {
	out := &run.Output[output]
	name := out.Origin.String()
	if out.Origin == (record.Origin{}) && out.Time != 0 {
		name = windowName(out)
	}
	return Result{Verdict: Broken, Anomaly: anomaly, At: out.Visible, Looked: commits, Records: append([]string{name}, others...),
		Detail: fmt.Sprintf("commit %d, at %s, of transaction %s on partition %d: record %s: %s",
			commits, moment(out.Visible), transactionOf(out), out.Partition, name, detail),
		Evidence: cutEvidence(run, out, anomaly, others)}
}

// cutEvidence shows the offending commit and, for a loss, what became of the record that it jumped over.
func cutEvidence(run *Run, out *Output, anomaly string, others []string) []history.Entry {
	shown := aboutTransaction(run, out)
	if anomaly != Lost || len(others) == 0 {
		return shown
	}
	for i := range slices.Backward(run.Output) {
		if o := &run.Output[i]; o.Fate != Committed && o.Origin.String() == others[0] {
			return tidy(slices.Concat(aboutTransaction(run, o), shown))
		}
	}
	return tidy(slices.Concat(restoresBefore(run, out.Visible), shown))
}

// cutWithoutOrder is what is left when records of a key may overtake each other: no commit may bring a
// record more often than the job says.
func cutWithoutOrder(run *Run, t *topology, index *Index) Result {
	seen := make([]uint8, index.Total)
	commits := commits{}
	beyond := newBoundary(run)
	for _, i := range inCommitOrder(run) {
		out := &run.Output[i]
		commits.count(out)
		if where := beyond.crossed(out); where != "" {
			return cutBroken(run, BeyondCut, i, commits.n(), where)
		}
		n, in := index.Find(out.Origin)
		if n < 0 || in.Key != out.Key || t.copies(in.Value) == 0 {
			return cutBroken(run, Unexpected, i, commits.n(), whyUnexpected(out, in))
		}
		if seen[n] >= uint8(t.copies(in.Value)) {
			if t.sink.Guarantee == plan.ExactlyOnce {
				return cutBroken(run, Duplicated, i, commits.n(), "the cut goes back: the record was committed before")
			}
			continue
		}
		seen[n]++
	}
	return holds(commits.n(), "no record came back in %d commits (the job does not keep the order of a key, so only that was looked at)", commits.n())
}

// cutOfWindows: the windows of a key come out one after the other, each once.
func cutOfWindows(run *Run, t *topology) Result {
	if !t.commitOrdered {
		return notDecided("the windows of a key may overtake each other on their way to the sink")
	}
	all, at := windowsOf(run, t)
	due := map[string]int{} // by key: the window that must come next
	for i := range slices.Backward(all) {
		due[all[i].key] = i
	}
	commits := commits{}
	for _, i := range inCommitOrder(run) {
		out := &run.Output[i]
		commits.count(out)
		n, known := at[windowKey{out.Key, out.Time}]
		if !known {
			return cutBroken(run, Unexpected, i, commits.n(), "the input has no such window")
		}
		next := due[out.Key]
		if n < next {
			if t.sink.Guarantee == plan.AtLeastOnce {
				continue
			}
			return cutBroken(run, Duplicated, i, commits.n(), "the cut goes back: the window, or a later one of the key, was committed before")
		}
		for ; next < n; next++ {
			w := &all[next]
			if _, passes := t.after[1:].apply(w.sum); passes && w.certain() && w.unsure == 0 {
				return cutBroken(run, Lost, i, commits.n(), fmt.Sprintf("window %s must come before it and is not there", w.name()), w.name())
			}
		}
		due[out.Key] = n + 1
	}
	return holds(commits.n(), "the windows moved forward through %d commits", commits.n())
}

// boundary knows where the sources stood at the cut of each checkpoint, and which transaction was prepared
// for which checkpoint.
type boundary struct {
	position map[id.Checkpoint]map[int32]int64
	epochs   map[producer]id.Checkpoint

	last       producer // of the record looked at last, since the next one is mostly of the same
	checkpoint id.Checkpoint
	prepared   bool
}

// producer is a transaction, if every transaction has its own id or epoch.
type producer struct {
	transaction string
	id          int64
	epoch       int16
}

func newBoundary(run *Run) *boundary {
	b := &boundary{position: map[id.Checkpoint]map[int32]int64{}, epochs: map[producer]id.Checkpoint{}}
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.SourcePosition:
			if ev.Restored {
				continue
			}
			if b.position[ev.Checkpoint] == nil {
				b.position[ev.Checkpoint] = map[int32]int64{}
			}
			for i := range min(len(ev.Partitions), len(ev.Next)) {
				b.position[ev.Checkpoint][ev.Partitions[i]] = ev.Next[i]
			}
		case history.SinkPrecommitted:
			// A name that is used again in the same epoch belongs to the last checkpoint it was prepared for.
			b.epochs[producer{ev.Transaction, ev.ProducerID, ev.Epoch}] = ev.Checkpoint
		}
	}
	return b
}

// crossed says how a record is beyond the cut of its transaction's checkpoint, or "".
func (b *boundary) crossed(out *Output) string {
	if out.Transaction == "" {
		return ""
	}
	if this := (producer{out.Transaction, out.ProducerID, out.Epoch}); this != b.last {
		b.last = this
		b.checkpoint, b.prepared = b.epochs[this]
	}
	if !b.prepared {
		return ""
	}
	next, known := b.position[b.checkpoint][out.Origin.Partition]
	if !known || out.Origin.Offset < next {
		return ""
	}
	return fmt.Sprintf("the transaction was prepared for checkpoint %d, whose cut of source partition %d is before offset %d",
		b.checkpoint, out.Origin.Partition, next)
}
