package checker

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// preparation is what the history says of a transaction: which attempt prepared it, for which checkpoint.
type preparation struct {
	entry history.Entry
	history.SinkPrecommitted
}

// preparations reads them by transaction. A name that is used again in one epoch keeps them all, in order.
func preparations(run *Run) map[producer][]preparation {
	found := map[producer][]preparation{}
	for _, e := range run.Events {
		if ev, ok := e.Event.(history.SinkPrecommitted); ok {
			p := producer{ev.Transaction, ev.ProducerID, ev.Epoch}
			found[p] = append(found[p], preparation{e, ev})
		}
	}
	return found
}

// preparedAs returns the preparation that covers a record: the first after it was appended.
func preparedAs(all []preparation, out *Output) (preparation, bool) {
	for _, p := range all {
		if p.entry.At >= out.Appended {
			return p, true
		}
	}
	return preparation{}, false
}

// committedTransactions returns one committed record of every transaction on every partition, in the order
// of the output log: enough for what is asked of transactions.
func committedTransactions(run *Run) []*Output {
	var found []*Output
	type instance struct {
		commit
		decided time.Duration
	}
	seen := map[instance]bool{}
	var last instance
	for i := range run.Output {
		out := &run.Output[i]
		if out.Fate != Committed || out.Transaction == "" {
			continue
		}
		this := instance{commit{out.Partition, out.Transaction, out.ProducerID, out.Epoch}, out.Decided}
		if this == last {
			continue
		}
		if last = this; seen[this] {
			continue
		}
		seen[this] = true
		found = append(found, out)
	}
	return found
}

// transactional says whether the sink promises transactions at all; if not, why the check has nothing to do.
func transactional(run *Run) (why string) {
	for _, op := range run.Pipeline.Operators {
		if op.Kind.Sink() && (op.Guarantee == plan.AtLeastOnce || op.Guarantee == plan.None) {
			return fmt.Sprintf("the sink's delivery guarantee is %s: it writes no transactions", op.Guarantee)
		}
	}
	return ""
}

// commitAfterCheckpoint (O2): the records of a transaction become visible only once the checkpoint that it
// was prepared for, or a later one, is durable. A restore from a checkpoint shows too that it was durable.
func commitAfterCheckpoint(run *Run) Result {
	if why := transactional(run); why != "" {
		return notDecided("%s", why)
	}
	prepared := preparations(run)
	committed := committedTransactions(run)
	if len(prepared) == 0 && len(committed) > 0 {
		return notDecided("the history does not say which checkpoint the transactions belong to (no %s)", history.SinkPrecommitted{}.Kind())
	}
	durable := durablesOf(run)
	for _, out := range committed {
		p, ok := preparedAs(prepared[producer{out.Transaction, out.ProducerID, out.Epoch}], out)
		if !ok {
			r := brokenAt("unprepared", aboutTransaction(run, out), "transaction %s was committed and never prepared for a checkpoint", transactionOf(out))
			r.At, r.Records = out.Decided, []string{out.Origin.String()}
			return r
		}
		since, ok := durable.from(p.Checkpoint)
		if !ok || since.At > out.Decided {
			when := "which never became durable"
			if ok {
				when = fmt.Sprintf("which became durable only at %s", moment(since.At))
			}
			shown := append(aboutTransaction(run, out), p.entry)
			if ok {
				shown = append(shown, since)
			}
			r := brokenAt("early-commit", tidy(shown), "transaction %s was committed at %s, on partition %d; it belongs to checkpoint %d, %s",
				transactionOf(out), moment(out.Decided), out.Partition, p.Checkpoint, when)
			r.At, r.Records = out.Decided, []string{out.Origin.String()}
			return r
		}
	}
	return holds(len(committed), "%d commits, each after its checkpoint was durable", len(committed))
}

// durables are the entries that show a newer checkpoint to be durable than any before: its completion, or a
// restore from it.
type durables []durable

type durable struct {
	checkpoint id.Checkpoint
	entry      history.Entry
}

func durablesOf(run *Run) durables {
	var all durables
	for _, e := range run.Events {
		var c id.Checkpoint
		switch ev := e.Event.(type) {
		case history.CheckpointCompleted:
			c = ev.Checkpoint
		case history.RestoreStarted:
			c = ev.Checkpoint
		}
		if c > 0 && (len(all) == 0 || c > all[len(all)-1].checkpoint) {
			all = append(all, durable{c, e})
		}
	}
	return all
}

// from returns the first entry that shows that a checkpoint not older than this one is durable.
func (d durables) from(checkpoint id.Checkpoint) (history.Entry, bool) {
	for _, x := range d {
		if x.checkpoint >= checkpoint {
			return x.entry, true
		}
	}
	return history.Entry{}, false
}

// noCommitFromFencedAttempt (H2, H7): a committed transaction was prepared by an attempt that a durable
// checkpoint, of that number or later, includes. A zombie may write what it likes, but an attempt that was
// replaced is in no later checkpoint; so its transactions must end aborted. And for one checkpoint only one
// attempt of a subtask may commit.
func noCommitFromFencedAttempt(run *Run) Result {
	if why := transactional(run); why != "" {
		return notDecided("%s", why)
	}
	prepared := preparations(run)
	committed := committedTransactions(run)
	if len(prepared) == 0 && len(committed) > 0 {
		return notDecided("the history does not say which attempt prepared the transactions (no %s)", history.SinkPrecommitted{}.Kind())
	}
	durable := map[id.Checkpoint]bool{}
	lastAck := map[id.Attempt][]id.Checkpoint{}
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.CheckpointCompleted:
			durable[ev.Checkpoint] = true
		case history.RestoreStarted:
			durable[ev.Checkpoint] = true
		case history.CheckpointAcked:
			lastAck[ev.Attempt] = append(lastAck[ev.Attempt], ev.Checkpoint)
		}
	}
	type epoch struct {
		subtask    id.Subtask
		checkpoint id.Checkpoint
	}
	by := map[epoch]id.Attempt{}
	for _, out := range committed {
		p, ok := preparedAs(prepared[producer{out.Transaction, out.ProducerID, out.Epoch}], out)
		if !ok {
			r := brokenAt("unprepared", aboutTransaction(run, out), "transaction %s was committed, but no attempt ever prepared it", transactionOf(out))
			r.At, r.Records = out.Decided, []string{out.Origin.String()}
			return r
		}
		included := false
		for _, c := range lastAck[p.Attempt] {
			included = included || c >= p.Checkpoint && durable[c]
		}
		e := epoch{p.Attempt.Of(), p.Checkpoint}
		other, taken := by[e]
		if by[e] = p.Attempt; included && (!taken || other == p.Attempt) {
			continue
		}
		why := fmt.Sprintf("prepared by %s for checkpoint %d; no durable checkpoint includes that attempt", p.Attempt, p.Checkpoint)
		if included {
			why = fmt.Sprintf("prepared by %s for checkpoint %d, as was one by %s: two attempts of one subtask", p.Attempt, p.Checkpoint, other)
		}
		r := brokenAt("fenced-commit", tidy(append(aboutTransaction(run, out), p.entry)), "transaction %s was committed, %s", transactionOf(out), why)
		r.At, r.Records = out.Decided, []string{out.Origin.String()}
		return r
	}
	return holds(len(committed), "%d commits, each by an attempt that a durable checkpoint includes", len(committed))
}
