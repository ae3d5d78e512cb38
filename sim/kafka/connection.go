package kafka

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

type connKey struct {
	from mailbox.Addr
	conn uint32
}

// conn is a connection on which a request is being worked on. The next is looked at when that is answered.
type conn struct {
	key   connKey
	queue []protocol.Request
}

// call is one request that is being worked on.
type call struct {
	from    mailbox.Addr
	corr    uint64
	client  string
	key     kmsg.Key
	version int16
	conn    *conn
	size    int // of the request, if clients have a quota
}

// held and late are a request and an answer on which a fault sits.
type held struct {
	from mailbox.Addr
	m    protocol.Request
	wait time.Duration
}

func (h *held) late() history.RequestLate {
	return history.RequestLate{Request: kmsg.Key(h.m.Req.Key()).Name(), TransactionalID: transactionalIDOf(h.m.Req), LateMs: h.wait.Milliseconds()}
}

type late struct {
	to mailbox.Addr
	m  protocol.Response
}

// arrive lets the faults have their say before a request is looked at.
func (b *Broker) arrive(env mailbox.Env, from mailbox.Addr, m protocol.Request) {
	f := &b.cluster.faults
	key := kmsg.Key(m.Req.Key())
	if f.loseRequest.take(key) {
		b.cluster.cfg.Unanswered(from, m.Corr, true)
		return
	}
	if wait, ok := f.delayRequest.take(key); ok {
		env.After(wait, arrived{&held{from, m, wait}})
		return
	}
	for _, late := range f.late {
		if late.concerns(m.Req) && late.hits(env, "fault.late-request", key) {
			f.hits++
			env.After(late.By, arrived{&held{from, m, late.By}})
			return
		}
	}
	b.admit(env, from, m)
}

// admit queues a request behind those of the same connection.
func (b *Broker) admit(env mailbox.Env, from mailbox.Addr, m protocol.Request) {
	var cn *conn
	if m.Conn != 0 {
		key := connKey{from, m.Conn}
		if cn = b.conns[key]; cn != nil {
			cn.queue = append(cn.queue, m)
			return
		}
		cn = &conn{key: key}
		b.conns[key] = cn
	}
	b.take(env, from, cn, m)
}

// take begins the work on a request.
func (b *Broker) take(env mailbox.Env, from mailbox.Addr, cn *conn, m protocol.Request) {
	c := call{from: from, corr: m.Corr, client: m.ClientID, key: kmsg.Key(m.Req.Key()), version: m.Req.GetVersion(), conn: cn}
	if b.cluster.quotas[b.node] != (Quota{}) {
		c.size = m.Size()
	}
	b.handle(env, c, m.Req)
}

// answer sends a response, unless a fault takes it, and lets the connection go on.
func (b *Broker) answer(env mailbox.Env, c call, resp kmsg.Response) {
	f := &b.cluster.faults
	m := protocol.Response{Corr: c.corr, Resp: resp}
	if f.loseAnswer.take(c.key) || slices.ContainsFunc(f.lost, func(s Share) bool { return s.hits(env, "fault.lost-answer", c.key) }) {
		f.hits++
		b.leave(env, c, true)
		return
	}
	resp.SetVersion(c.version)
	mute := b.throttle(env, c, resp)
	if wait, ok := f.delayAnswer.take(c.key); ok {
		env.After(wait, depart{&late{c.from, m}})
	} else {
		env.Send(c.from, m)
	}
	b.hangUp(env, c.conn, mute)
}

// leave ends the work on a request that gets no answer, or whose answer is lost.
func (b *Broker) leave(env mailbox.Env, c call, lost bool) {
	b.cluster.cfg.Unanswered(c.from, c.corr, lost)
	b.hangUp(env, c.conn, b.throttle(env, c, nil))
}

// hangUp ends the work on a request and takes up the next of its connection, which may have to be mute before.
func (b *Broker) hangUp(env mailbox.Env, cn *conn, mute time.Duration) {
	switch {
	case cn == nil:
	case mute > 0:
		env.After(mute, unmute{cn})
	case len(cn.queue) > 0:
		next := cn.queue[0]
		cn.queue = cn.queue[1:]
		b.take(env, cn.key.from, cn, next)
	case b.conns[cn.key] == cn: // else it broke meanwhile
		delete(b.conns, cn.key)
	}
}
