package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// process is the life of one process.
type process struct {
	Name     string
	States   []span // up, paused, dead
	Leads    []span
	Attempts []attempt
	Fenced   []time.Duration
	PIDs     []pid // of a real process: one for each life
}

type pid struct {
	from   time.Duration
	number int
}

// withPIDs lists processes, the real ones with their process ids at a time.
func (s *story) withPIDs(names []string, at time.Duration) string {
	shown := slices.Clone(names)
	for i, name := range names {
		for _, p := range s.processes {
			for _, life := range p.PIDs {
				if p.Name == name && life.from <= at {
					shown[i] = fmt.Sprintf("%s (pid %d)", name, life.number)
				}
			}
		}
	}
	return strings.Join(shown, ", ")
}

// attempt is one deployment of a subtask, on the process that ran it.
type attempt struct {
	ID     id.Attempt
	States []span // DEPLOYING, INITIALIZING, RUNNING ...; the last one ends where the attempt ended
	End    string // the terminal state, or empty while it ran on
}

type processReader struct {
	byName   map[string]*process
	attempts map[id.Attempt]*placed
	latest   map[id.Subtask]id.Attempt
	order    []id.Attempt
}

type placed struct {
	attempt
	on string
}

func newProcessReader() *processReader {
	return &processReader{byName: map[string]*process{}, attempts: map[id.Attempt]*placed{},
		latest: map[id.Subtask]id.Attempt{}}
}

// The states of a process.
const (
	up     = "up"
	paused = "paused"
	dead   = "dead"
)

func (r *processReader) see(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.ProcessStarted:
		r.move(ev.Name, e.At, up)
	case history.ProcessConnected:
		p := r.at(ev.Name)
		p.PIDs = append(p.PIDs, pid{e.At, ev.PID})
	case history.ProcessStopped:
		r.move(ev.Name, e.At, dead)
		r.endLead(ev.Name, e.At)
		r.endAttempts(ev.Name, e.At, "LOST")
	case history.ProcessPaused:
		r.move(ev.Name, e.At, paused)
	case history.ProcessResumed:
		r.move(ev.Name, e.At, up)
	case history.LeaderElected:
		p := r.at(ev.Holder)
		p.Leads = append(p.Leads, span{From: e.At, To: -1, State: "leader"})
	case history.LeaderLost:
		r.endLead(ev.Holder, e.At)
	case history.AttemptFenced:
		if e.Process != "" {
			p := r.at(e.Process)
			p.Fenced = append(p.Fenced, e.At)
		}
	case history.ExecutionState:
		r.execution(ev, e.At)
	case history.FaultStarted, history.FaultEnded: // the harness notes them, and is no part of the service
	default:
		if e.Process != "" {
			r.at(e.Process)
		}
	}
}

func (r *processReader) at(name string) *process {
	p := r.byName[name]
	if p == nil {
		p = &process{Name: name}
		r.byName[name] = p
	}
	return p
}

func (r *processReader) move(name string, at time.Duration, to string) {
	p := r.at(name)
	if n := len(p.States); n > 0 {
		p.States[n-1].To = at
	}
	p.States = append(p.States, span{From: at, State: to})
}

func (r *processReader) endLead(name string, at time.Duration) {
	p := r.at(name)
	if n := len(p.Leads); n > 0 && p.Leads[n-1].To < 0 {
		p.Leads[n-1].To = at
	}
}

func (r *processReader) endAttempts(on string, at time.Duration, how string) {
	for _, a := range r.order {
		if p := r.attempts[a]; p.on == on && p.End == "" {
			p.States[len(p.States)-1].To = at
			p.End = how
		}
	}
}

func (r *processReader) execution(ev history.ExecutionState, at time.Duration) {
	p := r.attempts[ev.Attempt]
	if p == nil {
		if ev.TaskManager == "" { // not placed yet, so there is no lane to draw it in
			return
		}
		r.supersede(ev.Attempt, at)
		p = &placed{attempt: attempt{ID: ev.Attempt}, on: ev.TaskManager}
		r.attempts[ev.Attempt] = p
		r.order = append(r.order, ev.Attempt)
		r.at(ev.TaskManager)
	}
	if p.End != "" {
		return
	}
	if n := len(p.States); n > 0 {
		p.States[n-1].To = at
	}
	switch ev.State {
	case "FINISHED", "CANCELED", "FAILED":
		p.End = ev.State
		if len(p.States) == 0 {
			p.States = append(p.States, span{From: at, To: at, State: ev.State})
		}
	default:
		p.States = append(p.States, span{From: at, To: at, State: ev.State})
	}
}

// supersede ends the former attempt of a subtask: when their JobMaster died, nobody was left to note it.
func (r *processReader) supersede(by id.Attempt, at time.Duration) {
	if p := r.attempts[r.latest[by.Of()]]; p != nil && p.End == "" {
		p.States[len(p.States)-1].To = at
		p.End = "superseded"
	}
	r.latest[by.Of()] = by
}

func (r *processReader) finish(end time.Duration) []process {
	for _, a := range r.order {
		p := r.attempts[a]
		if p.End == "" {
			p.States[len(p.States)-1].To = end
		}
		on := r.at(p.on)
		on.Attempts = append(on.Attempts, p.attempt)
	}
	var all []process
	for _, name := range slices.SortedFunc(maps.Keys(r.byName), byRole) {
		p := r.byName[name]
		if len(p.States) == 0 { // a real run that does not note starts: it was there all along
			p.States = []span{{State: up}}
		}
		p.States[len(p.States)-1].To = end
		for i := range p.Leads {
			if p.Leads[i].To < 0 {
				p.Leads[i].To = end
			}
		}
		all = append(all, *p)
	}
	return all
}

// byRole puts the job's own processes first and the services that they lean on after them.
func byRole(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), naturally(a, b))
}

func rank(process string) int {
	for i, role := range []string{"jobmanager", "taskmanager", "kafka", "broker", "objectstore", "lease"} {
		if strings.HasPrefix(process, role) {
			return i
		}
	}
	return 99
}

// naturally puts taskmanager-2 before taskmanager-10.
func naturally(a, b string) int {
	return cmp.Or(cmp.Compare(len(strings.TrimRight(a, "0123456789")), len(strings.TrimRight(b, "0123456789"))),
		cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
