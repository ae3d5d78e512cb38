package reports

import (
	"cmp"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
)

// story is a history as spans of true time, which is what pages draw.
type story struct {
	end          time.Duration
	processes    []process
	checkpoints  []checkpoint
	transactions []transaction
	restarts     []restart
	faults       []fault
	job          []span // the job's status over time
}

// span is a stretch of time in one state.
type span struct {
	From, To time.Duration
	State    string
}

// fault is one injected fault.
type fault struct {
	At, Ended time.Duration // Ended is -1 if it was never undone
	Started   history.FaultStarted
	Result    string
}

// restart is one answer of a restart strategy.
type restart struct {
	At       time.Duration
	Event    history.RestartScheduled
	Restored int64 // checkpoint, -1 if no restore followed
	Running  time.Duration
}

// read turns a history into a story. Reader state that outlives an event is in the small readers of
// processes.go, checkpoints.go and transactions.go.
func read(run checker.Run) *story {
	s := &story{end: run.End}
	if n := len(run.Events); n > 0 {
		s.end = max(s.end, run.Events[n-1].At)
	}
	s.end = max(s.end, time.Millisecond) // an axis needs a length, also for a run that did not start
	p, c, t, j := newProcessReader(), newCheckpointReader(), newTransactionReader(), jobReader{}
	for _, e := range run.Events {
		p.see(e)
		c.see(e)
		t.see(e)
		j.see(e)
		s.seeFault(e)
		s.seeRestart(e)
	}
	t.wrote(run.Output)
	if run.Upstream != nil {
		t.wrote(run.Upstream.Rows)
	}
	s.processes = p.finish(s.end)
	s.checkpoints = c.finish(s.end)
	s.transactions = t.finish(s.end)
	s.job = j.finish(s.end)
	return s
}

func (s *story) seeFault(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.FaultStarted:
		s.faults = append(s.faults, fault{At: e.At, Ended: -1, Started: ev})
	case history.FaultEnded:
		for i := len(s.faults) - 1; i >= 0; i-- {
			if f := &s.faults[i]; f.Started.Fault == ev.Fault && f.Ended < 0 {
				f.Ended, f.Result = e.At, ev.Result
				return
			}
		}
	}
}

func (s *story) seeRestart(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.RestartScheduled:
		s.restarts = append(s.restarts, restart{At: e.At, Event: ev, Restored: -1, Running: -1})
	case history.RestoreStarted:
		if r := s.lastRestart(); r != nil && r.Restored < 0 {
			r.Restored = int64(ev.Checkpoint)
		}
	case history.RestoreCompleted:
		if r := s.lastRestart(); r != nil && r.Restored >= 0 && r.Running < 0 {
			r.Running = e.At
		}
	}
}

func (s *story) lastRestart() *restart {
	if len(s.restarts) == 0 {
		return nil
	}
	return &s.restarts[len(s.restarts)-1]
}

// jobReader follows the job's status. When the process that announced the last status dies, nobody holds
// the job until another one speaks.
type jobReader struct {
	spans   []span
	speaker string
}

// Nobody is the job's status while no JobManager holds it.
const nobody = "NO JOBMASTER"

func (j *jobReader) see(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.JobStatus:
		j.speaker = e.Process
		j.move(e.At, ev.Status)
	case history.ProcessStopped:
		if ev.Name == j.speaker && len(j.spans) > 0 && !final(j.spans[len(j.spans)-1].State) {
			j.move(e.At, nobody)
		}
	}
}

func final(status string) bool {
	return status == "FINISHED" || status == "FAILED" || status == "CANCELED"
}

func (j *jobReader) move(at time.Duration, to string) {
	if n := len(j.spans); n > 0 {
		if j.spans[n-1].State == to {
			return
		}
		j.spans[n-1].To = at
	}
	j.spans = append(j.spans, span{From: at, State: to})
}

func (j *jobReader) finish(end time.Duration) []span {
	if n := len(j.spans); n > 0 {
		j.spans[n-1].To = end
	}
	return slices.DeleteFunc(j.spans, func(s span) bool { return s.To == s.From && s.To != end })
}

// firstAfter returns the first entry at or after a time.
func firstAfter(h history.History, at time.Duration) int {
	i, _ := slices.BinarySearchFunc(h, at, func(e history.Entry, at time.Duration) int { return cmp.Compare(e.At, at) })
	return i
}
