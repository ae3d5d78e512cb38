package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
)

// client asks ZooKeeper. It has a session of its own, which owns nothing: when that ends, the next one is as good.
type client struct {
	conn   *zk.Conn
	events <-chan zk.Event // closed once conn has ended
	dialed atomic.Pointer[dialed]
	asking sync.WaitGroup
}

// dialed is what came of the last try to connect.
type dialed struct {
	conn net.Conn
	err  error
}

// ownTimeout is the timeout of the client's own session. A server that falls silent is left after two thirds of it.
const ownTimeout = 2 * time.Second

// connect begins to dial, until ctx is over. told hears of the client's state before it goes on; nil: nobody does.
func connect(ctx context.Context, cfg Config, told func(zk.Event)) (c *client, err error) {
	c = &client{}
	c.conn, c.events, err = zk.Connect(cfg.Servers, ownTimeout, zk.WithHostProvider(&hosts{}), zk.WithLogger(chatter{cfg.Log}), zk.WithLogInfo(false),
		zk.WithEventCallback(told), zk.WithDialer(func(network, address string, timeout time.Duration) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			conn, err := cfg.Dial(ctx, network, address)
			c.dialed.Store(&dialed{conn, err})
			return &impatient{Conn: conn}, err
		}))
	return c, err
}

// close ends the client, and returns when nothing of it goes on. What is still asked is given up. connect's context is
// over before, so that nothing more is dialled.
func (c *client) close() {
	c.conn.Close()
	c.asking.Wait()
	if d := c.dialed.Load(); d != nil && d.conn != nil {
		d.conn.Close() // zk would wait for a server that is silent
	}
	for range c.events { // until it is closed
	}
}

// unreached says why nobody answers, if it is for want of a connection; else nil.
func (c *client) unreached() error {
	if c.conn.State() == zk.StateHasSession {
		return nil
	}
	if d := c.dialed.Load(); d != nil && d.err != nil {
		return d.err
	}
	return errors.New("whoever listens there says nothing")
}

// impatient is a connection whose first answer must come within twice ownTimeout. zk would wait for it more than three
// times as long, while another member may be well.
type impatient struct {
	net.Conn
	greeted bool
}

// SetReadDeadline is called before the first answer, and then before every other one.
func (c *impatient) SetReadDeadline(t time.Time) error {
	if !c.greeted {
		c.greeted, t = true, time.Now().Add(2*ownTimeout)
	}
	return c.Conn.SetReadDeadline(t)
}

// chatter is the log of zk, which tells of every try.
type chatter struct{ log *slog.Logger }

func (c chatter) Printf(format string, args ...any) { c.log.Debug(fmt.Sprintf("zk: "+format, args...)) }

// within waits for an answer until ctx is over. The requests of zk know no context: one that is given up goes on, and
// what it asks for may still happen.
func within[T any](ctx context.Context, c *client, ask func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	c.asking.Go(func() {
		value, err := ask()
		answers <- answer{value, err}
	})
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// node is what a node of ZooKeeper's holds, and how often that was written.
type node struct {
	data    []byte
	version int32
}

func (c *client) get(ctx context.Context, path string) (node, error) {
	return within(ctx, c, func() (node, error) {
		data, stat, err := c.conn.Get(path)
		if err != nil {
			return node{}, err
		}
		return node{data, stat.Version}, nil
	})
}

// version is that of a node that must exist.
func (c *client) version(ctx context.Context, path string) (int32, error) {
	return within(ctx, c, func() (int32, error) {
		there, stat, err := c.conn.Exists(path)
		switch {
		case err != nil:
			return 0, err
		case !there:
			return 0, zk.ErrNoNode
		}
		return stat.Version, nil
	})
}

func (c *client) children(ctx context.Context, path string) ([]string, error) {
	return within(ctx, c, func() ([]string, error) {
		names, _, err := c.conn.Children(path)
		return names, err
	})
}

func (c *client) create(ctx context.Context, path string, data []byte) error {
	_, err := within(ctx, c, func() (string, error) { return c.conn.Create(path, data, 0, everybody) })
	return err
}

func (c *client) delete(ctx context.Context, path string) error {
	_, err := within(ctx, c, func() (any, error) { return nil, c.conn.Delete(path, anyVersion) })
	return err
}

// multi does all, or nothing. The error is that of the first thing that could not be done.
func (c *client) multi(ctx context.Context, ops []any) error {
	_, err := within(ctx, c, func() ([]zk.MultiResponse, error) { return c.conn.Multi(ops...) })
	return err
}

// sync returns when the server that is asked has caught up with the leader.
func (c *client) sync(ctx context.Context, path string) error {
	_, err := within(ctx, c, func() (string, error) { return c.conn.Sync(path) })
	return err
}

// watchData returns what is told once when a node's data has changed, or when nobody will tell.
func (c *client) watchData(ctx context.Context, path string) (<-chan zk.Event, error) {
	return within(ctx, c, func() (<-chan zk.Event, error) {
		_, _, changed, err := c.conn.GetW(path)
		return changed, err
	})
}

// watchChildren is the same for the names of a node's children.
func (c *client) watchChildren(ctx context.Context, path string) (<-chan zk.Event, error) {
	return within(ctx, c, func() (<-chan zk.Event, error) {
		_, _, changed, err := c.conn.ChildrenW(path)
		return changed, err
	})
}

// anyVersion is for what may have any version; everybody may do everything with a node.
const anyVersion = -1

var everybody = zk.WorldACL(zk.PermAll)
