package checker

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

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
