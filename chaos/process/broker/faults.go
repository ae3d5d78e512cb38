package broker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// injector lets faults strike the cluster, at their time since the start or at a step of the protocol.
type injector struct {
	s    *Server
	kill func(node int)
	in   *fault.Injector
	seen int // events
}

// AboutKafka says whether a fault is one that strikes Kafka itself.
func AboutKafka(f fault.Fault) bool {
	return strings.HasPrefix(f.Inject, string(fault.Kafka)+".") || f.Inject == "clock.skew" && slices.Equal(f.Target.Role, []fault.Role{fault.Kafka})
}

func newInjector(s *Server, kill func(node int), faults []fault.Fault) (*injector, error) {
	i := &injector{s: s, kill: kill}
	for _, f := range faults {
		if !AboutKafka(f) {
			return nil, fmt.Errorf("arm fault %q: %s does not strike Kafka, and nothing else is served here; leave it out", f.Name, f.Inject)
		}
	}
	var err error
	i.in, err = fault.New(fault.Config{
		Faults: faults,
		Target: i,
		Rand:   func(string, int) *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) },
		At:     func(wait time.Duration, f func()) { s.after(wait, &timer{do: f}) },
		Note:   i.say,
	})
	return i, err
}

// observe shows faults a step of the protocol.
func (i *injector) observe(now time.Duration, event history.Event) {
	i.seen++
	i.in.Observe(history.Entry{N: i.seen, At: now, Event: event})
}

// say tells what faults do.
func (i *injector) say(event history.Event) {
	switch e := event.(type) {
	case history.FaultStarted:
		i.s.log.Info("a fault strikes", "fault", e.Fault, "kind", e.Inject, "asked", e.Asked, "targets", strings.Join(e.Targets, ","))
	case history.FaultEnded:
		i.s.log.Info("a fault is over", "fault", e.Fault, "kind", e.Inject, "result", e.Result)
	}
	i.observe(i.s.now(), event)
}

// Application is that of no broker.
func (*injector) Application(string) string { return "" }

// Processes are the brokers that are up.
func (i *injector) Processes(role fault.Role) (names []string) {
	for n := range i.s.cluster.Addrs() {
		if name := kafka.Addr(n); role == fault.Kafka && i.s.actors[name] != nil {
			names = append(names, string(name))
		}
	}
	return names
}

// Kill ends a broker's life. It comes back by itself.
func (i *injector) Kill(broker string) error {
	return i.at(broker, i.kill)
}

// Move gives what a broker leads to others.
func (i *injector) Move(broker string, what fault.Led) error {
	if what == fault.Coordinators {
		return i.at(broker, i.s.cluster.MoveCoordinators)
	}
	return i.at(broker, i.s.cluster.MoveLeaders)
}

// StopFollowers makes the followers on a broker fetch nothing.
func (i *injector) StopFollowers(broker string, topics []string) error {
	return i.at(broker, func(n int) { i.s.cluster.StopFollowers(n, topics...) })
}

// ResumeFollowers makes them fetch again, or those of its next life.
func (i *injector) ResumeFollowers(broker string) error {
	i.s.cluster.ResumeFollowers(slices.Index(i.s.cluster.Addrs(), mailbox.Addr(broker)))
	return nil
}

// SetBroker says what is wrong with a broker, of this life or the next.
func (i *injector) SetBroker(broker string, state fault.BrokerState) error {
	Break(i.s.cluster, slices.Index(i.s.cluster.Addrs(), mailbox.Addr(broker)), state)
	return nil
}

// ElectUnclean makes a broker lead what nobody else may lead.
func (i *injector) ElectUnclean(broker string) error { return i.at(broker, i.s.cluster.ElectUnclean) }

// at does something to a broker by its name.
func (i *injector) at(broker string, do func(node int)) error {
	n := slices.Index(i.s.cluster.Addrs(), mailbox.Addr(broker))
	if n < 0 || i.s.actors[mailbox.Addr(broker)] == nil {
		return fault.ErrGone
	}
	do(n)
	return nil
}

// SetService says what is wrong with the cluster as a whole.
func (i *injector) SetService(service fault.Role, states []fault.ServiceState) error {
	if service != fault.Kafka {
		return cannot("make " + string(service) + " fail")
	}
	return Misbehave(i.s.cluster, states)
}

// ServiceHits counts what has met it.
func (i *injector) ServiceHits(fault.Role) uint64 { return i.s.cluster.FaultHits() }

// SkewClock makes a broker's clock wrong, in this life and the next.
func (i *injector) SkewClock(broker string, off time.Duration, rate float64) error {
	i.s.host.Clock(mailbox.Addr(broker)).Set(i.s.now(), off, rate)
	return nil
}

// Nobody else is in this world, and it has one machine and no network.

func (i *injector) LinkHits(string, string) uint64       { return 0 }
func (i *injector) Leader(string) string                 { return "" }
func (i *injector) Hosting(string, string, int) []string { return nil }
func (i *injector) Pause(broker string) error            { return cannot("pause " + broker) }
func (i *injector) Resume(broker string) error           { return cannot("resume " + broker) }
func (i *injector) LoseMachine(broker string) error      { return cannot("lose the machine of " + broker) }
func (i *injector) Reset(a, b string) error              { return cannot("reset " + a + " and " + b) }
func (i *injector) LoseLease(holder string) error        { return cannot("take the lease from " + holder) }
func (i *injector) Replace(producer string) error        { return cannot("replace " + producer) }
func (i *injector) SetLink(a, b string, _ fault.LinkState) error {
	return cannot("break the link from " + a + " to " + b)
}

func cannot(what string) error { return fmt.Errorf("%s: a served model cannot do that", what) }
