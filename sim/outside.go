package sim

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// A world can be the network, the services and the supervisor of processes that are real: each has a stand-in in
// the world (Process.Outside), and whoever drives the world lets its time pass as real time does.

// outside says whether an address is of a process that lives outside of the world.
func (a *address) outside() bool {
	return a.process != nil && a.process.Outside != nil && a.process.up()
}

// Enter puts a message on its way that an actor outside of the world has sent. It takes the same links as mail
// from inside; that of a process that is not running, by the word of the world, is lost.
func (w *World) Enter(from, to mailbox.Addr, m mailbox.Msg) {
	sender, at := w.address(from), w.address(to)
	if !sender.outside() {
		return
	}
	switch e := (event{do: deliver, to: at, from: sender, m: m}); {
	case at.process == nil:
		w.refuse(e, 0)
	case at.process == sender.process:
		e.life = sender.process.life
		w.queue.push(w.now, e)
	default:
		w.transmit(w.link(sender.process, at.process), e)
	}
}

// Bounce tells the sender of a message that it was handed out in vain: nobody took the connection.
func (w *World) Bounce(from, to mailbox.Addr, m mailbox.Msg) {
	w.refuse(event{to: w.address(to), from: w.address(from), m: m}, w.profile.Latency)
}

// Fail ends a process that has ended by itself outside of the world, perhaps by a failed assertion.
func (w *World) Fail(name, cause string, panicked bool) {
	w.stop(w.mustProcess(name), cause, panicked, dead)
}

// Next is when the next event is due; false: there is none.
func (w *World) Next() (at time.Duration, ok bool) {
	if len(w.queue.heap) == 0 {
		return 0, false
	}
	return time.Duration(w.queue.heap[0].at), true
}
