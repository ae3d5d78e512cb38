package checker

import (
	"cmp"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// evidenceMax bounds how many entries a verdict shows.
const evidenceMax = 16

// aboutTransaction collects what the history says of the transaction that an output record is in: its steps,
// its markers, the checkpoint it belongs to, and the fault before its end.
func aboutTransaction(run *Run, out *Output) []history.Entry {
	if out.Transaction == "" {
		return restoresBefore(run, out.Appended)
	}
	var found []history.Entry
	var checkpoint id.Checkpoint
	for _, e := range run.Events {
		about := false
		switch ev := e.Event.(type) {
		case history.Transaction:
			about = ev.ID == out.Transaction && ev.ProducerID == out.ProducerID
		case history.MarkerAppended:
			about = ev.ProducerID == out.ProducerID && (ev.ID == out.Transaction || ev.ID == "") && ev.Partition == out.Partition
		case history.SourceStalled:
			about = ev.ProducerID == out.ProducerID && ev.Partition == out.Partition
		case history.SinkPrecommitted:
			if about = precommits(ev, out); about {
				checkpoint = ev.Checkpoint
			}
		case history.SinkCommitted:
			about = ev.Transaction == out.Transaction && ev.ProducerID == out.ProducerID
		case history.SinkCommitLost:
			about = ev.Transaction == out.Transaction && ev.ProducerID == out.ProducerID
		case history.SinkAborted:
			about = ev.Transaction == out.Transaction
		case history.CheckpointCompleted:
			about = checkpoint != 0 && ev.Checkpoint == checkpoint
		case history.CheckpointAborted:
			about = checkpoint != 0 && ev.Checkpoint == checkpoint
		}
		if about {
			found = append(found, e)
		}
	}
	if fault, ok := faultBefore(run, out.Decided); ok {
		found = append(found, fault)
	}
	return tidy(found)
}

func precommits(ev history.SinkPrecommitted, out *Output) bool {
	return ev.Transaction == out.Transaction && ev.ProducerID == out.ProducerID && ev.Epoch == out.Epoch
}

// restoresBefore returns the last fault and the last restore before a time: what usually explains a loss
// that left no trace in a transaction.
func restoresBefore(run *Run, at time.Duration) []history.Entry {
	var found []history.Entry
	if fault, ok := faultBefore(run, at); ok {
		found = append(found, fault)
	}
	for _, e := range slices.Backward(run.Events) {
		if _, restore := e.Event.(history.RestoreStarted); restore && e.At <= at {
			return tidy(append(found, e))
		}
	}
	return found
}

func faultBefore(run *Run, at time.Duration) (history.Entry, bool) {
	for _, e := range slices.Backward(run.Events) {
		if _, fault := e.Event.(history.FaultStarted); fault && e.At <= at {
			return e, true
		}
	}
	return history.Entry{}, false
}

// tidy brings entries into their order, once each, and keeps the last few.
func tidy(entries []history.Entry) []history.Entry {
	slices.SortStableFunc(entries, func(a, b history.Entry) int { return cmp.Compare(a.N, b.N) })
	entries = slices.CompactFunc(entries, func(a, b history.Entry) bool { return a.N == b.N })
	return entries[max(0, len(entries)-evidenceMax):]
}
