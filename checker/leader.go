package checker

import (
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// oneLeader (H1). Two processes may believe at the same time that they lead: one that was paused does not
// know yet that it has been replaced. What must not happen is that the replaced one still has an effect: once
// a new leader has chosen what to restore, no other may complete a newer checkpoint or store the job's result: that it
// takes the job for finished, from news that has waited for it, reaches nobody. And every grant of leadership has a
// token of its own.
func oneLeader(run *Run) Result {
	grants := map[id.Token]history.Entry{}
	leading := map[string]bool{}
	var elected history.Entry              // the last election
	restored := map[id.Job]history.Entry{} // the last restore, if the last elected leader made it
	looked, overlaps := 0, 0
	leader := func() string { return elected.Event.(history.LeaderElected).Holder }
	for _, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.LeaderElected:
			looked++
			if first, again := grants[ev.Token]; again {
				return brokenAt("token-reused", []history.Entry{first, e}, "leadership was granted twice with one fencing token")
			}
			grants[ev.Token], elected = e, e
			delete(leading, ev.Holder)
			if len(leading) > 0 {
				overlaps++
			}
			leading[ev.Holder] = true
			clear(restored)
		case history.LeaderLost:
			delete(leading, ev.Holder)
		case history.ProcessStopped:
			delete(leading, ev.Name)
		case history.RestoreStarted:
			if elected.Event != nil && e.Process == leader() {
				restored[ev.Job] = e
			}
		case history.CheckpointCompleted:
			since, ok := restored[ev.Job]
			if ok && e.Process != leader() && ev.Checkpoint > since.Event.(history.RestoreStarted).Checkpoint {
				return brokenAt("stale-leader", []history.Entry{elected, since, e}, "%s completed checkpoint %d of job %s after %s had been elected and had restored checkpoint %d",
					e.Process, ev.Checkpoint, ev.Job, leader(), since.Event.(history.RestoreStarted).Checkpoint)
			}
		case history.JobResultStored:
			since, ok := restored[ev.Job]
			if ok && e.Process != leader() {
				return brokenAt("stale-leader", []history.Entry{elected, since, e}, "%s stored that job %s is %s after %s had been elected and had restored it",
					e.Process, ev.Job, ev.Status, leader())
			}
		}
	}
	if overlaps == 0 {
		return holds(looked, "%d elections, one leader at a time", looked)
	}
	return holds(looked, "%d elections; %d times a former leader still believed that it leads, without effect", looked, overlaps)
}

// terminal says whether a job of this status never runs again.
func terminal(status string) bool {
	return status == "FINISHED" || status == "FAILED" || status == "CANCELED"
}

// successor is the process that was elected last, as the history is followed.
type successor string

func (s *successor) follow(e history.Entry) {
	if ev, ok := e.Event.(history.LeaderElected); ok {
		*s = successor(ev.Holder)
	}
}

// of says whether a process acts though another has been elected since: what it decides reaches nobody, which
// is what oneLeader looks at.
func (s successor) of(process string) bool { return s != "" && string(s) != process }
