package zookeeper

import (
	"net"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// ZooKeeper dies and comes back. Whoever asks meanwhile hears so, and nothing is lost, nor does a session end whose
// owner is still there. One whose owner has fallen silent ends, and its owner hears so.
func TestZooKeeperIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	s, cfg := alone(t)
	o := open(t, cfg)
	cfg.Patience = 50 * time.Millisecond
	hasty := open(t, cfg)
	session, brief := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}, wire.CoordSession{Session: "brief", Timeout: time.Second}
	o.hears(t, session, "alive")
	o.hears(t, write("latch/s", "s"), "done")
	o.hears(t, write("plan", ""), "done")
	o.hears(t, brief, "alive")
	o.hears(t, write("latch/brief", "brief"), "done")
	if err := s.Kill(0); err != nil {
		t.Fatal(err)
	}
	hasty.hears(t, write("plan", ""), "done unavailable")
	hasty.hears(t, write("latch/s", "s"), "done unavailable")
	hasty.hears(t, session, "alive unavailable")
	hasty.hears(t, wire.CoordGet{}, "unavailable")
	hasty.hears(t, wire.CoordWatch{Wait: 50 * time.Millisecond}, "unavailable")
	if err := s.Start(0); err != nil {
		t.Fatal(err)
	}
	o.hears(t, session, "alive")
	o.hears(t, wire.CoordGet{Prefix: "plan"}, "plan=x")
	o.Ask("jm-1", wire.CoordWatch{Prefix: "latch/brief", After: o.hears(t, wire.CoordGet{Prefix: "latch/s"}, "latch/s=x s"), Wait: time.Hour})
	if m, ok := o.Answer("jm-1").(wire.CoordEntries); !ok || len(m.Entries) > 0 || m.Err != "" {
		t.Errorf("the watch of the silent session's key hears %+v", m)
	}
	o.hears(t, brief, "alive session-expired")
	o.hears(t, session, "alive")
	o.hears(t, wire.CoordGet{Prefix: "latch/"}, "latch/s=x s")
}

// Somebody listens where ZooKeeper should be, and says nothing. Nobody waits for that longer than a gateway's patience.
func TestZooKeeperIsSilent(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	o := open(t, Config{Servers: []string{silent.Addr().String()}, Patience: 50 * time.Millisecond})
	asked := time.Now()
	o.hears(t, write("plan", ""), "done unavailable")
	o.hears(t, wire.CoordSession{Session: "s", Timeout: time.Second}, "alive unavailable")
	o.hears(t, wire.CoordGet{}, "unavailable")
	o.hears(t, wire.CoordWatch{Wait: time.Hour}, "unavailable")
	if waited := time.Since(asked); waited > patient {
		t.Errorf("the answers took %s", waited)
	}
}
