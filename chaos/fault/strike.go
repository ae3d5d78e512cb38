package fault

import (
	"errors"
	"slices"
)

// strike does a fault that is over at once, and says what came of it.
func (i *Injector) strike(f *firing) string {
	var err error
	switch f.Inject {
	case "jobmanager.kill", "taskmanager.kill", "kafka.broker.kill", "producer.kill":
		err = i.each(f, i.target.Kill)
	case "producer.replace":
		for _, p := range f.hit.processes {
			err = errors.Join(err, i.target.Replace(p))
		}
	case "machine.lose":
		err = i.each(f, i.target.LoseMachine)
	case "kafka.coordinator.move", "kafka.leader.move":
		what := Coordinators
		if f.Inject == "kafka.leader.move" {
			what = Partitions
		}
		for _, p := range f.hit.processes {
			err = errors.Join(err, i.target.Move(p, what))
		}
	case "kafka.unclean-election":
		for _, p := range f.hit.processes {
			err = errors.Join(err, i.target.ElectUnclean(p))
		}
	case "ha.lease.lose":
		for _, p := range f.hit.processes {
			err = errors.Join(err, i.target.LoseLease(p))
		}
	case "network.reset":
		for _, l := range f.hit.links {
			if l[0] < l[1] || !slices.Contains(f.hit.links, [2]string{l[1], l[0]}) {
				err = errors.Join(err, i.target.Reset(l[0], l[1]))
			}
		}
	}
	if err == nil || errors.Is(err, ErrGone) {
		return i.came(f, "done")
	}
	i.failures = append(i.failures, Failure{Fault: f.Name, Reason: err.Error()})
	return "failed: " + err.Error()
}

// each does something deadly to every victim, and remembers that they are down.
func (i *Injector) each(f *firing, do func(string) error) error {
	var all error
	for _, p := range f.hit.processes {
		i.down[p] = i.roleOf(p)
		all = errors.Join(all, do(p))
	}
	return all
}
