package checker

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// noCrash is the crash oracle: no assertion failed, and no actor found a broken invariant in itself.
func noCrash(run *Run) Result {
	for i, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.ProcessStopped:
			if ev.Panic {
				return brokenAt("crash", before(run, i), "%s ended itself: %s", ev.Name, ev.Cause)
			}
		case history.Violation:
			return brokenAt("violation", before(run, i), "%s found invariant %s broken: %s", e.Actor, ev.Invariant, ev.Detail)
		}
	}
	return holds(len(run.Events), "%d events, no failed assertion among them", len(run.Events))
}

// before returns an entry and the few of the same process before it.
func before(run *Run, at int) []history.Entry {
	shown := []history.Entry{run.Events[at]}
	process := run.Events[at].Process
	if stopped, ok := run.Events[at].Event.(history.ProcessStopped); ok {
		process = stopped.Name
	}
	for i := at - 1; i >= 0 && len(shown) < 6; i-- {
		if run.Events[i].Process == process {
			shown = append(shown, run.Events[i])
		}
	}
	return tidy(shown)
}

// jobAlive (H5): when a run has been drained, every job is RUNNING or has FINISHED, and once the result of a job
// is durable it never runs again (H3). A JobManager that dies between the two leaves a job that does run again.
func jobAlive(run *Run) Result {
	last := map[id.Job]history.Entry{}
	stored := map[id.Job]history.Entry{}
	var order []id.Job
	leader := ""
	for _, e := range run.Events {
		if elected, ok := e.Event.(history.LeaderElected); ok {
			leader = elected.Holder
		}
		if result, ok := e.Event.(history.JobResultStored); ok {
			stored[result.Job] = e
		}
		ev, ok := e.Event.(history.JobStatus)
		if !ok || leader != "" && e.Process != leader {
			continue // a leader that has been replaced may say SUSPENDED long after its successor said RUNNING
		}
		if _, seen := last[ev.Job]; !seen {
			order = append(order, ev.Job)
		}
		if result, ok := stored[ev.Job]; ok && !terminal(ev.Status) {
			return brokenAt("ran-again", []history.Entry{result, e}, "job %s is %s after its result was stored", ev.Job, ev.Status)
		}
		last[ev.Job] = e
	}
	waiting := ""
	for _, job := range order {
		e := last[job]
		switch ev := e.Event.(history.JobStatus); {
		case ev.Status == "FAILED" || run.Drained && ev.Status != "RUNNING" && ev.Status != "FINISHED":
			cause := ""
			if ev.Cause != "" {
				cause = ": " + ev.Cause
			}
			r := brokenAt("dead", []history.Entry{e}, "job %s is %s since %s%s", job, ev.Status, moment(e.At), cause)
			r.At = run.End
			if ev.Status == "FAILED" {
				r.At = e.At
			}
			return r
		case ev.Status != "RUNNING" && ev.Status != "FINISHED":
			waiting = fmt.Sprintf("job %s is %s, and the run ended before it could come back", job, ev.Status)
		}
	}
	if waiting != "" {
		return notDecided("%s", waiting)
	}
	return holds(len(order), "%d RUNNING or FINISHED at the end", len(order))
}
