package zookeeper

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

// patient is how long a gateway waits for a ZooKeeper that will answer, on a machine with much else to do.
const patient = 20 * time.Second

// office is a process with a gateway, and with the askers in it.
type office struct {
	gateway *Gateway
	node    *live.Node
	heard   map[mailbox.Addr]chan mailbox.Msg
}

// clerk keeps what an asker hears.
type clerk chan mailbox.Msg

func (c clerk) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, started := m.(mailbox.Started); !started {
		c <- m
	}
	return nil
}

func open(t *testing.T, cfg Config) *office {
	t.Helper()
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{gateway: g, heard: map[mailbox.Addr]chan mailbox.Msg{}}
	residents := []live.Resident{{Actor: g}}
	for _, name := range coordtest.Askers {
		c := make(clerk, 64)
		o.heard[mailbox.Addr(name)] = c
		residents = append(residents, live.Resident{Name: name, Actor: c})
	}
	o.node = live.Start(live.Config{Name: "ha", Residents: residents})
	t.Cleanup(o.close)
	return o
}

// close ends the process: with it goes all that it kept of ZooKeeper.
func (o *office) close() {
	o.node.Stop()
	o.gateway.Close()
}

func (o *office) Ask(from mailbox.Addr, m mailbox.Msg) { o.node.Send("ha/"+from, "ha", m) }

func (o *office) Answer(to mailbox.Addr) mailbox.Msg {
	select {
	case m := <-o.heard[to]:
		return m
	case <-time.After(2 * patient):
		return nil
	}
}

// hears sends a request and compares the answer, up to the versions in it.
func (o *office) hears(t *testing.T, m mailbox.Msg, want string) (version uint64) {
	t.Helper()
	o.Ask("jm-0", m)
	said := ""
	switch m := o.Answer("jm-0").(type) {
	case wire.CoordTxnDone:
		said, version = "done "+m.Err, m.Version
	case wire.CoordSessionAlive:
		said = "alive " + m.Err
	case wire.CoordEntries:
		for _, e := range m.Entries {
			said += fmt.Sprintf("%s=%s %s ", e.Key, e.Value, e.Session)
		}
		said, version = said+m.Err, m.Version
	}
	if said = strings.TrimSpace(said); said != want {
		t.Errorf("%+v is answered %q, want %q", m, said, want)
	}
	return version
}

func write(key, session string) wire.CoordTxn {
	return wire.CoordTxn{Writes: []wire.Write{{Key: key, Value: []byte("x"), Session: session}}}
}
