package conformance_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// wire is any cluster that listens: for one case, told from one goroutine.
type wire struct {
	seeds  []string
	dial   func(addr string) (net.Conn, error)
	traits conformance.Traits

	mu    sync.Mutex
	addrs map[int32]string // of brokers, as metadata says
	idle  map[string][]*conn
	kept  map[connName]*conn
	all   []*conn
}

type connName struct {
	addr string
	conn int
}

func newWire(seeds []string, dial func(addr string) (net.Conn, error), traits conformance.Traits) *wire {
	return &wire{seeds: seeds, dial: dial, traits: traits, addrs: map[int32]string{}, idle: map[string][]*conn{}, kept: map[connName]*conn{}}
}

// overTCP dials with little patience: a broker that is killed refuses, or is not there.
func overTCP(addr string) (net.Conn, error) { return net.DialTimeout("tcp", addr, time.Second) }

func (w *wire) Now() time.Time             { return time.Now() }
func (w *wire) Traits() conformance.Traits { return w.traits }
func (w *wire) Pass(d time.Duration)       { <-time.After(d) }

// Client is a real one.
func (w *wire) Client(opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(opts, kgo.SeedBrokers(w.seeds...),
		kgo.Dialer(func(_ context.Context, _, addr string) (net.Conn, error) { return w.dial(addr) }))...)
}

// Close ends all connections.
func (w *wire) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.all {
		c.Close()
	}
}

func (w *wire) Send(node int32, number int, req kmsg.Request) func() kmsg.Response {
	never := func() kmsg.Response { return nil }
	c, err := w.connect(node, number)
	if err != nil {
		return never
	}
	answer, err := c.send(req)
	if err != nil {
		return never
	}
	return func() kmsg.Response {
		select {
		case resp := <-answer:
			if resp != nil && number == conformance.NewConn {
				w.mu.Lock()
				w.idle[c.addr] = append(w.idle[c.addr], c)
				w.mu.Unlock()
			}
			if m, ok := resp.(*kmsg.MetadataResponse); ok {
				w.learn(m)
			}
			return resp
		case <-time.After(conformance.Patience):
			return nil
		}
	}
}

// connect finds a connection that is free, or the one of a number.
func (w *wire) connect(node int32, number int) (*conn, error) {
	addrs := w.seeds
	if node != conformance.AnyNode {
		addr, err := w.find(node)
		if err != nil {
			return nil, err
		}
		addrs = []string{addr}
	}
	var err error
	for _, addr := range addrs {
		var c *conn
		if c, err = w.connectTo(addr, number); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// find looks up where a broker is, and asks for metadata if it does not know yet.
func (w *wire) find(node int32) (string, error) {
	for range 2 {
		w.mu.Lock()
		addr, ok := w.addrs[node]
		w.mu.Unlock()
		if ok {
			return addr, nil
		}
		req := kmsg.NewPtrMetadataRequest()
		req.Topics = []kmsg.MetadataRequestTopic{}
		req.SetVersion(9)
		w.Send(conformance.AnyNode, conformance.NewConn, req)()
	}
	return "", fmt.Errorf("connect to broker %d: metadata does not have it", node)
}

func (w *wire) connectTo(addr string, number int) (*conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := connName{addr, number}
	if c := w.kept[name]; c != nil && !c.broken() {
		return c, nil
	}
	for free := w.idle[addr]; number == conformance.NewConn && len(free) > 0; {
		c := free[len(free)-1]
		free = free[:len(free)-1]
		w.idle[addr] = free
		if !c.broken() {
			return c, nil
		}
	}
	nc, err := w.dial(addr)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, addr: addr, waiting: map[int32]waiting{}, ended: make(chan struct{})}
	go c.read()
	w.all = append(w.all, c)
	if number != conformance.NewConn {
		w.kept[name] = c
	}
	return c, nil
}

func (w *wire) learn(m *kmsg.MetadataResponse) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range m.Brokers {
		w.addrs[b.NodeID] = net.JoinHostPort(b.Host, fmt.Sprint(b.Port))
	}
}

// conn is one connection. What it cannot read is no answer.
type conn struct {
	net.Conn
	addr    string
	mu      sync.Mutex
	last    int32
	waiting map[int32]waiting
	ended   chan struct{}
}

type waiting struct {
	resp   kmsg.Response
	answer chan kmsg.Response
}

func (c *conn) broken() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

func (c *conn) send(req kmsg.Request) (<-chan kmsg.Response, error) {
	c.mu.Lock()
	if c.waiting == nil {
		c.mu.Unlock()
		return nil, net.ErrClosed
	}
	c.last++
	answer := make(chan kmsg.Response, 1)
	c.waiting[c.last] = waiting{req.ResponseKind(), answer}
	c.mu.Unlock() // while this waits for the broker to read, what it answers must be read
	_, err := c.Write(kmsg.NewRequestFormatter(kmsg.FormatterClientID("conformance")).AppendRequest(nil, req, c.last))
	return answer, err
}

// read hands answers to who waits for them, until the connection ends.
func (c *conn) read() {
	c.each() // why it ended is nothing to whoever waits: there is no answer
	c.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waiting {
		w.answer <- nil
	}
	c.waiting = nil
	close(c.ended)
}

func (c *conn) each() error {
	var head [8]byte
	for {
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return err
		}
		body := make([]byte, binary.BigEndian.Uint32(head[:])-4)
		if _, err := io.ReadFull(c, body); err != nil {
			return err
		}
		corr := int32(binary.BigEndian.Uint32(head[4:]))
		c.mu.Lock()
		w, ok := c.waiting[corr]
		delete(c.waiting, corr)
		c.mu.Unlock()
		if !ok {
			return fmt.Errorf("an answer to request %d, which was not sent", corr)
		}
		if err := decode(w.resp, body); err != nil {
			w.answer <- nil
			return err
		}
		w.answer <- w.resp
	}
}

const unsupportedVersion = 35

func decode(resp kmsg.Response, body []byte) error {
	if resp.Key() == kmsg.ApiVersions.Int16() { // its header is that of the oldest, and so is the answer to what is too new
		if binary.BigEndian.Uint16(body) == unsupportedVersion {
			resp.SetVersion(0)
		}
	} else if resp.IsFlexible() {
		body = body[1:] // no tags
	}
	return resp.ReadFrom(body)
}
