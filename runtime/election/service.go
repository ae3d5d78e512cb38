package election

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// service is one actor's way to the coordination service. Every request gets exactly one answer: what the
// service said, Undeliverable when it certainly did nothing, or nil when there was no answer in time.
type service struct {
	addr mailbox.Addr
	req  uint64
	open map[uint64]call
}

type call struct {
	timer mailbox.Timer
	then  func(env mailbox.Env, answer mailbox.Msg)
}

// overdue is the timer of a request; later runs what was put off.
type (
	overdue struct{ Req uint64 }
	later   struct{ Req uint64 }
)

func (overdue) Word() string { return "coord-overdue" }
func (later) Word() string   { return "coord-later" }

func newService(addr mailbox.Addr) *service { return &service{addr: addr, open: map[uint64]call{}} }

func (s *service) ask(env mailbox.Env, wait time.Duration, m func(req uint64) mailbox.Msg, then func(mailbox.Env, mailbox.Msg)) {
	s.req++
	env.Send(s.addr, m(s.req))
	s.open[s.req] = call{env.After(wait, overdue{s.req}), then}
}

// after calls then once wait has passed.
func (s *service) after(env mailbox.Env, wait time.Duration, then func(mailbox.Env)) {
	s.req++
	s.open[s.req] = call{env.After(wait, later{s.req}), func(env mailbox.Env, _ mailbox.Msg) { then(env) }}
}

// handle takes an answer. mine is false for a message that is none.
func (s *service) handle(env mailbox.Env, m mailbox.Msg) (mine bool) {
	switch m := m.(type) {
	case wire.CoordTxnDone:
		s.answer(env, m.Req, m)
	case wire.CoordEntries:
		s.answer(env, m.Req, m)
	case wire.CoordSessionAlive:
		s.answer(env, m.Req, m)
	case overdue:
		s.answer(env, m.Req, nil)
	case later:
		s.answer(env, m.Req, nil)
	case mailbox.Undeliverable:
		req, ok := requestOf(m.M)
		if !ok {
			return false
		}
		s.answer(env, req, m)
	default:
		return false
	}
	return true
}

func (s *service) answer(env mailbox.Env, req uint64, answer mailbox.Msg) {
	c, ok := s.open[req]
	if !ok {
		return // it came too late, or twice
	}
	delete(s.open, req)
	c.timer.Stop()
	c.then(env, answer)
}

// forget drops every call under way: their answers come too late.
func (s *service) forget() { clear(s.open) }

func requestOf(m mailbox.Msg) (req uint64, ok bool) {
	switch m := m.(type) {
	case wire.CoordTxn:
		return m.Req, true
	case wire.CoordGet:
		return m.Req, true
	case wire.CoordWatch:
		return m.Req, true
	case wire.CoordSession:
		return m.Req, true
	}
	return 0, false
}

// get reads one key. ok is false when it could not be read; a key that is not there has Version 0.
func (s *service) get(env mailbox.Env, wait time.Duration, key string, then func(env mailbox.Env, e wire.Entry, ok bool)) {
	s.ask(env, wait, func(req uint64) mailbox.Msg { return wire.CoordGet{Req: req, Prefix: key, Exact: true} },
		func(env mailbox.Env, answer mailbox.Msg) {
			entries, ok := answer.(wire.CoordEntries)
			if !ok || entries.Err != "" {
				then(env, wire.Entry{}, false)
				return
			}
			for _, e := range entries.Entries {
				if e.Key == key {
					then(env, e, true)
					return
				}
			}
			then(env, wire.Entry{Key: key}, true)
		})
}

// result is what is known of a transaction.
type result uint8

const (
	applied  result = iota
	conflict        // a comparison failed: certainly not applied
	failed          // certainly not applied
	unknown         // applied or not
)

func (s *service) txn(env mailbox.Env, wait time.Duration, t wire.CoordTxn, then func(env mailbox.Env, r result, version uint64)) {
	s.ask(env, wait, func(req uint64) mailbox.Msg { t.Req = req; return t },
		func(env mailbox.Env, answer mailbox.Msg) {
			switch m := answer.(type) {
			case wire.CoordTxnDone:
				switch m.Err {
				case "":
					then(env, applied, m.Version)
				case "conflict":
					then(env, conflict, 0)
				case "session-expired":
					then(env, failed, 0)
				default:
					then(env, unknown, 0)
				}
			case mailbox.Undeliverable:
				then(env, failed, 0)
			default:
				then(env, unknown, 0)
			}
		})
}
