package checker

import (
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// notificationsMonotone (C6): a task hears of a completion only after it, in growing order, and never both
// of the completion and of the abort of one checkpoint; nor does the coordinator decide both.
func notificationsMonotone(run *Run) Result {
	type heard struct {
		attempt    id.Attempt
		checkpoint id.Checkpoint
	}
	decided := map[checkpointOf]history.Entry{}
	completed := map[id.Checkpoint]bool{}
	latest := map[id.Attempt]history.Entry{}
	told := map[heard]history.Entry{}
	looked := 0
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.CheckpointCompleted:
			c := checkpointOf{ev.Job, ev.Checkpoint}
			if before, ok := decided[c]; ok {
				return brokenAt("decided-twice", []history.Entry{before, e}, "checkpoint %d of job %s was completed after it had been decided", ev.Checkpoint, ev.Job)
			}
			decided[c], completed[ev.Checkpoint] = e, true
		case history.CheckpointAborted:
			c := checkpointOf{ev.Job, ev.Checkpoint}
			if before, ok := decided[c]; ok {
				if _, abort := before.Event.(history.CheckpointAborted); abort {
					continue
				}
				return brokenAt("decided-twice", []history.Entry{before, e}, "checkpoint %d of job %s was aborted after it had been completed", ev.Checkpoint, ev.Job)
			}
			decided[c] = e
		case history.RestoreStarted: // recovery may find a completion that its coordinator did not live to see
			completed[ev.Checkpoint] = true
		case history.CheckpointNotified:
			looked++
			if !completed[ev.Checkpoint] {
				return brokenAt("premature", []history.Entry{e}, "%s was told of the completion of checkpoint %d before it was complete", ev.Attempt, ev.Checkpoint)
			}
			if before, ok := latest[ev.Attempt]; ok && ev.Checkpoint < before.Event.(history.CheckpointNotified).Checkpoint {
				return brokenAt("went-back", []history.Entry{before, e}, "%s handled the completion of checkpoint %d after a newer one", ev.Attempt, ev.Checkpoint)
			}
			latest[ev.Attempt] = e
			if before, ok := told[heard{ev.Attempt, ev.Checkpoint}]; ok {
				if _, abort := before.Event.(history.CheckpointAbortNotified); abort {
					return brokenAt("both", []history.Entry{before, e}, "%s handled both the abort and the completion of checkpoint %d", ev.Attempt, ev.Checkpoint)
				}
			}
			told[heard{ev.Attempt, ev.Checkpoint}] = e
		case history.CheckpointAbortNotified:
			looked++
			if before, ok := told[heard{ev.Attempt, ev.Checkpoint}]; ok {
				if _, complete := before.Event.(history.CheckpointNotified); complete {
					return brokenAt("both", []history.Entry{before, e}, "%s handled both the completion and the abort of checkpoint %d", ev.Attempt, ev.Checkpoint)
				}
			}
			told[heard{ev.Attempt, ev.Checkpoint}] = e
		}
	}
	return holds(looked, "%d notifications handled", looked)
}
