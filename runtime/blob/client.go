package blob

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// ErrNotFound is what a Get of a missing object ends with.
type ErrNotFound struct{ Path string }

func (e ErrNotFound) Error() string { return fmt.Sprintf("object %s is not in the store", e.Path) }

// Client is one actor's client. It lives in the actor's fields and is used from its Receive only.
type Client struct {
	store   mailbox.Addr
	timeout time.Duration
	tries   int
	req     uint64
	open    map[uint64]*call
}

type call struct {
	what  string // for errors: "write x"
	path  string
	make  func(req uint64) mailbox.Msg
	tries int
	done  func(env mailbox.Env, data []byte, paths []string, err error)
}

// overdue is the client's timer: the answer to a request has not come, or it is time to ask again.
type overdue struct{ Req uint64 }

func (overdue) Word() string { return "blob-overdue" }

// NewClient returns a client that waits so long for each answer, and tries so often.
func NewClient(store mailbox.Addr, timeout time.Duration, tries int) *Client {
	return &Client{store: store, timeout: timeout, tries: tries, open: map[uint64]*call{}}
}

// Put writes an object. After an error it may be there or not.
func (c *Client) Put(env mailbox.Env, path string, data []byte, done func(env mailbox.Env, err error)) {
	c.ask(env, &call{what: "write", path: path,
		make: func(req uint64) mailbox.Msg { return wire.BlobPut{Req: req, Path: path, Data: data} },
		done: func(env mailbox.Env, _ []byte, _ []string, err error) { done(env, err) }})
}

// Get reads an object.
func (c *Client) Get(env mailbox.Env, path string, done func(env mailbox.Env, data []byte, err error)) {
	c.ask(env, &call{what: "read", path: path,
		make: func(req uint64) mailbox.Msg { return wire.BlobGet{Req: req, Path: path} },
		done: func(env mailbox.Env, data []byte, _ []string, err error) { done(env, data, err) }})
}

// Delete deletes objects.
func (c *Client) Delete(env mailbox.Env, paths []string, done func(env mailbox.Env, err error)) {
	c.ask(env, &call{what: "delete", path: fmt.Sprint(len(paths), " objects"),
		make: func(req uint64) mailbox.Msg { return wire.BlobDelete{Req: req, Paths: paths} },
		done: func(env mailbox.Env, _ []byte, _ []string, err error) { done(env, err) }})
}

// List lists objects by prefix, sorted.
func (c *Client) List(env mailbox.Env, prefix string, done func(env mailbox.Env, paths []string, err error)) {
	c.ask(env, &call{what: "list", path: prefix + "*",
		make: func(req uint64) mailbox.Msg { return wire.BlobList{Req: req, Prefix: prefix} },
		done: func(env mailbox.Env, _ []byte, paths []string, err error) { done(env, paths, err) }})
}

// Idle says whether no answer is waited for.
func (c *Client) Idle() bool { return len(c.open) == 0 }

func (c *Client) ask(env mailbox.Env, k *call) {
	c.req++
	c.open[c.req] = k
	c.try(env, c.req, k)
}

func (c *Client) try(env mailbox.Env, req uint64, k *call) {
	k.tries++
	env.Send(c.store, k.make(req))
	env.After(c.timeout, overdue{req})
}

// Handle takes an answer. mine is false for a message that is not for the client.
func (c *Client) Handle(env mailbox.Env, m mailbox.Msg) (mine bool) {
	switch m := m.(type) {
	case wire.BlobDone:
		c.answer(env, m.Req, nil, nil, m.Err)
	case wire.BlobData:
		c.answer(env, m.Req, m.Data, nil, m.Err)
	case wire.BlobPaths:
		c.answer(env, m.Req, nil, m.Paths, m.Err)
	case overdue:
		if k := c.open[m.Req]; k != nil {
			c.again(env, m.Req, k, "no answer")
		}
	case mailbox.Undeliverable:
		return m.To == c.store // the timer will ask again
	default:
		return false
	}
	return true
}

func (c *Client) answer(env mailbox.Env, req uint64, data []byte, paths []string, failed string) {
	k := c.open[req]
	if k == nil {
		return // the answer to an earlier try
	}
	switch failed {
	case "":
		delete(c.open, req)
		k.done(env, data, paths, nil)
	case "not-found":
		delete(c.open, req)
		k.done(env, nil, nil, ErrNotFound{k.path})
	default:
		if k.tries >= c.tries {
			c.again(env, req, k, failed)
		} // else the timer of this try will ask again, after the rest of its time
	}
}

func (c *Client) again(env mailbox.Env, req uint64, k *call, why string) {
	if k.tries < c.tries {
		c.try(env, req, k)
		return
	}
	delete(c.open, req)
	k.done(env, nil, nil, fmt.Errorf("%s %s in the object store: %s after %d tries", k.what, k.path, why, k.tries))
}
