package blobtest

import (
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/blobs"
)

// world is a simulated world with a model of a store and a client.
type world struct {
	t *testing.T
	*sim.World
	heard []mailbox.Msg
}

func (w *world) Receive(_ mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	if from == "objectstore" {
		w.heard = append(w.heard, m)
	}
	return nil
}

func (w *world) add(name string, actor mailbox.Actor) {
	w.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor}} }})
}

func (w *world) Ask(m mailbox.Msg) { w.Send("client", "objectstore", m) }

func (w *world) Answer() mailbox.Msg {
	if len(w.heard) == 0 {
		w.Run(w.Now() + time.Minute)
	}
	if len(w.heard) == 0 {
		w.t.Fatal("the store has been silent for a minute")
	}
	m := w.heard[0]
	w.heard = w.heard[1:]
	return m
}

func TestTheModelKeepsTheContract(t *testing.T) {
	Run(t, func(t *testing.T) Bench {
		w := &world{t: t, World: sim.New(sim.Config{Seed: 7, RoundTrip: true})}
		store := blobs.New()
		store.Costs = blobs.Costs{} // with S3's, an answer says only what was so at some time since the question
		w.add("objectstore", store)
		w.add("client", w)
		w.Run(0)
		return w
	})
}
