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
	for _, r := range cfg.Residents {
		addr := mailbox.Addr(cfg.Name)
		if r.Name != "" {
			addr = addr.In(r.Name)
		}
		n.settle(n.newActor(addr, r.Actor, nil))
	}
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

func (n *Node) newActor(addr mailbox.Addr, impl mailbox.Actor, parent *actor) *actor {
	a := &actor{node: n, addr: addr, impl: impl, inbox: newInbox(), parent: parent, children: map[*actor]bool{}, peers: map[string]bool{}}
	a.env.a = a
	return a
}

// settle lets an actor move in at its address. Its first message is Started.
func (n *Node) settle(a *actor) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ending || a.parent != nil && a.parent.ended {
		return
	}
	if n.actors[a.addr] != nil {
		panic(fmt.Sprintf("live: %s is spawned, but that address is taken", a.addr))
	}
	n.actors[a.addr] = a
	if a.parent != nil {
		a.parent.children[a] = true
	}
	a.inbox.put(mail{a.addr, mailbox.Started{}}, false)
	n.running.Add(1)
	go a.loop()
}

func (n *Node) over(a *actor) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return a.ended
}

// exit ends an actor and its children, and tells its parent. The end of the root actor is the end of the process.
func (n *Node) exit(a *actor, err error) {
	if a.parent == nil && string(a.addr) == n.cfg.Name {
		n.end(err)
		return
	}
	n.mu.Lock()
	n.bury(a)
	parent := a.parent
	n.mu.Unlock()
	text := ""
	if err != nil {
		text = err.Error()
	}
	if parent != nil {
		parent.inbox.put(mail{a.addr, mailbox.Exited{Child: a.addr, Err: text}}, false)
	}
}

func (n *Node) bury(a *actor) {
	if a.ended {
		return
	}
	a.ended = true
	for c := range a.children {
		n.bury(c)
	}
	if n.actors[a.addr] == a {
		delete(n.actors, a.addr)
	}
	if a.parent != nil {
		delete(a.parent.children, a)
	}
	a.inbox.close()
}

// happen lets one effect of an actor happen.
func (n *Node) happen(a *actor, f *effect) {
	switch {
	case f.to != "":
		if to := f.to.Process(); to != n.cfg.Name {
			n.meet(a, to)
		}
		n.deliver(letter{a.addr, f.to, f.m}, false)
	case f.timer != nil:
		if !f.timer.stopped.Load() {
			f.timer.arm(a)
		}
	case f.child != nil:
		n.settle(f.child)
	case f.note != nil:
		n.cfg.Note(history.Entry{At: time.Since(n.started), Process: n.cfg.Name, Actor: string(a.addr), Event: f.note})
	}
}

// deliver brings a letter to an actor here, or puts it on its way.
func (n *Node) deliver(l letter, patient bool) {
	if process := l.to.Process(); process != n.cfg.Name || n.cfg.Elsewhere != nil && n.cfg.Elsewhere(l.to) {
		if n.cfg.Carry != nil {
			n.cfg.Carry(l.from, l.to, l.m)
			return
		}
		n.link(process).send(l)
		return
	}
	if d, ok := l.m.(mailbox.Disconnected); ok && string(l.to) == n.cfg.Name && l.from == l.to {
		n.disconnected(d.Process) // whoever carries our mail has seen it
		return
	}
	n.mu.Lock()
	a := n.actors[l.to]
	if from := l.from.Process(); a != nil && from != n.cfg.Name {
		a.peers[from] = true
	}
	n.mu.Unlock()
	if a == nil || !a.inbox.put(mail{l.from, l.m}, patient) {
		n.refuse(l)
	}
}

// refuse tells a sender that its letter was certainly not handled. A refusal is not refused.
func (n *Node) refuse(l letter) {
	if _, already := l.m.(mailbox.Undeliverable); already {
		return
	}
	back := mailbox.Undeliverable{To: l.to, M: l.m}
	if l.from.Process() != n.cfg.Name {
		n.deliver(letter{l.to, l.from, back}, false)
		return
	}
	n.mu.Lock()
	a := n.actors[l.from]
	n.mu.Unlock()
	if a != nil {
		a.inbox.put(mail{l.from, back}, false)
	}
}

func (n *Node) meet(a *actor, process string) {
	n.mu.Lock()
	a.peers[process] = true
	n.mu.Unlock()
}

// disconnected tells everybody who knew a process that the connection to it has broken.
func (n *Node) disconnected(process string) {
	n.mu.Lock()
	var told []*actor
	for _, a := range n.actors {
		if a.peers[process] {
			delete(a.peers, process)
			told = append(told, a)
		}
	}
	n.mu.Unlock()
	for _, a := range told {
		a.inbox.put(mail{a.addr, mailbox.Disconnected{Process: process}}, false)
	}
}

// link is the connection to a process, made when it is first needed.
func (n *Node) link(process string) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.links[process]
	if l == nil {
		l = newLink(n, process)
		if n.ending {
			l.closed = true
			return l
		}
		n.links[process] = l
		n.running.Add(1)
		go l.loop()
	}
	return l
}

// keep remembers an open connection, so that the end of the process closes it; false: that has happened.
func (n *Node) keep(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.ending {
		n.conns[c] = true
	}
	return !n.ending
}

func (n *Node) drop(c net.Conn) {
	n.mu.Lock()
	delete(n.conns, c)
	n.mu.Unlock()
	c.Close()
}

// accept reads what other processes send.
func (n *Node) accept() {
	defer n.running.Done()
	for {
		c, err := n.cfg.Listen.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			n.log.Warn("a connection could not be accepted", "cause", err)
			time.Sleep(10 * time.Millisecond) // out of files, most likely: some will be closed
			continue
		}
		if !n.keep(c) {
			c.Close()
			return
		}
		n.running.Add(1)
		go n.read(c)
	}
}
