package live

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

func (n *Node) newActor(addr mailbox.Addr, impl mailbox.Actor, parent *actor) *actor {
	a := &actor{node: n, addr: addr, impl: impl, inbox: newInbox(), parent: parent, children: map[*actor]bool{}, peers: map[string]bool{}}
	a.env.a = a
	return a
}

// settle lets actors move in at their addresses, all before any of them acts: what the first one asks of the last is not
// refused. The first message of each is Started.
func (n *Node) settle(actors ...*actor) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range actors {
		if n.ending || a.parent != nil && a.parent.ended {
			continue
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
