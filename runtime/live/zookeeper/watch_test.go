package zookeeper

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The ledger forgets old deletions.
func TestAWatchOfAPastThatIsForgotten(t *testing.T) {
	t.Parallel()
	o := open(t, serve(t))
	gatewaytest.ForgetsThePast(o.Office, func() {
		var many, none wire.CoordTxn
		for i := range goneMax {
			key := fmt.Sprintf("other/%d", i)
			many.Writes, none.Writes = append(many.Writes, wire.Write{Key: key}), append(none.Writes, wire.Write{Key: key, Delete: true})
		}
		o.Hears(many, "done")
		o.Hears(none, "done")
	})
}

// A transaction deletes so much that the ledger has forgotten a part of it at once. Whoever waits hears of it all the
// same: it has seen the key.
func TestAWatchHearsOfWhatIsForgottenAtOnce(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	there := open(t, cfg)
	looked := make(chan bool, 1)
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &observed{Conn: conn, looked: looked}, err
	}
	here := open(t, cfg)
	many, none := write("leader", ""), remove("leader")
	for i := range goneMax {
		key := fmt.Sprintf("other/%d", i)
		many.Writes, none.Writes = append(many.Writes, wire.Write{Key: key}), append(none.Writes, wire.Write{Key: key, Delete: true})
	}
	version := there.Hears(many, "done")
	here.Ask("jm-1", wire.CoordWatch{Prefix: "leader", After: version, Wait: time.Hour})
	select {
	case <-looked:
	case <-time.After(patient):
		t.Fatal("the watch does not look")
	}
	there.Hears(none, "done")
	here.Next("jm-1", "")
}

// observed is a connection that tells when a look is over: the last that it asks is whether the ledger is still the same.
type observed struct {
	net.Conn
	looked chan<- bool
	last   atomic.Int32 // the number of that request; 0: none is open
}

func (c *observed) Write(p []byte) (int, error) {
	if len(p) > 12 && p[11] == opExists {
		c.last.Store(int32(binary.BigEndian.Uint32(p[4:])))
	}
	return c.Conn.Write(p)
}

// Read is called for the length of an answer, and then for the answer, which begins with the number of its request.
func (c *observed) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if last := c.last.Load(); last != 0 && n > 4 && int32(binary.BigEndian.Uint32(p)) == last {
		c.last.Store(0)
		select {
		case c.looked <- true:
		default: // one look is enough
		}
	}
	return n, err
}

// The process is cut off while it waits, and the change comes meanwhile. When it is back it hears of it, and of the next
// one too.
func TestAWatchHearsOfWhatItHasMissed(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	there := open(t, cfg)
	var c cable
	cfg.Dial = c.dial
	here := open(t, cfg)
	version := here.Hears(write("leader", ""), "done")
	for range 3 {
		watch := wire.CoordWatch{Prefix: "leader", After: version, Wait: time.Hour}
		here.Ask("jm-1", watch)
		here.Hears(wire.CoordGet{Prefix: "leader"}, "leader=x")
		c.cut()
		version = there.Hears(write("leader", ""), "done")
		c.mend()
		m, ok := here.Answer("jm-1").(wire.CoordEntries)
		for ok && m.Err == "unavailable" { // it was about to look when the cable was cut
			here.Ask("jm-1", watch)
			m, ok = here.Answer("jm-1").(wire.CoordEntries)
		}
		if !ok || m.Err != "" || m.Version != version {
			t.Errorf("the watch hears %+v, want that of version %d", m, version)
		}
	}
}
