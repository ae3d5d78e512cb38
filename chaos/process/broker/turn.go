package broker

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// letter is something that waits to happen: mail to be delivered, or a step to be noted.
type letter struct {
	by       *actor // nil: somebody outside
	from, to mailbox.Addr
	m        mailbox.Msg
	step     history.Event // nil: mail
}

// Deliver brings mail to a broker: such that the host has carried.
func (s *Server) Deliver(from, to mailbox.Addr, m mailbox.Msg) {
	defer s.catch()
	s.mail = append(s.mail, letter{from: from, to: to, m: m})
	s.settle()
}

// step does something and then delivers mail, and what timers have become due, until there is none; within another step
// that is left to the outer one. The caller has the turn. A failed assertion of the model ends the server: its state cannot
// be trusted any more.
func (s *Server) step(something func()) {
	defer s.catch()
	something()
	s.settle()
}

func (s *Server) catch() {
	if reason := recover(); reason != nil {
		s.crash(fmt.Errorf("serve Kafka: the model has failed: %v; this is a bug of ours\n%s", reason, debug.Stack()))
	}
}

func (s *Server) crash(err error) {
	s.log.Error("the server ends", "cause", err)
	s.end(err)
}

func (s *Server) settle() {
	if s.settling {
		return
	}
	s.settling = true
	defer func() { s.settling = false }()
	for !s.over {
		for i := 0; i < len(s.mail) && !s.over; i++ {
			s.happen(&s.mail[i])
		}
		clear(s.mail)
		s.mail = s.mail[:0]
		t := s.timers.due(s.now())
		if t == nil {
			break
		}
		switch {
		case t.do != nil:
			t.do()
		case !t.of.dead:
			t.of.Send(t.of.addr, t.m)
		}
	}
	s.setAlarm()
}

// happen does what waits. What a broker would have done after the step at which it died never leaves it.
func (s *Server) happen(l *letter) {
	switch {
	case l.by != nil && l.by.dead:
	case l.step != nil:
		s.host.Note(l.from, l.step)
	case l.by != nil && l.from != l.to && s.conns[l.to] == nil:
		s.host.Carry(l.from, l.to, l.m)
	default:
		s.deliver(l)
	}
}

// deliver hands one piece of mail to a broker or to a client. A client that has gone gets nothing, and who writes to a
// broker that is dead hears so.
func (s *Server) deliver(l *letter) {
	if a := s.actors[l.to]; a != nil {
		if err := a.impl.Receive(a, l.from, l.m); err != nil {
			s.crash(fmt.Errorf("serve Kafka: %s has failed: %w; this is a bug of ours", l.to, err))
		}
		return
	}
	switch m := l.m.(type) {
	case protocol.Response:
		s.reply(l.to, m.Corr, m.Resp)
	case protocol.Request:
		s.Deliver(l.to, l.from, mailbox.Undeliverable{To: l.to, M: m})
	}
}

// ask gives a request of a client to its broker. The answer may be there when it returns.
func (s *Server) ask(c *conn, r request) {
	s.host.Lock()
	defer s.host.Unlock()
	if s.over {
		return
	}
	s.asked++
	c.waits = s.asked
	s.Deliver(c.addr, c.broker, protocol.Request{Corr: s.asked, Conn: 1, ClientID: r.client, Req: r.Request})
}

// reply gives a client the answer to the request that it waits for. Nil is that there will be none.
func (s *Server) reply(to mailbox.Addr, corr uint64, resp kmsg.Response) {
	if c := s.conns[to]; c != nil && c.waits == corr {
		c.waits = 0
		c.answers <- resp // it has room for one, and nobody asks twice
	}
}

// unanswered ends the wait of a client. To one whose request or answer is lost the connection is.
func (s *Server) unanswered(from mailbox.Addr, corr uint64, lost bool) {
	if c := s.conns[from]; lost && c != nil {
		reset(c.net)
	}
	s.reply(from, corr, nil)
}

// now is the time since the start.
func (s *Server) now() time.Duration { return time.Since(s.began) }

// wake mails a broker from outside of it.
func (s *Server) wake(to mailbox.Addr, m mailbox.Msg) { s.Deliver(to, to, m) }
