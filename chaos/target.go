package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// target is the world as faults see it, simulated or in real time.
type target struct {
	*cluster.Cluster
	real *process.Conductor // nil in simulation
	apps []*application
	end  map[fault.Role][]func() // undo what is wrong with a service
}

func newTarget(c *cluster.Cluster, real *process.Conductor, apps []*application) *target {
	return &target{Cluster: c, real: real, apps: apps, end: map[fault.Role][]func(){}}
}

// Processes returns the processes of a role that are up.
func (t *target) Processes(role fault.Role) []string {
	var names []string
	for _, name := range t.World.Processes() {
		if t.Up(name) && (name == string(role) || strings.HasPrefix(name, string(role)+"-")) {
			names = append(names, name)
		}
	}
	return names
}

// Application says whose process it is.
func (*target) Application(process string) string {
	name, _ := cluster.ApplicationOf(process)
	return name
}

// of returns an application by name, or nil.
func (t *target) of(name string) *application {
	for _, a := range t.apps {
		if a.name == name {
			return a
		}
	}
	return nil
}

// Leader returns the JobManager that leads an application, or "".
func (t *target) Leader(application string) string {
	if a := t.of(application); a != nil {
		return a.Leader()
	}
	return ""
}

// Hosting returns the TaskManagers that run an operator.
func (t *target) Hosting(application, operator string, subtask int) []string {
	a := t.of(application)
	if a == nil {
		return nil
	}
	vertex := a.job.Vertex(cluster.VertexOf(&a.job, id.Operator(operator)))
	if vertex == nil {
		return nil
	}
	var hosts []string
	for i := range vertex.Parallelism {
		host := a.Host(vertex.ID, i)
		if (subtask < 0 || subtask == i) && host != "" && t.Up(host) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// alive runs f unless the process is gone.
func (t *target) alive(process string, f func()) error {
	if !t.Up(process) {
		return fault.ErrGone
	}
	f()
	return nil
}

func (t *target) Kill(process string) error {
	if _, is := brokerOf(process); is && t.Kafka == nil {
		return fmt.Errorf("kill %s: the harness has not started it, and cannot start it again; the model can be killed", process)
	}
	return t.alive(process, func() { t.World.Kill(process) })
}

func (t *target) Pause(process string) error {
	return t.alive(process, func() { t.World.Pause(process) })
}

func (t *target) Resume(process string) error {
	return t.alive(process, func() { t.World.Resume(process) })
}

func (t *target) LoseMachine(process string) error {
	return t.alive(process, func() { t.World.LoseMachine(t.Machine(process)) })
}

// SkewClock sets the clock of a process, of this life or the next: the machine has it.
func (t *target) SkewClock(process string, offset time.Duration, rate float64) error {
	if _, is := brokerOf(process); is {
		return t.model(process, "set the clock of", func(int) { t.SetClock(process, offset, rate) })
	}
	t.SetClock(process, offset, rate)
	return nil
}

func (t *target) SetLink(from, to string, state fault.LinkState) error {
	if state.Cut {
		t.Cut(from, to)
	} else {
		t.Mend(from, to)
	}
	t.Refuse(from, to, state.Reject)
	t.Slow(from, to, state.Delay, state.Jitter)
	t.Lose(from, to, state.Loss)
	t.Narrow(from, to, state.Bytes)
	if t.real != nil {
		t.real.SetLink(from, to, state)
	}
	return nil
}

func (t *target) LinkHits(from, to string) uint64 {
	n := t.World.Hits(from, to)
	if t.real != nil {
		n += t.real.LinkHits(from, to)
	}
	return n
}

func (t *target) Reset(a, b string) error {
	t.World.Reset(a, b)
	if t.real != nil {
		t.real.ResetLink(a, b)
	}
	return nil
}
