package fault

import (
	"fmt"
	"slices"
	"strings"
)

// Failures are the firings that could not happen or not be undone, in order.
func (i *Injector) Failures() []Failure { return i.failures }

// Missed names the faults that never started. A run in which a fault was missed has not tested it.
func (i *Injector) Missed() []string {
	var names []string
	for _, a := range i.faults {
		if !a.started {
			names = append(names, a.Name)
		}
	}
	return names
}

// Active names the faults in force, in the order of their start.
func (i *Injector) Active() []string {
	names := make([]string, len(i.active))
	for k, f := range i.active {
		names[k] = f.Name
	}
	return names
}

// Idle says whether nothing is in force and nothing is waiting for a time to come. A fault that waits for an
// event does not count: the event may never come. One with "every" is never idle.
func (i *Injector) Idle() bool {
	if len(i.active) > 0 {
		return false
	}
	return !slices.ContainsFunc(i.faults, func(a *armed) bool { return a.fired < a.planned })
}

// asked is the scenario's word for when.
func (f Fault) asked() string {
	switch {
	case f.When != nil:
		return "at " + f.When.String()
	case f.At.Until != 0:
		return fmt.Sprintf("between %s and %s", f.At.At, f.At.Until)
	default:
		return "at " + f.At.String()
	}
}

func (i *Injector) roleOf(process string) Role {
	for _, role := range Roles {
		if slices.Contains(i.target.Processes(role), process) {
			return role
		}
	}
	return ""
}

// tooMany says which bound of MaxAffected a firing would break, or "".
func (i *Injector) tooMany(a *armed, hit victims) string {
	for _, role := range Roles {
		limit, bounded := i.cfg.MaxAffected[role]
		if !bounded {
			continue
		}
		suffering := map[string]bool{}
		for p, r := range i.down {
			if r == role {
				suffering[p] = true
			}
		}
		up := i.target.Processes(role)
		add := func(v victims) {
			for _, p := range append(slices.Clone(v.processes), v.near...) {
				if slices.Contains(up, p) {
					suffering[p] = true
				}
			}
		}
		for _, f := range i.active {
			add(f.hit)
		}
		before := len(suffering)
		add(hit)
		if len(suffering) > limit && len(suffering) > before {
			return fmt.Sprintf("safety.maxAffected allows %d %s at a time; %s would make it %d",
				limit, role, strings.Join(hit.names(), ", "), len(suffering))
		}
	}
	return ""
}
