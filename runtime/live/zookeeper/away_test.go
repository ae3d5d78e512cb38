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
	session, brief := wire.CoordSession{Session: "s", Timeout: time.Minute}, wire.CoordSession{Session: "brief", Timeout: 3 * time.Second}
	o.Hears(session, "alive")
	o.Hears(write("latch/s", "s"), "done")
	o.Hears(write("plan", ""), "done")
	o.Hears(brief, "alive")
	o.Hears(write("latch/brief", "brief"), "done")
	if err := s.Kill(0); err != nil {
		t.Fatal(err)
	}
	hasty.Hears(write("plan", ""), "done unavailable")
	hasty.Hears(write("latch/s", "s"), "done unavailable")
	hasty.Hears(session, "alive unavailable")
	hasty.Hears(wire.CoordGet{}, "unavailable")
	hasty.Hears(wire.CoordWatch{Wait: 50 * time.Millisecond}, "unavailable")
	if err := s.Start(0); err != nil {
		t.Fatal(err)
	}
	o.Hears(session, "alive")
	o.Hears(wire.CoordGet{Prefix: "plan"}, "plan=x")
	o.Ask("jm-1", wire.CoordWatch{Prefix: "latch/brief", After: o.Hears(wire.CoordGet{Prefix: "latch/s"}, "latch/s=x s"), Wait: time.Hour})
	o.Next("jm-1", "")
	o.Hears(brief, "alive session-expired")
	o.Hears(session, "alive")
	o.Hears(wire.CoordGet{Prefix: "latch/"}, "latch/s=x s")
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
	o.Hears(write("plan", ""), "done unavailable")
	o.Hears(wire.CoordSession{Session: "s", Timeout: time.Second}, "alive unavailable")
	o.Hears(wire.CoordGet{}, "unavailable")
	o.Hears(wire.CoordWatch{Wait: time.Hour}, "unavailable")
	if waited := time.Since(asked); waited > patient {
		t.Errorf("the answers took %s", waited)
	}
}
