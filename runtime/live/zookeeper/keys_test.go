package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/election/coordtest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Between the look and the write of a transaction, others are quicker. It changes nothing then, even if the key looks
// as before because it went and came again, and even if only ZooKeeper itself was quicker.
func TestNothingIsWrittenOnTopOfAnOldView(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	o := open(t, cfg)
	o.Hears(wire.CoordSession{Session: "s", Timeout: 10 * time.Second}, "alive")
	o.Hears(write("latch", "s"), "done")
	o.Hears(write("plan", ""), "done")
	for _, quicker := range []func(){
		func() { o.Hears(write("other", ""), "done") },
		func() {
			o.Hears(remove("plan"), "done")
			o.Hears(write("plan", ""), "done")
		},
		func() { o.Hears(wire.CoordSession{Session: "s", Close: true}, "alive") },
	} {
		v, err := o.ensemble.look(t.Context(), these("latch", "plan"))
		if err != nil {
			t.Fatal(err)
		}
		quicker()
		_, err = o.ensemble.commit(t.Context(), v, []string{v.keys["latch"].Owner}, []change{{"plan", &key{Value: []byte("y")}}, {key: "other"}})
		if !errors.Is(err, errOvertaken) {
			t.Errorf("a write on top of an old view: %v", err)
		}
		o.Hears(wire.CoordGet{Prefix: "plan"}, "plan=x")
	}
	o.Hears(wire.CoordGet{}, "other=x  plan=x")
}

// A leader's write compares its latch. Its session ends when all has been looked at, and nothing but the write is left:
// it is not done.
func TestAWriteOfALeaderWhoseSessionHasJustEnded(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	there := open(t, cfg)
	var late atomic.Bool
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &hesitant{conn, func() {
			if late.CompareAndSwap(true, false) {
				there.Hears(wire.CoordSession{Session: "s", Close: true}, "alive")
			}
		}}, err
	}
	here := open(t, cfg)
	here.Hears(wire.CoordSession{Session: "s", Timeout: time.Minute}, "alive")
	version := here.Hears(write("latch", "s"), "done")
	asLeader := write("plan", "")
	asLeader.If = []wire.Compare{{Key: "latch", Version: version}}
	here.Hears(asLeader, "done")
	late.Store(true)
	here.Hears(asLeader, "done conflict")
	if late.Load() {
		t.Error("nobody was late")
	}
}

// hesitant is a connection on which something happens before each transaction.
type hesitant struct {
	net.Conn
	before func()
}

func (c *hesitant) Write(p []byte) (int, error) {
	if isMulti(p) {
		c.before()
	}
	return c.Conn.Write(p)
}

// isMulti looks at the code of a request, behind its length and its number.
func isMulti(packet []byte) bool { return len(packet) > 12 && packet[11] == opMulti }

// Four askers at two gateways count to a number together, each by compare-and-swap: no step is lost.
func TestNoWriteIsLostAmongManyWriters(t *testing.T) {
	t.Parallel()
	const each = 10
	cfg := serve(t)
	var all sync.WaitGroup
	var last office
	for range 2 {
		o := open(t, cfg)
		last = o
		for _, name := range coordtest.Askers {
			asker := mailbox.Addr(name)
			all.Go(func() {
				for counted := 0; counted < each; {
					o.Ask(asker, wire.CoordGet{Prefix: "counter", Exact: true})
					read, _ := o.Answer(asker).(wire.CoordEntries)
					var e wire.Entry
					if len(read.Entries) > 0 {
						e = read.Entries[0]
					}
					n, _ := strconv.Atoi(string(e.Value))
					o.Ask(asker, wire.CoordTxn{If: []wire.Compare{{Key: "counter", Version: e.Version}},
						Writes: []wire.Write{{Key: "counter", Value: fmt.Append(nil, n+1)}}})
					switch done, ok := o.Answer(asker).(wire.CoordTxnDone); {
					case !ok || done.Err != "" && done.Err != "conflict":
						t.Errorf("%s: its step to %d is answered %+v", asker, n+1, done)
						return
					case done.Err == "":
						counted++
					}
				}
			})
		}
	}
	all.Wait()
	last.Hears(wire.CoordGet{}, fmt.Sprintf("counter=%d", 4*each))
}

// ZooKeeper takes a transaction, and its answer is lost. The asker hears that it does not know, and reads it back.
func TestALostAnswerLeavesItOpen(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	var lose atomic.Bool
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &forgetful{Conn: conn, lose: &lose}, err
	}
	o := open(t, cfg)
	o.Hears(write("other", ""), "done")
	lose.Store(true)
	o.Hears(write("plan", ""), "done unavailable")
	o.Hears(wire.CoordGet{Prefix: "plan"}, "plan=x")
	o.Hears(write("plan", ""), "done")
}

// forgetful is a connection that breaks before the answer to a transaction arrives, once.
type forgetful struct {
	net.Conn
	lose *atomic.Bool
	lost atomic.Bool
}

func (c *forgetful) Write(p []byte) (int, error) {
	if isMulti(p) && c.lose.CompareAndSwap(true, false) {
		c.lost.Store(true)
	}
	return c.Conn.Write(p)
}

func (c *forgetful) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.lost.Load() {
		c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// Whatever a key looks like, it is one key.
func TestOddKeys(t *testing.T) {
	t.Parallel()
	o := open(t, serve(t))
	odd := []string{"", "\x00", " ", "%2F", ".", "..", "../ledger", "/", "//", "=", "a/b", "a/b/", "é", "\xff"} // sorted
	var all wire.CoordTxn
	for i, key := range odd {
		all.Writes = append(all.Writes, wire.Write{Key: key, Value: fmt.Append(nil, i)})
	}
	o.Hears(all, "done")
	o.Ask("jm-0", wire.CoordGet{})
	read, _ := o.Answer("jm-0").(wire.CoordEntries)
	if len(read.Entries) != len(odd) {
		t.Fatalf("%d keys were written, and %d are read: %+v", len(odd), len(read.Entries), read)
	}
	for i, e := range read.Entries {
		if e.Key != odd[i] || string(e.Value) != strconv.Itoa(i) {
			t.Errorf("key %q has value %q, want %q with %d", e.Key, e.Value, odd[i], i)
		}
	}
	version := read.Version
	o.Hears(remove("\xff"), "done")
	o.Hears(wire.CoordWatch{Prefix: "\xff", After: version, Wait: time.Hour}, "")
	for _, name := range []string{"../s", "\xff"} {
		o.Hears(wire.CoordSession{Session: name, Timeout: 10 * time.Second}, "alive")
		o.Hears(write("", name), "done")
		o.Hears(wire.CoordGet{Exact: true}, "=x "+name)
	}
}
