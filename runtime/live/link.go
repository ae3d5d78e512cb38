package live

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	dialTimeout     = 5 * time.Second
	greetingTimeout = 5 * time.Second
	keepAlive       = 5 * time.Second
)

// link carries mail to one process, in order, over one connection at a time.
//
//	idle ──mail──▶ dialling ──▶ connected ──broken──▶ idle: all who knew the other side are told
//	                  │
//	                  └─refused─▶ idle: the mail comes back
type link struct {
	node    *Node
	process string

	mu      sync.Mutex
	changed sync.Cond
	queue   []letter
	closed  bool
	conn    net.Conn
}

func newLink(n *Node, process string) *link {
	l := &link{node: n, process: process}
	l.changed.L = &l.mu
	return l
}

func (l *link) send(m letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.queue = append(l.queue, m)
		l.changed.Signal()
	}
}

func (l *link) close() {
	l.mu.Lock()
	l.closed, l.queue = true, nil
	if l.conn != nil {
		l.conn.Close()
	}
	l.changed.Signal()
	l.mu.Unlock()
}

// loop writes what is queued, a batch at a time.
func (l *link) loop() {
	defer l.node.running.Done()
	var frames []byte
	for {
		batch, ok := l.take()
		if !ok {
			return
		}
		conn, err := l.connect()
		if err != nil {
			l.node.log.Debug("a process cannot be reached", "process", l.process, "cause", err)
			for _, m := range batch {
				l.node.refuse(m)
			}
			continue
		}
		frames = frames[:0]
		for _, m := range batch {
			body, err := m.encode()
			if err != nil {
				l.node.crash(err) // a message that cannot travel is a bug of ours
				return
			}
			frames = appendFrame(frames, body)
		}
		if _, err := conn.Write(frames); err != nil {
			l.broken(conn, err)
		}
	}
}

func (l *link) take() ([]letter, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 && !l.closed {
		l.changed.Wait()
	}
	batch := l.queue
	l.queue = nil
	return batch, !l.closed
}

// connect returns the connection, and makes one if there is none.
func (l *link) connect() (net.Conn, error) {
	l.mu.Lock()
	conn := l.conn
	l.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	if l.node.cfg.Resolve == nil {
		return nil, errors.New("this process knows no others")
	}
	at, err := l.node.cfg.Resolve(l.process)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	if conn, err = l.node.cfg.Dial(ctx, "tcp", at); err != nil {
		return nil, err
	}
	if _, err := conn.Write(appendFrame(nil, greeting(l.node.cfg.Name))); err != nil {
		conn.Close()
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	l.conn = conn
	l.node.running.Add(1)
	go l.watch(conn)
	return conn, nil
}

// watch notices that the other side has closed the connection. All that is ever read from it is why it does not want
// us: answers come over the connection that the other side makes.
func (l *link) watch(conn net.Conn) {
	defer l.node.running.Done()
	why, err := io.ReadAll(io.LimitReader(conn, refusalMax))
	if len(why) > 0 {
		l.node.log.Error("a process refuses our connection", "process", l.process, "why", string(why))
	}
	l.broken(conn, err)
}

// refusalMax bounds what a process says when it refuses a connection, and what it still reads of it.
const refusalMax = 1 << 10

// refuse ends a connection of which the other side should know why: its operator looks there.
func refuse(c net.Conn, why error) {
	c.SetDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c, why.Error())
	if t, ok := c.(interface{ CloseWrite() error }); ok && t.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c, refusalMax) // closing with something unread would take the reason back
	}
}

// broken ends a connection. What was written may or may not have arrived.
func (l *link) broken(conn net.Conn, err error) {
	l.mu.Lock()
	mine := l.conn == conn
	if mine {
		l.conn = nil
	}
	closed := l.closed
	l.mu.Unlock()
	conn.Close()
	if mine && !closed {
		l.node.log.Info("a connection has broken", "process", l.process, "cause", err)
		l.node.disconnected(l.process)
	}
}

// read delivers what comes over one connection, until it breaks or says something that cannot be.
func (n *Node) read(c net.Conn) {
	defer n.running.Done()
	defer n.drop(c)
	r := bufio.NewReaderSize(c, 64<<10)
	c.SetReadDeadline(time.Now().Add(greetingTimeout))
	body, err := readFrame(r)
	if err != nil {
		n.log.Warn("a connection was closed before it said who dials", "from", c.RemoteAddr(), "cause", err)
		return
	}
	process, err := readGreeting(body)
	if err != nil {
		n.log.Warn("a connection was refused", "from", c.RemoteAddr(), "cause", err)
		refuse(c, err)
		return
	}
	c.SetReadDeadline(time.Time{})
	defer n.disconnected(process)
	for {
		body, err := readFrame(r)
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
			return
		}
		var l letter
		if err == nil {
			l, err = decodeLetter(body)
		}
		if err != nil {
			n.log.Warn("a connection was closed", "process", process, "cause", err)
			return
		}
		if n.cfg.Relay != nil && l.to.Process() != n.cfg.Name {
			n.cfg.Relay(l.from, l.to, l.m)
			continue
		}
		n.deliver(l, true)
	}
}
