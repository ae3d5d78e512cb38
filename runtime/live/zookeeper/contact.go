package zookeeper

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
)

// contact is a connection in a session of ZooKeeper's. The session outlives it: whoever presents its id and password
// has another one, and the timeout counts anew. zk can neither present them nor hang up without closing the session,
// so the three requests that this takes are here, in ZooKeeper's protocol: packets with their length before them.
type contact struct {
	session
	granted time.Duration
	conn    net.Conn
	release func() bool
}

const (
	passwordBytes = 16
	answerMax     = 1 << 10 // bytes
	contactAgain  = 50 * time.Millisecond
)

// contact calls the server that the client is connected to, again and again until ctx is over: it may be about to
// leave it, and ZooKeeper ends a contact when there is another one in the same session. The id 0 opens a session.
func (e *ensemble) contact(ctx context.Context, s session) (*contact, error) {
	for {
		c, err := e.call(ctx, e.zk.conn.Server(), s)
		switch {
		case errors.Is(err, coordination.ErrSessionExpired):
			// ZooKeeper knows before the session's node has gone. Nobody shall see it whose neighbour has heard.
			if gone := e.zk.delete(ctx, e.aliveNode(s.owner())); gone != nil && !errors.Is(gone, zk.ErrNoNode) {
				return nil, gone
			}
			return nil, err
		case err == nil:
			return c, nil
		}
		if pause(ctx, contactAgain) != nil {
			return nil, err
		}
	}
}

func (e *ensemble) call(ctx context.Context, server string, s session) (*contact, error) {
	conn, err := e.cfg.Dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	c := &contact{session: s, conn: conn, release: context.AfterFunc(ctx, func() { conn.Close() })}
	if err := c.present(); err != nil {
		c.hangUp()
		return nil, err
	}
	return c, nil
}

// hangUp leaves the session alone.
func (c *contact) hangUp() {
	c.release()
	c.conn.Close()
}

// present is the handshake: version of the protocol, newest change seen, timeout, id, password, whether reading is enough.
func (c *contact) present() error {
	password := c.Password
	if c.ID == 0 {
		password = make([]byte, passwordBytes)
	}
	p := binary.BigEndian.AppendUint32(nil, 0)
	p = binary.BigEndian.AppendUint64(p, 0)
	p = binary.BigEndian.AppendUint32(p, uint32(min((c.Timeout+time.Millisecond-1)/time.Millisecond, math.MaxInt32)))
	p = binary.BigEndian.AppendUint64(p, uint64(c.ID))
	p = append(appendString(p, string(password)), 0)
	answer, err := c.ask(p, 4+4+8+4+passwordBytes)
	if err != nil {
		return err
	}
	id := int64(binary.BigEndian.Uint64(answer[8:]))
	if id == 0 {
		return coordination.ErrSessionExpired
	}
	c.granted = time.Duration(binary.BigEndian.Uint32(answer[4:])) * time.Millisecond
	c.ID, c.Password = id, answer[20:20+passwordBytes]
	return nil
}

// The codes of requests in ZooKeeper's protocol.
const (
	opCreate       = 1
	opCloseSession = -11
)

// createEphemeral creates a node that goes with the session: header, path, data, who may do what with it, flags.
func (c *contact) createEphemeral(path string) error {
	p := appendString(header(opCreate), path)
	p = appendString(p, "")
	p = binary.BigEndian.AppendUint32(p, uint32(len(everybody)))
	for _, acl := range everybody {
		p = binary.BigEndian.AppendUint32(p, uint32(acl.Perms))
		p = appendString(appendString(p, acl.Scheme), acl.ID)
	}
	return c.request(binary.BigEndian.AppendUint32(p, zk.FlagEphemeral))
}

func (c *contact) closeSession() error { return c.request(header(opCloseSession)) }

// header numbers a request, and says what it is. There is one at a time.
func header(op int32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 1), uint32(op))
}

func appendString(p []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(p, uint32(len(s))), s...)
}

// request is answered by its number, the newest change, and a code that is 0 if all went well.
func (c *contact) request(p []byte) error {
	answer, err := c.ask(p, 4+8+4)
	if err != nil {
		return err
	}
	if code := zk.ErrCode(binary.BigEndian.Uint32(answer[12:])); code != 0 {
		return fmt.Errorf("ZooKeeper refuses with code %d", code)
	}
	return nil
}

// ask sends a packet and returns the next one, which has so many bytes at least.
func (c *contact) ask(p []byte, bytesMin int) ([]byte, error) {
	if _, err := c.conn.Write(appendString(nil, string(p))); err != nil {
		return nil, err
	}
	length := make([]byte, 4)
	if _, err := io.ReadFull(c.conn, length); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length)
	if n > answerMax || int(n) < bytesMin {
		return nil, fmt.Errorf("ZooKeeper at %s answers with %d bytes", c.conn.RemoteAddr(), n)
	}
	answer := make([]byte, n)
	_, err := io.ReadFull(c.conn, answer)
	return answer, err
}
