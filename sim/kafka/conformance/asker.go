package conformance

import (
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Asker is a process of a world that asks the brokers there: a Target in virtual time.
type Asker struct {
	world   *sim.World
	brokers []mailbox.Addr
	traits  Traits
	heard   map[uint64]kmsg.Response
	Last    uint64 // the number of the last request
}

// asking is the Asker's process.
const asking = "client"

// NewAsker adds the process to the world of the brokers.
func NewAsker(w *sim.World, brokers []mailbox.Addr, traits Traits) *Asker {
	a := &Asker{world: w, brokers: brokers, traits: traits, heard: map[uint64]kmsg.Response{}}
	w.Add(sim.Process{Name: asking, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: a}} }})
	return a
}

// Receive implements mailbox.Actor.
func (a *Asker) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if m, ok := m.(protocol.Response); ok {
		if a.heard[m.Corr] != nil {
			panic(fmt.Sprintf("at %v: %s is answered twice", a.world.Now(), m.Word()))
		}
		a.heard[m.Corr] = m.Resp
	}
	return nil
}

// Answered says whether a request is, by its number.
func (a *Asker) Answered(request uint64) bool { return a.heard[request] != nil }

// Send implements Target. An answer is encoded and read again, as if it had been carried.
func (a *Asker) Send(node int32, conn int, req kmsg.Request) (await func() kmsg.Response) {
	a.Last++
	asked := a.Last
	a.world.Send(asking, a.brokers[max(node, 0)], protocol.Request{Corr: asked, Conn: uint32(conn), Req: req})
	return func() kmsg.Response {
		if !a.world.RunUntil(func() bool { return a.Answered(asked) }, a.world.Now()+Patience) {
			return nil
		}
		resp := a.heard[asked]
		carried := preview.ResponseFor(resp.Key(), resp.GetVersion())
		carried.SetVersion(resp.GetVersion())
		if err := carried.ReadFrom(resp.AppendTo(nil)); err != nil {
			panic(fmt.Sprintf("answer %s v%d cannot be read: %v", kmsg.NameForKey(resp.Key()), resp.GetVersion(), err))
		}
		return carried
	}
}

// Now implements Target: of 1970, in whole seconds, so that stories can name it.
func (a *Asker) Now() time.Time { return time.UnixMilli(0).Add(a.world.Now().Truncate(time.Second)) }

// Traits implements Target.
func (a *Asker) Traits() Traits { return a.traits }

// Pass implements Target.
func (a *Asker) Pass(d time.Duration) { a.world.Run(a.world.Now() + d) }

// Wrong is what has gone wrong inside: brokers that failed, and invariants that are broken, unless they are excused.
func (a *Asker) Wrong(excused ...string) []string {
	all := a.world.Panics()
	for _, e := range a.world.History() {
		if v, ok := e.Event.(history.Violation); ok && !slices.Contains(excused, v.Invariant) {
			all = append(all, fmt.Sprintf("%v: %s is broken: %s", e.At, v.Invariant, v.Detail))
		}
	}
	return all
}
