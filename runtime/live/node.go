package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Resident is an actor that a process starts with. Name "" is the root actor: when it ends, so does the process.
type Resident struct {
	Name  string
	Actor mailbox.Actor
}

// Config describes a process.
type Config struct {
	Name      string // the first part of the addresses of its actors
	Residents []Resident
	// Listen is where other processes reach this one; nil: they do not. The node closes it.
	Listen net.Listener
	// Resolve says where a process listens. An error means that there is no such process now: mail to it comes
	// back.
	Resolve func(process string) (hostPort string, err error)
	// Note gets what actors note, from their goroutines and in the order of each actor. It may wait: then nothing
	// leaves that the actor did after the note.
	Note func(history.Entry)
	// Elsewhere names actors of this process that live in another one, which Resolve finds under the process's own
	// name; nil: none.
	Elsewhere func(addr mailbox.Addr) bool
	// Relay gets mail that comes in for other processes; nil: it is sent on.
	Relay func(from, to mailbox.Addr, m mailbox.Msg)
	// Carry gets mail that goes out to other processes; nil: it takes a connection.
	Carry func(from, to mailbox.Addr, m mailbox.Msg)
	// Dial makes connections to other processes; nil: plain TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Log  *slog.Logger // nil: silence
	// Turn, if set, is held while an actor handles a message: nodes with one Turn handle one message at a time.
	// Models that were made for one goroutine share one.
	Turn sync.Locker
}

// Node is a running process.
type Node struct {
	cfg     Config
	log     *slog.Logger
	started time.Time
	running sync.WaitGroup // actors, readers, writers

	mu     sync.Mutex
	actors map[mailbox.Addr]*actor
	links  map[string]*link // by process
	conns  map[net.Conn]bool
	ending bool
	cause  error         // why the process ended
	done   chan struct{} // closed when it has
}

// Start starts a process.
func Start(cfg Config) *Node {
	n := &Node{cfg: cfg, log: cfg.Log, started: time.Now(), actors: map[mailbox.Addr]*actor{}, links: map[string]*link{},
		conns: map[net.Conn]bool{}, done: make(chan struct{})}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if n.cfg.Dial == nil {
		n.cfg.Dial = (&net.Dialer{KeepAlive: keepAlive}).DialContext
	}
	if n.cfg.Note == nil {
		n.cfg.Note = func(history.Entry) {}
	}
	var residents []*actor
	for _, r := range cfg.Residents {
		addr := mailbox.Addr(cfg.Name)
		if r.Name != "" {
			addr = addr.In(r.Name)
		}
		residents = append(residents, n.newActor(addr, r.Actor, nil))
	}
	n.settle(residents...)
	if cfg.Listen != nil {
		n.running.Add(1)
		go n.accept()
	}
	return n
}

// Send mails from outside of any actor.
func (n *Node) Send(from, to mailbox.Addr, m mailbox.Msg) { n.deliver(letter{from, to, m}, false) }

// Forget drops the connection to a process, and what waits to be written to it: that life of it is over.
func (n *Node) Forget(process string) {
	n.mu.Lock()
	l := n.links[process]
	delete(n.links, process)
	n.mu.Unlock()
	if l != nil {
		l.close()
	}
}

// ErrAssertion is what a process has ended with that found itself wrong.
var ErrAssertion = errors.New("an assertion failed")

// Done is closed once the process has ended: by Stop, by its root actor, or by a failed assertion.
func (n *Node) Done() <-chan struct{} { return n.done }

// Wait waits for the end and returns its cause: nil after Stop, or if the root actor had done its work.
func (n *Node) Wait() error {
	<-n.done
	n.running.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cause
}

// Err is the cause of the end, without waiting for it.
func (n *Node) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cause
}

// Stop ends the process, as a crash does: what its actors had in mind is gone.
func (n *Node) Stop() error {
	n.end(nil)
	return n.Wait()
}

func (n *Node) end(cause error) {
	n.mu.Lock()
	if n.ending {
		n.mu.Unlock()
		return
	}
	n.ending, n.cause = true, cause
	actors, links, conns := n.actors, n.links, n.conns
	n.actors, n.links, n.conns = map[mailbox.Addr]*actor{}, map[string]*link{}, map[net.Conn]bool{}
	for _, a := range actors {
		a.ended = true
	}
	n.mu.Unlock()
	if n.cfg.Listen != nil {
		n.cfg.Listen.Close()
	}
	for c := range conns {
		c.Close()
	}
	for _, l := range links {
		l.close()
	}
	for _, a := range actors {
		a.inbox.close()
	}
	close(n.done)
}

// crash ends the process after a failed assertion.
func (n *Node) crash(reason error) {
	n.log.Error("an assertion failed; the process ends", "cause", reason)
	n.end(fmt.Errorf("%w: %w", ErrAssertion, reason))
}
