package mailbox

import (
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// Addr names a mailbox: "<process>" for the root actor of a process, "<process>/<name>" for another.
// A restarted process has the same addresses; mail to its former life is lost.
type Addr string

// Process is the part of the address that crashes as a whole.
func (a Addr) Process() string {
	process, _, _ := strings.Cut(string(a), "/")
	return process
}

// In returns the address of the actor called name in the same process as a.
func (a Addr) In(name string) Addr { return Addr(a.Process() + "/" + name) }

// Msg is one piece of mail. It is immutable once sent: neither side may change what it can reach.
type Msg interface {
	Word() string // the message's name in traces and errors, for example "checkpoint.trigger"
}

// Sized is a message whose size on the wire, in bytes, matters for what it costs.
type Sized interface {
	Msg
	Size() int
}

// Actor is a state machine behind a mailbox.
type Actor interface {
	// Receive handles one message. Nil releases its effects, in order. ErrDone releases them and ends the actor.
	// Any other error ends the actor and drops its effects; the parent receives Exited.
	Receive(env Env, from Addr, m Msg) error
}

// ErrDone, returned by Receive, ends an actor that has finished its work. Its effects still happen.
var ErrDone = errors.New("done")

// Env is everything that an actor may do to the world.
type Env interface {
	Self() Addr
	// Now is this process's clock: it may be skewed, drift and jump.
	Now() time.Time
	// Rand draws for one site in the code, keyed by (seed, site, self, how often this site drew), so that a
	// draw added elsewhere changes nothing here.
	Rand(site string) *rand.Rand
	Send(to Addr, m Msg)
	// After delivers m to this actor, from itself, once wait has passed on the process's monotonic clock.
	After(wait time.Duration, m Msg) Timer
	// Spawn starts child in this process. Its first message is Started; when it ends, this actor gets Exited.
	// The name must be free; the address is Self().In(name).
	Spawn(name string, child Actor) Addr
	// Note adds to the history what just happened. It is an effect like the others: its place in their order
	// is the protocol step at which a fault can be aimed.
	Note(event history.Event)
	// Work says that this message made the actor do n units of work. A simulated world charges for them; in
	// a real one the processor has already done so.
	Work(kind Work, n int)
}

// Timer can be stopped before it fires. Stopping one that has fired does nothing.
type Timer interface{ Stop() }

// Work is a kind of work, for the cost model.
type Work uint8

// The kinds of work, with their unit.
const (
	Process   Work = iota // records through one operator
	Serialize             // bytes encoded or decoded
	Freeze                // bytes of state frozen in the synchronous part of a snapshot
	Restore               // bytes of state loaded
	Start                 // processes or tasks set up
	Works                 // the number of kinds
)

// Started is the first message of every actor, from itself.
type Started struct{}

// Exited tells a parent that a child has ended. Err is empty after Done.
type Exited struct {
	Child Addr
	Err   string
}

// Undeliverable tells a sender that its message certainly was not handled: the process was not there to
// take the connection, or had no such actor. Silence, on the other hand, tells nothing.
type Undeliverable struct {
	To Addr
	M  Msg
}

// Disconnected tells an actor that its connection to a process broke. Every actor that has exchanged mail
// with that process gets it once; what was under way may or may not have arrived.
type Disconnected struct{ Process string }

// Stop asks the root actor of a process to end in good order: to give up what others wait for, instead of letting them
// find out. A process that is killed gets none, and nothing may depend on it.
type Stop struct{}

func (Stop) Word() string          { return "stop-process" }
func (Started) Word() string       { return "started" }
func (Exited) Word() string        { return "exited" }
func (Undeliverable) Word() string { return "undeliverable" }
func (Disconnected) Word() string  { return "disconnected" }
