package checker

import (
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
)

// Check is one property that a run has or has not.
type Check struct {
	Name    string // as scenario files name it under "invariants:"
	Summary string // one sentence
	Func    func(*Run) Result
}

// All returns every check: first those of the output, then those of the protocol.
func All() []Check {
	return []Check{
		{"exactlyOnce", "Every source record is in the committed output as often as the job says, and in order, whatever the sink promises.", exactlyOnce},
		{"deliveryGuarantee", "The committed output keeps the sink's delivery guarantee: at-least-once may repeat records, none may lose them.", deliveryGuarantee},
		{"stateMatchesReplay", "Recomputing the operators in committed order gives every committed value.", stateMatchesReplay},
		{"movingCut", "After every commit the output is the image of a cut of the inputs, and the cut only moves forward.", movingCut},
		{"counterLinearizable", "Seen as a counter per key (add, answer), the job is linearizable.", counterLinearizable},
		{"leaseLinearizable", "No two holders have the leader lease at once.", leaseLinearizable},
		{"pointersLinearizable", "The store of checkpoint pointers behaves like one list.", pointersLinearizable},
		{"checkpointIdsIncrease", "Checkpoint ids are never used twice and grow over all incarnations of the JobManager (C1).", checkpointIdsIncrease},
		{"noPartialCheckpointRestored", "A checkpoint is complete only if every waited-for attempt acknowledged it, and only such a one is restored (C2).", noPartialCheckpointRestored},
		{"newestCheckpointRestored", "Recovery starts from the newest completed checkpoint (C3, C4).", newestCheckpointRestored},
		{"checkpointRetention", "A checkpoint is removed only once a newer one is durable (C7).", checkpointRetention},
		{"notificationsMonotone", "No task hears both that a checkpoint is complete and that it was aborted; notifications never go back (C6).", notificationsMonotone},
		{"commitAfterCheckpoint", "A transaction is committed only after its checkpoint, or a later one, is durable (O2).", commitAfterCheckpoint},
		{"noCommitFromFencedAttempt", "Only transactions of attempts that a durable checkpoint includes are committed (H2, H7).", noCommitFromFencedAttempt},
		{"noHangingTransaction", "No transaction stays open for longer than its timeout, and none is open at the end (O4).", noHangingTransaction},
		{"noTornTransaction", "A transaction is committed or aborted as a whole (O5).", noTornTransaction},
		{"upstreamExactlyOnce", "What the application before the job was told of its transactions is what the source's topic shows: nothing lost, aborted, torn or twice.", upstreamExactlyOnce},
		{"keyGroupsOwnedOnce", "Every key group has exactly one owner per deployment (S2).", keyGroupsOwnedOnce},
		{"slotOwnedOnce", "A slot serves at most one allocation at a time (H6).", slotOwnedOnce},
		{"oneLeader", "A leader that has been replaced has no effect any more (H1).", oneLeader},
		{"noCrash", "No process failed an assertion, and no actor found its own invariants broken.", noCrash},
		{"jobAlive", "After the faults the job is RUNNING, or has FINISHED (H5).", jobAlive},
	}
}

// Names returns the names of all checks, in their order.
func Names() []string {
	var names []string
	for _, c := range All() {
		names = append(names, c.Name)
	}
	return names
}

// Judge runs the named checks, in the order given. A name that is not known is not decided.
func Judge(run *Run, names []string) []Result {
	all := All()
	var results []Result
	for _, name := range names {
		at := slices.IndexFunc(all, func(c Check) bool { return c.Name == name })
		if at < 0 {
			results = append(results, Result{Check: name, Verdict: NotDecided,
				Detail: fmt.Sprintf("there is no check called %q; those there are: %v", name, Names())})
			continue
		}
		result := all[at].Func(run)
		result.Check = name
		results = append(results, result)
	}
	return results
}

// holds, broken and notDecided build results; the name of the check is filled in by Judge.

func holds(looked int, detail string, args ...any) Result {
	if looked == 0 {
		return notDecided("nothing to look at: "+detail, args...)
	}
	return Result{Verdict: Holds, Looked: looked, Detail: fmt.Sprintf(detail, args...)}
}

func notDecided(detail string, args ...any) Result {
	return Result{Verdict: NotDecided, Detail: fmt.Sprintf(detail, args...)}
}

// brokenAt is a protocol invariant broken by the last of the entries, which show it.
func brokenAt(anomaly string, entries []history.Entry, detail string, args ...any) Result {
	r := Result{Verdict: Broken, Anomaly: anomaly, Detail: fmt.Sprintf(detail, args...), Evidence: entries, Looked: 1}
	if len(entries) > 0 {
		r.At = entries[len(entries)-1].At
	}
	return r
}
