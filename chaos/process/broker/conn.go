package broker

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// conn is a client's connection to one broker.
type conn struct {
	s       *Server
	addr    mailbox.Addr // of the client
	broker  mailbox.Addr
	net     net.Conn
	r       *bufio.Reader
	in, out []byte             // frames, used over and over
	waits   uint64             // the request that it waits for; it belongs to the turn
	answers chan kmsg.Response // nil: there is none
	looking chan error         // for more bytes, or for the end; nil: nobody does
}

const (
	readBytes  = 32 << 10
	spareBytes = 4 << 20 // a frame's buffer that is larger is not kept
)

func newConn(s *Server, addr, broker mailbox.Addr, nc net.Conn) *conn {
	return &conn{s: s, addr: addr, broker: broker, net: nc, r: bufio.NewReaderSize(nc, readBytes), answers: make(chan kmsg.Response, 1)}
}

// errNoAnswer ends a connection whose client waits for an answer in vain.
var errNoAnswer = errors.New("there is no answer to it")

// serve works on requests, one after the other, until the client goes or sends what cannot be read.
func (c *conn) serve() {
	defer c.s.part(c)
	for {
		if err := c.one(); err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				c.s.log.Info("a connection is closed", "client", c.net.RemoteAddr(), "broker", c.broker, "cause", err)
			}
			return
		}
	}
}

// one reads a request and writes its answer.
func (c *conn) one() error {
	if c.looking != nil { // until there is something to read
		if err := <-c.looking; err != nil {
			return err
		}
		c.looking = nil
	}
	frame, err := readFrame(c.r, c.in)
	if err != nil {
		return err
	}
	r, err := decode(frame)
	if err != nil {
		return err
	}
	// The model copies records to its log, but may keep other bytes of a request.
	c.in = nil
	produce, _ := r.Request.(*kmsg.ProduceRequest)
	if produce != nil && cap(frame) <= spareBytes {
		c.in = frame
	}
	c.s.ask(c, r)
	resp, err := c.answer()
	switch {
	case err != nil:
		return err
	case resp == nil && produce != nil && produce.Acks == 0:
		return nil
	case resp == nil:
		return fmt.Errorf("answer %s version %d: %w", kmsg.NameForKey(r.Key()), r.GetVersion(), errNoAnswer)
	}
	c.out = appendResponse(c.out[:0], r.corr, resp)
	_, err = c.net.Write(c.out)
	if cap(c.out) > spareBytes {
		c.out = nil
	}
	return err
}

// answer waits for the answer, as long as the client does.
func (c *conn) answer() (kmsg.Response, error) {
	select {
	case resp := <-c.answers: // most are there by now
		return resp, nil
	default:
	}
	looking := make(chan error, 1)
	c.s.running.Go(func() {
		_, err := c.r.Peek(1)
		looking <- err
	})
	select {
	case resp := <-c.answers:
		c.looking = looking
		return resp, nil
	case err := <-looking:
		if err != nil {
			return nil, err
		}
	case <-c.s.done:
		return nil, net.ErrClosed
	}
	select { // the next request is here already: it waits in the socket
	case resp := <-c.answers:
		return resp, nil
	case <-c.s.done:
		return nil, net.ErrClosed
	}
}
