package gatewaytest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/election/coordtest"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Patience is how long a gateway waits for a service that will answer, on a machine with much else to do.
const Patience = 20 * time.Second

// Gateway is an actor that is closed when its node has ended.
type Gateway interface {
	mailbox.Actor
	Close()
}

// Office is a process with a gateway, and with the askers in it. It is a coordtest.Service.
type Office struct {
	t       *testing.T
	gateway Gateway
	node    *live.Node
	heard   map[mailbox.Addr]clerk
}

// clerk keeps what an asker hears.
type clerk chan mailbox.Msg

func (c clerk) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, started := m.(mailbox.Started); !started {
		c <- m
	}
	return nil
}

// Open starts a process with a gateway.
func Open(t *testing.T, gateway Gateway) *Office {
	o := &Office{t: t, gateway: gateway, heard: map[mailbox.Addr]clerk{}}
	residents := []live.Resident{{Actor: gateway}}
	for _, name := range coordtest.Askers {
		c := make(clerk, 64)
		o.heard[mailbox.Addr(name)] = c
		residents = append(residents, live.Resident{Name: name, Actor: c})
	}
	o.node = live.Start(live.Config{Name: "ha", Residents: residents})
	t.Cleanup(o.Close)
	return o
}

// Close ends the process, and then the gateway: with it goes all that the process kept of the service.
func (o *Office) Close() {
	_ = o.node.Stop()
	o.gateway.Close()
}

// Ask mails a request to the gateway.
func (o *Office) Ask(from mailbox.Addr, m mailbox.Msg) { o.node.Send("ha/"+from, "ha", m) }

// Answer waits for the next answer to an asker. Nil: none came.
func (o *Office) Answer(to mailbox.Addr) mailbox.Msg {
	select {
	case m := <-o.heard[to]:
		return m
	case <-time.After(2 * Patience):
		return nil
	}
}

// Hears mails a request from jm-0 and compares the answer, as Next does.
func (o *Office) Hears(m mailbox.Msg, want string) (version uint64) {
	o.t.Helper()
	o.Ask("jm-0", m)
	said, version := sentence(o.Answer("jm-0"))
	if said != want {
		o.t.Errorf("%+v is answered %q, want %q", m, said, want)
	}
	return version
}

// Next compares the next answer to an asker, up to the versions in it: "done" or "alive", or the keys as "key=value session",
// and then the error's word.
func (o *Office) Next(asker mailbox.Addr, want string) (version uint64) {
	o.t.Helper()
	said, version := sentence(o.Answer(asker))
	if said != want {
		o.t.Errorf("%s hears %q, want %q", asker, said, want)
	}
	return version
}

func sentence(answer mailbox.Msg) (said string, version uint64) {
	switch m := answer.(type) {
	case wire.CoordTxnDone:
		said, version = "done "+m.Err, m.Version
	case wire.CoordSessionAlive:
		said = "alive " + m.Err
	case wire.CoordEntries:
		for _, e := range m.Entries {
			said += fmt.Sprintf("%s=%s %s ", e.Key, e.Value, e.Session)
		}
		said, version = said+m.Err, m.Version
	default:
		said = "no answer"
	}
	return strings.TrimSpace(said), version
}

// Write writes x to a key, which is a session's if that is not empty.
func Write(key, session string) wire.CoordTxn {
	return wire.CoordTxn{Writes: []wire.Write{{Key: key, Value: []byte("x"), Session: session}}}
}

// Delete deletes a key.
func Delete(key string) wire.CoordTxn {
	return wire.CoordTxn{Writes: []wire.Write{{Key: key, Delete: true}}}
}
