package live

import "github.com/flinch-dev/flinch/runtime/mailbox"

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
