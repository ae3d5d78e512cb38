package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// application is one Flink cluster of a run with its job: the scenario's own, or the one downstream of it.
type application struct {
	*cluster.View
	name     string // "" for the first
	scenario *scenario.Scenario
	job      plan.Job
}

// applications compiles the jobs of a scenario.
func applications(s *scenario.Scenario) (all []*application, err error) {
	first := &application{scenario: s}
	if first.job, err = compile(s); err != nil {
		return nil, err
	}
	if s.Downstream == nil {
		return []*application{first}, nil
	}
	next := &application{scenario: s.Next(), name: s.Downstream.Name}
	if next.job, err = compile(next.scenario); err != nil {
		return nil, fmt.Errorf("downstream application %s: %w", next.name, err)
	}
	return []*application{first, next}, nil
}

// join has the applications look at the world that they run in.
func (r *runner) join() {
	r.applications[0].View = &r.world.View
	if len(r.applications) > 1 {
		r.applications[1].View = r.world.Downstream
	}
}

// jobs are those of the applications by name, as faults are aimed by them.
func (r *runner) jobs() map[string]*plan.Job {
	all := map[string]*plan.Job{}
	for _, a := range r.applications {
		all[a.name] = &a.job
	}
	return all
}

// called is how sentences call an application's job.
func (a *application) called() string {
	if a.name == "" {
		return "the job"
	}
	return "the job of " + a.name
}

// waitsFor is what an application still waits for at the end of a run whose input has so many records (or, of a topic
// with transactions, so many offsets), or "". A bounded job has to finish. An unbounded one has to complete a checkpoint
// that covers all input, and another one a while later: until then a TaskManager may be dead without anybody having
// noticed, and with it the commits of the first.
func (a *application) waitsFor(input int64, quiet time.Duration) string {
	status := a.Status()
	records, at := a.Covered()
	switch {
	case status == finished:
		return ""
	case a.scenario.Pipeline.Source.Connector == "file" || status != running:
		return fmt.Sprintf("%s is %s", a.called(), orNot(status))
	case records < input:
		return fmt.Sprintf("the completed checkpoints of %s cover %d of %d records", a.called(), records, input)
	case a.LastCompleted() < at+quiet:
		return fmt.Sprintf("no checkpoint of %s was completed after the one that covers all records", a.called())
	}
	return ""
}

// events are those of an application and of the services that it shares with others. A fault that has struck only
// others is none of its own.
func (a *application) events(all history.History) history.History {
	var mine history.History
	elsewhere := map[string]bool{} // by fault
	for _, e := range all {
		switch ev := e.Event.(type) {
		case history.FaultStarted:
			elsewhere[ev.Fault] = len(ev.Targets) > 0 && !slices.ContainsFunc(ev.Targets, a.has)
			if elsewhere[ev.Fault] {
				continue
			}
		case history.FaultEnded:
			if elsewhere[ev.Fault] {
				continue
			}
		}
		if a.Concerns(e) {
			mine = append(mine, e)
		}
	}
	return mine
}

// has says whether a target of a fault, a process or a link, is of this application or of a service.
func (a *application) has(target string) bool {
	for _, process := range strings.Split(target, "->") {
		if name, member := cluster.ApplicationOf(process); !member || name == a.name {
			return true
		}
	}
	return false
}
