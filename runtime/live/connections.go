package live

import (
	"errors"
	"net"
	"time"
)

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
