package measure

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
)

const never = checker.Unknown

// stray bounds how long after a fault a disturbance may begin to be put down to it, if nothing restarted.
const stray = 10 * time.Second

// fault is one FaultStarted, and when the next one came.
type fault struct {
	history.FaultStarted
	entry int // its place in the history
	at    time.Duration
	next  time.Duration // when the next fault was injected, or the end of the run
	ended time.Duration // when it was undone, or never
}

// episode is what the history says of a recovery: the entries that its phases begin and end with. A nil
// entry was not reached.
type episode struct {
	fault
	noticed   *history.Entry // the first component that noticed
	elected   *history.Entry // a new leader, if there was one
	scheduled *history.Entry // the restart strategy's last answer
	chosen    *history.Entry // the restore that went through, or the last one begun
	deployed  *history.Entry // the first of its attempts being deployed
	loaded    *history.Entry // the first of its attempts that has its state
	running   *history.Entry // every task is RUNNING
	caughtUp  time.Duration
}

func faultsOf(run *checker.Run) []fault {
	var all []fault
	for i, e := range run.Events {
		switch ev := e.Event.(type) {
		case history.FaultStarted:
			if n := len(all); n > 0 {
				all[n-1].next = e.At
			}
			all = append(all, fault{ev, i, e.At, run.End, never})
		case history.FaultEnded:
			for j := range all {
				if all[j].Fault == ev.Fault && all[j].ended == never {
					all[j].ended = e.At
				}
			}
		}
	}
	return all
}

// episodeOf follows one fault through the history.
func episodeOf(run *checker.Run, faults []fault, which int) episode {
	ep := episode{fault: faults[which], caughtUp: never}
	events := run.Events
	at := ep.entry + 1
	for ; at < len(events); at++ {
		if text, notice := notices(events[at]); notice && ep.blamed(text, events[at].At, faults) {
			ep.noticed = &events[at]
			break
		}
	}
	for ; at < len(events) && ep.running == nil; at++ {
		e := &events[at]
		switch ev := e.Event.(type) {
		case history.FaultStarted:
			if ep.elected == nil && ep.scheduled == nil && ep.chosen == nil && e.At > ep.noticed.At+stray {
				return ep // noticed, and nothing came of it
			}
		case history.LeaderElected:
			if ep.chosen == nil {
				ep.elected = e
			}
		case history.RestartScheduled:
			ep.scheduled = e
		case history.RestoreStarted:
			ep.chosen, ep.deployed, ep.loaded = e, nil, nil
		case history.ExecutionState:
			if ev.State == "DEPLOYING" && ep.chosen != nil && ep.deployed == nil {
				ep.deployed = e
			}
		case history.TaskRestored:
			if ep.chosen != nil && ep.loaded == nil {
				ep.loaded = e
			}
		case history.RestoreCompleted:
			if ep.chosen != nil {
				ep.running = e
			}
		}
	}
	return ep
}

// notices says whether an entry shows that a component noticed something wrong, and whom it names.
func notices(e history.Entry) (text string, notice bool) {
	switch ev := e.Event.(type) {
	case history.HeartbeatTimeout:
		return ev.Target, true
	case history.LeaderLost:
		return ev.Holder, true
	case history.LeaderElected:
		return "", true
	case history.ExecutionState:
		return ev.TaskManager + " " + ev.Cause, ev.State == "FAILED"
	case history.JobStatus:
		return ev.Cause, ev.Status == "RESTARTING" || ev.Status == "FAILING" || ev.Status == "SUSPENDED"
	case history.RestartScheduled:
		return ev.Cause, true
	}
	return "", false
}

// blamed says whether what was noticed is put down to this fault: it is the last one that hit a target which is
// named, or nobody's target is named and no other fault has come yet.
func (ep *episode) blamed(text string, at time.Duration, faults []fault) bool {
	for _, other := range slices.Backward(faults) {
		if other.at <= at && namesAny(text, other.Targets) {
			return other.entry == ep.entry
		}
	}
	return at <= ep.next
}

// namesAny says whether a text names one of the targets as a word: taskmanager-1 is not taskmanager-10.
func namesAny(text string, targets []string) bool {
	for _, target := range targets {
		for rest := text; target != ""; {
			i := strings.Index(rest, target)
			if i < 0 {
				break
			}
			rest = rest[i+len(target):]
			if rest == "" || rest[0] < '0' || rest[0] > '9' {
				return true
			}
		}
	}
	return false
}

// Recoveries says of each fault what it cost, in the order of the faults. A fault from which nothing had to
// recover has all phases 0; one that only held the records up has a CatchUp alone; and what was not reached
// before the end of the run is -1.
func Recoveries(run *checker.Run) []Recovery { return measured(run).recoveries }

func (m *measurement) recover() {
	calm := m.started // since when things have been normal
	band := 1
	faults := faultsOf(m.run)
	episodes := make([]episode, len(faults))
	for which := range faults {
		episodes[which] = episodeOf(m.run, faults, which)
	}
	again := m.readAgain(episodes)
	for which, ep := range episodes {
		if ep.at > calm {
			band = m.lag.band(calm, ep.at)
		} // else the fault before is not over: what was normal then is normal now
		r := Recovery{Fault: ep.Fault, At: ep.at, Reprocessed: again[which]}
		if ep.chosen == nil && ep.elected == nil && ep.scheduled == nil {
			m.heldUp(&ep, &r, band)
		} else {
			m.restarted(&ep, &r, band)
		}
		m.recoveries = append(m.recoveries, r)
		switch {
		case r.Total == never:
			calm = m.run.End
		default:
			calm = max(calm, r.At+r.Total)
		}
	}
}

// readAgain counts by episode the records that were read again. They are put down to the fault that led to the last restore
// before them, though another may have come since; to the last fault if that restore is no episode's.
func (m *measurement) readAgain(episodes []episode) []int {
	led := map[*history.Entry]int{}
	for which, ep := range episodes {
		led[ep.chosen] = which
	}
	var restores []*history.Entry
	for i := range m.run.Events {
		if _, is := m.run.Events[i].Event.(history.RestoreStarted); is {
			restores = append(restores, &m.run.Events[i])
		}
	}
	counts := make([]int, len(episodes))
	for i, again := range m.passage.Again {
		if !again {
			continue
		}
		at := m.run.Output[i].Appended
		before := sort.Search(len(restores), func(n int) bool { return restores[n].At > at })
		which, is := -1, false
		if before > 0 {
			which, is = led[restores[before-1]]
		}
		if !is {
			which = sort.Search(len(episodes), func(n int) bool { return episodes[n].at > at }) - 1
		}
		if which >= 0 {
			counts[which]++
		}
	}
	return counts
}

// heldUp fills in the recovery from a fault that made nothing restart. The lag must leave its band by far: a little
// beyond is noise, which no fault is to blame for.
func (m *measurement) heldUp(ep *episode, r *Recovery, band int) {
	until := ep.at + stray
	if ep.ended != never {
		until = ep.ended + stray
	}
	out := m.lag.leaves(ep.at, min(until, ep.next, m.run.End), 2*band)
	if out == never {
		return
	}
	back := m.lag.back(out, m.run.End, band)
	if back == never {
		r.CatchUp, r.Total = never, never
		r.Steps = []Step{{"catch up", out, m.run.End, capacityKey}}
		return
	}
	r.CatchUp, r.Total = back-out, back-out
	r.Steps = []Step{{"catch up", out, back, capacityKey}}
}

// restarted fills in the recovery from a fault after which the job was restored.
func (m *measurement) restarted(ep *episode, r *Recovery, band int) {
	r.Detect = ep.noticed.At - ep.at
	r.Restart, r.Restore, r.CatchUp, r.Total = never, never, never, never
	if ep.chosen != nil {
		r.Checkpoint = uint64(ep.chosen.Event.(history.RestoreStarted).Checkpoint)
		r.Restart = ep.deploying() - ep.noticed.At
	}
	if ep.running != nil {
		r.Restore = ep.running.At - ep.deploying()
		ep.caughtUp = m.lag.back(ep.running.At, m.run.End, band)
	}
	if ep.caughtUp != never {
		r.CatchUp = ep.caughtUp - ep.running.At
		r.Total = ep.caughtUp - ep.at
	}
	r.Steps = m.waterfall(ep)
}

// deploying is when the attempts that came to run were being deployed.
func (ep *episode) deploying() time.Duration {
	if ep.deployed != nil {
		return ep.deployed.At
	}
	return ep.chosen.At
}
