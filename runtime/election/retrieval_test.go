package election

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
)

// follower tells what it hears of leaders.
type follower struct {
	*Retrieval
	heard []string
}

func (f *follower) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, started := m.(mailbox.Started); started {
		f.Start(env)
		return nil
	}
	if !f.Handle(env, m, func(component string, l wire.Leader) { f.heard = append(f.heard, component+" "+l.Addr) }) {
		return fmt.Errorf("nobody handles %q", m.Word())
	}
	return nil
}

// actor is one made of a function.
type actor func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg)

func (a actor) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	a(env, from, m)
	return nil
}

// A follower hears of each change once. It asks again after a second when the service cannot tell, and after five more
// than it may wait when there is no answer at all; an answer to a question that it has given up counts for nothing.
func TestAFollowerHearsOfLeaders(t *testing.T) {
	leaders := map[string]string{}
	entries := func(req, version uint64) wire.CoordEntries {
		m := wire.CoordEntries{Req: req, Version: version}
		for _, component := range slices.Sorted(maps.Keys(leaders)) {
			value, _ := json.Marshal(wire.Leader{Addr: leaders[component]})
			m.Entries = append(m.Entries, wire.Entry{Key: wire.LeaderKey("/c", component), Value: value})
		}
		return m
	}
	asked := []time.Duration{}
	w := sim.New(sim.Config{Seed: 1})
	f := &follower{Retrieval: NewRetrieval("ha", "/c")}
	answers := []func(req uint64) mailbox.Msg{
		func(req uint64) mailbox.Msg { return wire.CoordEntries{Req: req, Err: "unavailable"} },
		func(req uint64) mailbox.Msg { leaders["dispatcher"] = "jm-0"; return entries(req, 1) },
		func(req uint64) mailbox.Msg { leaders["resourcemanager"] = "jm-0"; return entries(req-1, 2) }, // too late
		func(req uint64) mailbox.Msg { leaders["dispatcher"] = "jm-1"; return entries(req, 3) },
	}
	w.Add(sim.Process{Name: "ha", BootTime: -1, Boot: func(int) []sim.Resident {
		return []sim.Resident{{Actor: actor(func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
			if watch, is := m.(wire.CoordWatch); is {
				if asked = append(asked, w.Now().Round(time.Second)); len(asked) <= len(answers) {
					env.Send(from, answers[len(asked)-1](watch.Req))
				}
			}
		})}}
	}})
	w.Add(sim.Process{Name: "f", BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: f}} }})
	w.Run(40 * time.Second)
	if want := []string{"dispatcher jm-0", "dispatcher jm-1", "resourcemanager jm-0"}; !slices.Equal(f.heard, want) {
		t.Errorf("it heard %q, want %q", f.heard, want)
	}
	if want := []time.Duration{0, time.Second, time.Second, 36 * time.Second, 36 * time.Second}; !slices.Equal(asked, want) {
		t.Errorf("it asked at %v, want %v", asked, want)
	}
	if l, known := f.Leader("dispatcher"); !known || l.Addr != "jm-1" {
		t.Errorf("the dispatcher's leader is %v", l)
	}
	if len(w.Panics()) > 0 {
		t.Error(w.Panics()[0])
	}
}
