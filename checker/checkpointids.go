package checker

import (
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// checkpointIdsIncrease (C1): no id is triggered twice; each coordinator's ids grow; and a new leader starts
// above everything that was triggered before its election. A replaced leader that has not noticed yet may
// still trigger the id that it was given before.
func checkpointIdsIncrease(run *Run) Result {
	type coordinator struct {
		actor string
		job   id.Job
	}
	triggered := map[id.Job]map[id.Checkpoint]history.Entry{}
	highest := map[id.Job]history.Entry{}          // over all coordinators
	floor := map[string]map[id.Job]history.Entry{} // by process: the highest when it was elected
	latest := map[coordinator]history.Entry{}      // by coordinator
	number := func(e history.Entry) id.Checkpoint { return e.Event.(history.CheckpointTriggered).Checkpoint }
	looked := 0
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.LeaderElected:
			floor[ev.Holder] = map[id.Job]history.Entry{}
			for job, top := range highest {
				floor[ev.Holder][job] = top
			}
		case history.CheckpointTriggered:
			looked++
			if triggered[ev.Job] == nil {
				triggered[ev.Job] = map[id.Checkpoint]history.Entry{}
			}
			if first, twice := triggered[ev.Job][ev.Checkpoint]; twice {
				return brokenAt("id-reused", []history.Entry{first, e}, "checkpoint id %d of job %s was triggered twice", ev.Checkpoint, ev.Job)
			}
			triggered[ev.Job][ev.Checkpoint] = e
			me := coordinator{e.Actor, ev.Job}
			if before, ok := latest[me]; ok && ev.Checkpoint <= number(before) {
				return brokenAt("id-decreased", []history.Entry{before, e}, "%s triggered checkpoint %d after checkpoint %d", e.Actor, ev.Checkpoint, number(before))
			}
			latest[me] = e
			if before, ok := floor[e.Process][ev.Job]; ok && ev.Checkpoint <= number(before) {
				return brokenAt("id-decreased", []history.Entry{before, e},
					"the new leader %s triggered checkpoint %d; checkpoint %d had been triggered before its election", e.Process, ev.Checkpoint, number(before))
			}
			if top, ok := highest[ev.Job]; !ok || ev.Checkpoint > number(top) {
				highest[ev.Job] = e
			}
		}
	}
	return holds(looked, "%d checkpoint ids, none twice, none going back", looked)
}
