package checker

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// checkpointOf names a checkpoint of a job.
type checkpointOf struct {
	job id.Job
	id  id.Checkpoint
}

// noPartialCheckpointRestored (C2): a checkpoint is completed only after its metadata is stored and every
// attempt of its plan has been counted; and what is restored was stored, with nothing missing. A checkpoint
// that was stored but whose completion nobody saw may be restored: its pointer may have been written.
func noPartialCheckpointRestored(run *Run) Result {
	acks := map[checkpointOf][]history.Entry{}
	stored := map[checkpointOf]history.Entry{}
	completed := map[checkpointOf]bool{}
	looked := 0
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.CheckpointAcked:
			c := checkpointOf{ev.Job, ev.Checkpoint}
			acks[c] = append(acks[c], e)
		case history.CheckpointStored:
			stored[checkpointOf{ev.Job, ev.Checkpoint}] = e
		case history.CheckpointCompleted:
			looked++
			c := checkpointOf{ev.Job, ev.Checkpoint}
			completed[c] = true
			if _, ok := stored[c]; !ok {
				return brokenAt("partial", []history.Entry{e}, "checkpoint %d of job %s was completed before its metadata was stored", ev.Checkpoint, ev.Job)
			}
			for _, a := range ev.Waited {
				if !ackedBy(acks[c], a) || !slices.Contains(ev.Acked, a) {
					return brokenAt("partial", append(lastEntries(acks[c], 3), stored[c], e),
						"checkpoint %d of job %s was completed without the acknowledgement of %s", ev.Checkpoint, ev.Job, a)
				}
			}
		case history.RestoreStarted:
			if ev.Checkpoint == 0 {
				continue
			}
			looked++
			c := checkpointOf{ev.Job, ev.Checkpoint}
			if _, ok := stored[c]; !ok {
				return brokenAt("partial", append(lastEntries(acks[c], 3), e), "job %s restores checkpoint %d, whose metadata was never stored", ev.Job, ev.Checkpoint)
			}
			last := lastEntries(acks[c], 1)
			if !completed[c] && (len(last) == 0 || last[0].Event.(history.CheckpointAcked).Missing > 0) {
				return brokenAt("partial", append(last, stored[c], e), "job %s restores checkpoint %d, which still waited for acknowledgements", ev.Job, ev.Checkpoint)
			}
		}
	}
	return holds(looked, "%d completions and restores, each of a whole checkpoint", looked)
}

func ackedBy(acks []history.Entry, a id.Attempt) bool {
	return slices.ContainsFunc(acks, func(e history.Entry) bool { return e.Event.(history.CheckpointAcked).Attempt == a })
}

// lastEntries returns a copy of the last n entries.
func lastEntries(entries []history.Entry, n int) []history.Entry {
	return slices.Clone(entries[max(0, len(entries)-n):])
}
