package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

type connKey struct {
	from mailbox.Addr
	conn uint32
}

// conn keeps the requests of one connection in order: the next is looked at when the one before is answered.
type conn struct {
	busy  bool
	queue []Request
}

// call is one request that is being worked on.
type call struct {
	from    mailbox.Addr
	corr    uint64
	key     int16
	version int16
	conn    *conn
}

// held and late are a request and an answer on which a fault sits.
type held struct {
	from mailbox.Addr
	m    Request
}

type late struct {
	to mailbox.Addr
	m  Response
}

// arrive lets the faults have their say before a request is looked at.
func (b *Broker) arrive(env mailbox.Env, from mailbox.Addr, m Request) {
	f := &b.cluster.faults
	key := m.Req.Key()
	if f.loseRequest.take(key) {
		return
	}
	if wait, ok := f.delayRequest.take(key); ok {
		env.After(wait, arrived{&held{from, m}})
		return
	}
	b.admit(env, from, m)
}

// admit queues a request behind those of the same connection.
func (b *Broker) admit(env mailbox.Env, from mailbox.Addr, m Request) {
	var cn *conn
	if m.Conn != 0 {
		key := connKey{from, m.Conn}
		if cn = b.conns[key]; cn == nil {
			cn = &conn{}
			b.conns[key] = cn
		}
		if cn.busy {
			cn.queue = append(cn.queue, m)
			return
		}
		cn.busy = true
	}
	b.handle(env, call{from: from, corr: m.Corr, key: m.Req.Key(), version: m.Req.GetVersion(), conn: cn}, m.Req)
}

// answer sends a response, unless a fault takes it, and lets the connection go on.
func (b *Broker) answer(env mailbox.Env, c call, resp kmsg.Response) {
	f := &b.cluster.faults
	m := Response{Corr: c.corr, Resp: resp}
	if f.loseAnswer.take(c.key) {
		b.hangUp(env, c)
		return
	}
	resp.SetVersion(c.version)
	if wait, ok := f.delayAnswer.take(c.key); ok {
		env.After(wait, depart{&late{c.from, m}})
	} else {
		env.Send(c.from, m)
	}
	b.hangUp(env, c)
}

// hangUp ends the work on a request and takes up the next of its connection.
func (b *Broker) hangUp(env mailbox.Env, c call) {
	cn := c.conn
	if cn == nil {
		return
	}
	cn.busy = false
	if len(cn.queue) > 0 {
		next := cn.queue[0]
		cn.queue = cn.queue[1:]
		cn.busy = true
		b.handle(env, call{from: c.from, corr: next.Corr, key: next.Req.Key(), version: next.Req.GetVersion(), conn: cn}, next.Req)
	}
}
