package checker

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// What is allowed beyond a transaction's timeout: the coordinator looks every 10 s, and the markers must get
// to their partitions, perhaps after a broker came back.
const openSlack = 60 * time.Second

// defaultTransactionTimeout is that of Flink's Kafka sink.
const defaultTransactionTimeout = time.Hour

// noHangingTransaction (O4): no transaction stays undecided for longer than its timeout and some slack; and
// when a run has been drained, none that holds records is open: readers would wait for it for ever.
func noHangingTransaction(run *Run) Result {
	limit := defaultTransactionTimeout
	for _, op := range run.Pipeline.Operators {
		if op.Kind.Sink() && op.TransactionTimeout > 0 {
			limit = op.TransactionTimeout
		}
	}
	limit += openSlack

	looked := 0
	for i := range run.Output {
		out := &run.Output[i]
		if out.Transaction == "" {
			continue
		}
		looked++
		switch age := run.End - out.Appended; {
		case out.Fate == Open && (run.Drained || age > limit):
			r := brokenAt("hang", aboutTransaction(run, out), "transaction %s on partition %d is open at the end, with records from %s on",
				transactionOf(out), out.Partition, out.Appended)
			r.At, r.Records, r.Looked = run.End, []string{out.Origin.String()}, looked
			return r
		case out.Fate != Open && out.Decided-out.Appended > limit:
			r := brokenAt("hang", aboutTransaction(run, out), "transaction %s was open on partition %d from %s to %s; its timeout and %s of slack allow %s",
				transactionOf(out), out.Partition, out.Appended, out.Decided, openSlack, limit)
			r.At, r.Records, r.Looked = out.Decided, []string{out.Origin.String()}, looked
			return r
		}
	}

	// A transaction that is fenced ends under another epoch and perhaps another producer id; but a transactional
	// id has one transaction at a time.
	undecided := map[string]history.Entry{} // its first step that has not been answered by an end
	last := map[string]history.Entry{}
	var order []string
	for _, e := range run.Events {
		ev, ok := e.Event.(history.Transaction)
		if !ok {
			continue
		}
		looked++
		if _, seen := last[ev.ID]; !seen {
			order = append(order, ev.ID)
		}
		last[ev.ID] = e
		began, open := undecided[ev.ID]
		if open && e.At-began.At > limit {
			return brokenAt("hang", []history.Entry{began, e}, "transaction %s was undecided from %s to %s", ev.ID, began.At, e.At)
		}
		switch ev.State {
		case "Ongoing", "PrepareCommit", "PrepareAbort":
			if !open {
				undecided[ev.ID] = e
			}
		case "Fenced": // it goes on to PrepareAbort
		default:
			delete(undecided, ev.ID)
		}
	}
	for _, name := range order {
		began, open := undecided[name]
		if open && (run.Drained || run.End-began.At > limit) {
			r := brokenAt("hang", tidy([]history.Entry{began, last[name]}), "transaction %s is %s at the end, undecided since %s",
				name, last[name].Event.(history.Transaction).State, began.At)
			r.At = run.End
			return r
		}
	}
	return holds(looked, "%d records and steps of transactions, none undecided for more than %s", looked, limit)
}

// noTornTransaction (O5): all records of a transaction have the same fate, on every partition, and it is the
// fate that its markers say.
func noTornTransaction(run *Run) Result {
	// One name and epoch may hold several transactions after each other; each begins with Ongoing.
	began := map[producer][]time.Duration{}
	type mark struct {
		producer  int64
		epoch     int16
		partition int32
		at        time.Duration
	}
	marks := map[mark]history.Entry{}
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.Transaction:
			if ev.State == "Ongoing" {
				p := producer{ev.ID, ev.ProducerID, ev.Epoch}
				began[p] = append(began[p], e.At)
			}
		case history.MarkerAppended:
			marks[mark{ev.ProducerID, ev.Epoch, ev.Partition, e.At}] = e
		}
	}
	type transaction struct {
		producer
		instance int
	}
	first := map[transaction]*Output{}
	looked := 0
	for i := range run.Output {
		out := &run.Output[i]
		if out.Transaction == "" {
			continue
		}
		looked++
		if i > 0 && out.together(&run.Output[i-1]) {
			continue
		}
		p := producer{out.Transaction, out.ProducerID, out.Epoch}
		t := transaction{producer: p}
		for _, at := range began[p] {
			if at <= out.Appended {
				t.instance++
			}
		}
		if marker, ok := marks[mark{out.ProducerID, out.Epoch, out.Partition, out.Decided}]; ok && out.Fate != Open {
			if marker.Event.(history.MarkerAppended).Commit != (out.Fate == Committed) {
				r := brokenAt("aborted-read", []history.Entry{marker}, "record %s counts as %s although the marker of its transaction %s says otherwise",
					out.Origin, out.Fate, transactionOf(out))
				r.Records, r.Looked = []string{out.Origin.String()}, looked
				return r
			}
		}
		other, seen := first[t]
		if !seen {
			first[t] = out
			continue
		}
		if other.Fate == out.Fate || !run.Drained && (other.Fate == Open || out.Fate == Open) {
			continue
		}
		r := brokenAt("torn", tidy(append(aboutTransaction(run, other), aboutTransaction(run, out)...)),
			"transaction %s is %s on partition %d and %s on partition %d", transactionOf(out), other.Fate, other.Partition, out.Fate, out.Partition)
		r.At, r.Looked = max(other.Decided, out.Decided), looked
		r.Records = []string{other.Origin.String(), out.Origin.String()}
		return r
	}
	return holds(looked, "%d records in %d transactions, each with one fate", looked, len(first))
}

// String names the fate.
func (f Fate) String() string {
	switch f {
	case Committed:
		return "committed"
	case Aborted:
		return "aborted"
	case Open:
		return "open"
	}
	return fmt.Sprintf("fate %d", uint8(f))
}
