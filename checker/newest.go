package checker

import (
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// newestCheckpointRestored (C3, C4): a restore never starts from a checkpoint older than one that was
// completed before, since whoever heard of the completion may have committed its transactions already. What a
// leader that has been replaced chooses is refused by everybody, and does not count.
func newestCheckpointRestored(run *Run) Result {
	newest := map[id.Job]history.Entry{}
	gone := map[checkpointOf]history.Entry{}
	looked := 0
	var leader successor
	for _, e := range run.Events {
		leader.follow(e)
		switch ev := e.Event.(type) {
		case history.CheckpointCompleted:
			if before, ok := newest[ev.Job]; !ok || before.Event.(history.CheckpointCompleted).Checkpoint < ev.Checkpoint {
				newest[ev.Job] = e
			}
		case history.CheckpointSubsumed:
			gone[checkpointOf{ev.Job, ev.Checkpoint}] = e
		case history.RestoreStarted:
			if leader.of(e.Process) {
				continue
			}
			looked++
			if removed, ok := gone[checkpointOf{ev.Job, ev.Checkpoint}]; ok {
				return brokenAt("stale-restore", []history.Entry{removed, e}, "job %s restores checkpoint %d, which was removed before", ev.Job, ev.Checkpoint)
			}
			done, ok := newest[ev.Job]
			if !ok {
				continue
			}
			if top := done.Event.(history.CheckpointCompleted).Checkpoint; ev.Checkpoint < top {
				return brokenAt("stale-restore", []history.Entry{done, e}, "job %s restores checkpoint %d although checkpoint %d was completed before", ev.Job, ev.Checkpoint, top)
			}
		}
	}
	return holds(looked, "%d restores, each from the newest completed checkpoint", looked)
}

// checkpointRetention (C7): a checkpoint is removed only after a newer one is durable.
func checkpointRetention(run *Run) Result {
	durable := map[checkpointOf]bool{}
	looked := 0
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.CheckpointCompleted:
			durable[checkpointOf{ev.Job, ev.Checkpoint}] = true
		case history.RestoreStarted: // a restored checkpoint has its pointer, though nobody may have seen the answer
			durable[checkpointOf{ev.Job, ev.Checkpoint}] = true
		case history.CheckpointSubsumed:
			looked++
			if ev.By <= ev.Checkpoint {
				return brokenAt("retention", []history.Entry{e}, "checkpoint %d of job %s was removed in favour of %d, which is not newer", ev.Checkpoint, ev.Job, ev.By)
			}
			if !durable[checkpointOf{ev.Job, ev.By}] {
				return brokenAt("retention", []history.Entry{e}, "checkpoint %d of job %s was removed before checkpoint %d was durable", ev.Checkpoint, ev.Job, ev.By)
			}
		}
	}
	return holds(looked, "%d checkpoints removed, each after a newer one was durable", looked)
}
