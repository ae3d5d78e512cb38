package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/flinch-dev/flinch/chaos/fault"
)

func (r *rules) faults() {
	seen := map[string]bool{}
	for i, f := range r.s.Faults {
		path := []string{"faults", strconv.Itoa(i)}
		if f.Name != "" && seen[f.Name] {
			r.fail(append(path, "name"), "two faults are called %q; mustHappen and after could mean either", f.Name)
		}
		seen[f.Name] = true
		kind, known := fault.Lookup(f.Inject)
		if !known {
			continue // the schema has said so
		}
		r.trigger(path, f, kind)
		r.aim(path, f, kind)
		for _, b := range r.backendsOf() {
			if !kind.On(b) {
				r.fail(append(path, "inject"), "%s cannot be done on backend %s, only on %s; take %s out of backends, or choose another fault",
					kind.Name, b, join(kind.Backends), b)
			}
		}
		if idle := f.Idle(); idle != "" {
			r.warn(path, "%s changes nothing: set %s", f.Name, idle)
		}
		for _, name := range slices.Sorted(maps.Keys(f.With)) {
			p, known := kind.Param(name)
			if !known {
				r.failKey(append(path, "with"), name, "%s has no parameter %q%s", kind.Name, name, hintOrNone(name, kind))
				continue
			}
			if err := p.Check(f.With[name]); err != nil {
				r.fail(append(path, "with", name), "%v", err)
			}
			if topics := r.s.topics(); name == "topic" && !slices.Contains(topics, f.With[name]) {
				r.warn(append(path, "with", name), "no topic of the scenario is called %q%s", f.With[name], hintOrList(f.With[name], topics))
			}
		}
	}
}

func hintOrNone(name string, kind fault.Kind) string {
	var names []string
	for _, p := range kind.Params {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return ": it has none"
	}
	return hintOrList(name, names)
}

func (r *rules) trigger(path []string, f fault.Fault, kind fault.Kind) {
	switch {
	case f.At != nil && f.When != nil:
		r.fail(append(path, "when"), "%s has both at and when; one of them says when it fires", f.Name)
	case f.At == nil && f.When == nil && !r.written(path, "at") && !r.written(path, "when"):
		r.fail(path, "%s never fires: add at (a time), when (an event) or every (a period)", f.Name)
	}
	switch {
	case kind.Lasts == fault.Necessary && f.For == 0:
		r.fail(path, "%s needs to know how long: add for, for example for: 30s", kind.Name)
	case kind.Lasts == fault.AtOnce && f.For != 0:
		r.fail(append(path, "for"), "%s is over at once, so for means nothing: take it away (%s)", kind.Name, kind.Undo)
	}
	if f.At != nil && f.At.At > r.s.Duration {
		r.warn(append(path, "at"), "%s fires at %s, but the run lasts %s: it never will", f.Name, f.At.At, r.s.Duration)
	}
	w := f.When
	if w == nil {
		return
	}
	path = append(path, "when")
	r.faultName(append(path, "after"), w.After)
	r.application(append(path, "application"), w.Application)
	r.operatorName(append(path, "operator"), w.Application, w.Operator)
	if w.Fault != "" {
		r.faultName(append(path, "fault"), w.Fault)
		if w.Event != "" && !strings.HasPrefix(w.Event, "fault.") {
			r.fail(append(path, "fault"), "%s is about no fault; fault goes with fault.started and fault.ended", w.Event)
		}
		if w.Fault == f.Name {
			r.fail(append(path, "fault"), "%s waits for itself", f.Name)
		}
	}
	if w.After == f.Name && f.Name != "" {
		r.fail(append(path, "after"), "%s waits for itself", f.Name)
	}
	r.subtask(append(path, "subtask"), w.Application, w.Operator, w.Subtask)
}

func (r *rules) aim(path []string, f fault.Fault, kind fault.Kind) {
	path = append(path, "target")
	written, _, found := r.tree.at(path...)
	if found && written.get("between") != nil && !kind.Network {
		r.failKey(path, "between", "%s acts on processes, not on the links between them: use role and pick", kind.Name)
		return
	}
	if found && written.get("direction") != nil && !kind.Network {
		r.failKey(path, "direction", "%s acts on processes, so it has no direction", kind.Name)
	}
	if !kind.Network {
		r.side(path, f.Target.Side, kind)
		return
	}
	if found && written.get("between") != nil {
		for i, side := range f.Target.Between {
			for j, s := range side {
				r.side(append(slices.Clone(path), "between", strconv.Itoa(i), strconv.Itoa(j)), s, kind)
			}
		}
		return
	}
	if len(f.Target.Between) == 2 && len(f.Target.Between[0]) == 1 {
		r.side(path, f.Target.Between[0][0], kind)
	}
}

// side complains about a selection that can never find anybody.
func (r *rules) side(path []string, s fault.Side, kind fault.Kind) {
	for i, role := range s.Role {
		if !slices.Contains(kind.Roles, role) {
			r.fail(append(path, "role", strconv.Itoa(i)), "%s cannot be aimed at %s, only at %s", kind.Name, role, join(kind.Roles))
			continue
		}
		for _, b := range r.backendsOf() {
			if roles := kind.RolesOn(b); !slices.Contains(roles, role) {
				r.fail(append(path, "role", strconv.Itoa(i)), "on backend %s, %s cannot be aimed at %s, only at %s; take %[1]s out of backends, or choose another target",
					b, kind.Name, role, join(roles))
			}
		}
	}
	only := func(role fault.Role) bool { return len(s.Role) == 0 || len(s.Role) == 1 && s.Role[0] == role }
	if r.application(append(path, "application"), s.Application); s.Application != "" {
		if service := slices.IndexFunc(s.Role, func(role fault.Role) bool { return role != fault.JobManager && role != fault.TaskManager }); service >= 0 {
			r.fail(append(path, "application"), "%s serves both applications: take application away", s.Role[service])
		}
	}
	switch {
	case s.Pick == fault.Leader && !only(fault.JobManager):
		r.fail(append(path, "pick"), "only a JobManager leads: pick: leader goes with role: jobmanager")
	case s.Pick == fault.Hosting && s.Operator == "":
		r.fail(append(path, "pick"), "hosting whom? add operator, one of %s", several(r.of(s.Application).operators()))
	case s.Pick == fault.Hosting && !only(fault.TaskManager):
		r.fail(append(path, "pick"), "only TaskManagers host operators: pick: hosting goes with role: taskmanager")
	case s.Operator != "" && s.Pick != fault.Hosting:
		r.fail(append(path, "operator"), "operator goes with pick: hosting, not with pick: %s", s.Pick)
	case (s.Pick == fault.Fixed || s.Pick == fault.FixedPercent) && s.Value == 0:
		r.fail(append(path, "pick"), "%s of how many? add value, for example value: 2", s.Pick)
	case s.Pick == fault.FixedPercent && s.Value > 100:
		r.fail(append(path, "value"), "%d per cent is more than all", s.Value)
	}
	if s.Pick == fault.Fixed && len(s.Role) == 1 {
		if have := r.of(s.Application).replicas(s.Role[0]); s.Value > have {
			r.fail(append(path, "value"), "there are only %d %s, not %d", have, s.Role[0], s.Value)
		}
	}
	if s.Pick == fault.Hosting {
		r.operatorName(append(path, "operator"), s.Application, s.Operator)
		r.subtask(append(path, "subtask"), s.Application, s.Operator, s.Subtask)
	}
	if s.Name != "" {
		r.processName(path, s, kind)
	}
}

// processName complains about a process that will not exist.
func (r *rules) processName(path []string, s fault.Side, kind fault.Kind) {
	var names []string
	roles := s.Role
	if len(roles) == 0 {
		roles = kind.Roles
	}
	for _, role := range roles {
		if role == fault.ObjectStore || role == fault.HA {
			names = append(names, string(role))
			continue
		}
		for i := range r.s.replicas(role) {
			names = append(names, fmt.Sprintf("%s-%d", role, i))
		}
		if next := r.s.Next(); next != nil && (role == fault.JobManager || role == fault.TaskManager) {
			for i := range next.replicas(role) {
				names = append(names, fmt.Sprintf("%s-%s-%d", role, r.s.Downstream.Name, i))
			}
		}
	}
	if !slices.Contains(names, s.Name) {
		r.fail(append(path, "name"), "no process is called %q%s", s.Name, hintOrList(s.Name, names))
	}
}

func (s *Scenario) replicas(role fault.Role) int {
	switch role {
	case fault.JobManager:
		return s.Deployment.JobManager.Replicas
	case fault.TaskManager:
		return s.Deployment.TaskManager.Replicas
	case fault.Producer:
		return s.instances()
	}
	return 3 // the brokers of the model, and of the Kafka clusters that are started for a run
}

// subtask complains about an index that the operator's parallelism does not reach.
func (r *rules) subtask(path []string, application, operator string, subtask *int) {
	of := r.of(application)
	if subtask == nil || !r.hasApplication(application) || !slices.Contains(of.operators(), operator) {
		return
	}
	parallelism := of.Deployment.Job.Parallelism
	for _, o := range of.Pipeline.Operators {
		if o.Name == operator && o.Parallelism > 0 {
			parallelism = o.Parallelism
		}
	}
	if *subtask >= parallelism {
		r.fail(path, "%s has %d subtasks, 0 to %d: there is no subtask %d", operator, parallelism, parallelism-1, *subtask)
	}
}
