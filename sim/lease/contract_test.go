package lease

import (
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/election/coordtest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
)

// office is a world with the service, and what its askers have heard and not yet looked at.
type office struct {
	*sim.World
	heard map[mailbox.Addr][]mailbox.Msg
}

func (o *office) Ask(from mailbox.Addr, m mailbox.Msg) { o.World.Send(from, "ha", m) }

func (o *office) Answer(to mailbox.Addr) mailbox.Msg {
	if !o.RunUntil(func() bool { return len(o.heard[to]) > 0 }, o.Now()+time.Minute) {
		return nil
	}
	m := o.heard[to][0]
	o.heard[to] = o.heard[to][1:]
	return m
}

type clerk struct{ o *office }

func (c clerk) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, started := m.(mailbox.Started); !started {
		c.o.heard[env.Self()] = append(c.o.heard[env.Self()], m)
	}
	return nil
}

// The model keeps the contract that the gateway to a real etcd keeps.
func TestContract(t *testing.T) {
	coordtest.Run(t, func(t *testing.T) coordtest.Service {
		o := &office{sim.New(sim.Config{Seed: 7, RoundTrip: true}), map[mailbox.Addr][]mailbox.Msg{}}
		add := func(name string, a mailbox.Actor) {
			o.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: a}} }})
		}
		add("ha", New())
		for _, name := range coordtest.Askers {
			add(name, clerk{o})
		}
		o.Run(0)
		return o
	})
}
