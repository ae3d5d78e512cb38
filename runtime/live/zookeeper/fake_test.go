package zookeeper

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// fake is a ZooKeeper of one node in this process, for machines without Java: its sessions, its tree and its watches, in
// its protocol. Whether it is like ZooKeeper itself is seen when all stories are told on that (FLINCH_REAL=1).
type fake struct {
	addr    string
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while it is dead
	conns    map[*fakeConn]bool
	tree     fakeTree
	sessions map[int64]*fakeSession
	lastID   int64
}

type fakeSession struct {
	id       int64
	password []byte
	timeout  time.Duration
	alive    time.Time // the last sign of life
	timer    *time.Timer
	conn     *fakeConn // of several the newest
}

type fakeConn struct {
	net.Conn
	session *fakeSession
	watches map[fakeWatch]bool
}

// fakeWatch is told of the next change of a node, or of its children.
type fakeWatch struct {
	path     string
	children bool
}

// The bounds of a session's timeout, as apache sets them.
const (
	fakeTimeoutMin = 400 * time.Millisecond
	fakeTimeoutMax = time.Minute
)

func startFake() (*fake, error) {
	f := &fake{addr: "127.0.0.1:0", sessions: map[int64]*fakeSession{}, lastID: 1 << 56}
	f.tree.nodes = map[string]fakeNode{"/": {}}
	return f, f.Start()
}

// Start lets it live, with all that it had. Its sessions have all of their time again.
func (f *fake) Start(...int) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener, err = net.Listen("tcp", f.addr); err != nil {
		return err
	}
	f.addr, f.conns = f.listener.Addr().String(), map[*fakeConn]bool{}
	for _, s := range f.sessions {
		f.touch(s)
	}
	listener := f.listener
	f.running.Go(func() { f.accept(listener) })
	return nil
}

// Kill ends it, and returns when nothing of it goes on.
func (f *fake) Kill(...int) error {
	f.mu.Lock()
	if f.listener != nil {
		f.listener.Close()
		f.listener = nil
	}
	for c := range f.conns {
		c.Close()
	}
	for _, s := range f.sessions {
		s.timer.Stop()
	}
	f.mu.Unlock()
	f.running.Wait()
	return nil
}

func (f *fake) Stop() { f.Kill() }

func (f *fake) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		f.running.Go(func() { f.serve(&fakeConn{Conn: conn, watches: map[fakeWatch]bool{}}) })
	}
}

func (f *fake) serve(c *fakeConn) {
	defer c.Close()
	for first := true; ; first = false {
		length := make([]byte, 4)
		if _, err := io.ReadFull(c, length); err != nil {
			break
		}
		packet := make([]byte, binary.BigEndian.Uint32(length))
		if _, err := io.ReadFull(c, packet); err != nil {
			break
		}
		if goesOn := f.receive(c, first, &jute{packet}); !goesOn {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
}

// receive handles one packet, and nobody else meanwhile.
func (f *fake) receive(c *fakeConn, first bool, r *jute) (goesOn bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.listener == nil:
		return false
	case first:
		f.conns[c] = true
		return f.greet(c, r)
	case f.sessions[c.session.id] != c.session || c.session.conn != c:
		return false
	}
	f.touch(c.session)
	xid, op := r.int(), r.int()
	answer, code := f.request(c, op, r)
	f.tell()
	c.send(append(appendInt(appendLong(appendInt(nil, xid), f.tree.zxid), code), answer...))
	return op != opCloseSession
}

// greet opens a session, or finds it by its id and password. Of a session that it does not know it says that its id is 0.
func (f *fake) greet(c *fakeConn, r *jute) (goesOn bool) {
	version := r.int()
	r.long() // the newest change that the client has seen
	timeout, id, password := time.Duration(r.int())*time.Millisecond, r.long(), []byte(r.text())
	s := f.sessions[id]
	switch {
	case id == 0:
		f.lastID++
		s = &fakeSession{id: f.lastID, password: make([]byte, passwordBytes), timeout: min(max(timeout, fakeTimeoutMin), fakeTimeoutMax)}
		rand.Read(s.password)
		f.sessions[s.id] = s
		f.tree.zxid++
	case s == nil || !bytes.Equal(password, s.password):
		s = &fakeSession{password: make([]byte, passwordBytes)}
	case s.conn != nil:
		s.conn.Close()
	}
	if s.id != 0 {
		c.session, s.conn = s, c
		f.touch(s)
	}
	p := appendLong(appendInt(appendInt(nil, version), int32(s.timeout/time.Millisecond)), s.id)
	c.send(append(appendString(p, string(s.password)), r.rest...)) // whoever says whether reading is enough hears it again
	return s.id != 0
}

// touch lets a session's timeout count anew.
func (f *fake) touch(s *fakeSession) {
	s.alive = time.Now()
	if s.timer != nil {
		s.timer.Reset(s.timeout)
		return
	}
	s.timer = time.AfterFunc(s.timeout, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.listener != nil && time.Since(s.alive) >= s.timeout && f.sessions[s.id] == s {
			f.end(s)
			f.tell()
			s.conn.Close()
		}
	})
}

// end ends a session, with its nodes.
func (f *fake) end(s *fakeSession) {
	s.timer.Stop()
	delete(f.sessions, s.id)
	f.tree.zxid++
	for at, n := range f.tree.nodes {
		if n.owner == s.id {
			f.tree.delete(at)
		}
	}
}

func (f *fake) request(c *fakeConn, op int32, r *jute) (answer []byte, code int32) {
	switch op {
	case opCreate, opSetData, opDelete:
		f.tree.zxid++
		return f.tree.change(op, c.session.id, r)
	case opMulti:
		f.tree.zxid++
		return f.tree.multi(c.session.id, r), codeOK
	case opCloseSession:
		f.end(c.session)
		return nil, codeOK
	case opSync:
		return appendString(nil, r.text()), codeOK
	case opPing:
		return nil, codeOK
	case opSetWatches: // no gateway may rely on that: see listen
		return nil, codeUnimplemented
	}
	at, watch := r.text(), r.flag()
	if watch {
		c.watches[fakeWatch{at, op == opGetChildren2}] = true
	}
	if !f.tree.has(at) {
		return nil, codeNoNode
	}
	switch op {
	case opGetData:
		answer = appendString(nil, f.tree.nodes[at].data)
	case opGetChildren2:
		names := f.tree.children(at)
		answer = appendInt(nil, int32(len(names)))
		for _, name := range names {
			answer = appendString(answer, name)
		}
	}
	return append(answer, f.tree.stat(at)...), codeOK
}

// tell tells whoever watches what has changed, before the change is answered. Each watch is told once.
func (f *fake) tell() {
	for _, e := range f.tree.fired {
		for c := range f.conns {
			data, children := fakeWatch{e.Path, false}, fakeWatch{e.Path, true}
			ofData, ofChildren := c.watches[data] && e.Type != zk.EventNodeChildrenChanged,
				c.watches[children] && (e.Type == zk.EventNodeChildrenChanged || e.Type == zk.EventNodeDeleted)
			if ofData {
				delete(c.watches, data)
			}
			if ofChildren {
				delete(c.watches, children)
			}
			if ofData || ofChildren {
				p := appendInt(appendLong(appendInt(nil, -1), -1), codeOK)
				c.send(appendString(appendInt(appendInt(p, int32(e.Type)), int32(zk.StateSyncConnected)), e.Path))
			}
		}
	}
	f.tree.fired = f.tree.fired[:0]
}

// send sends a packet. To whom it does not arrive is found by reading.
func (c *fakeConn) send(p []byte) { c.Write(appendString(nil, string(p))) }
