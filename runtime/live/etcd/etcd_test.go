package etcd

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/election/coordtest"
	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

const patient = gatewaytest.Patience

var write = gatewaytest.Write

func serve(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Embedded(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, s *Server) *clientv3.Client {
	t.Helper()
	c, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func open(t *testing.T, cfg Config) *gatewaytest.Office {
	t.Helper()
	return gatewaytest.Open(t, New(cfg))
}

func TestContract(t *testing.T) {
	coordtest.Run(t, func(t *testing.T) coordtest.Service {
		t.Parallel()
		return open(t, Config{Client: connect(t, serve(t, t.TempDir())), Patience: patient})
	})
}

// What a gateway knows is in etcd.
func TestSessionsAreOfAllGateways(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	gatewaytest.SharesSessions(open(t, Config{Client: connect(t, s), Patience: patient}), open(t, Config{Client: connect(t, s), Patience: patient}))
}

func TestElectionOnEtcd(t *testing.T) {
	gatewaytest.Elects(t, func(t *testing.T) gatewaytest.Gateway {
		return New(Config{Client: connect(t, serve(t, t.TempDir())), Patience: patient})
	})
}

// etcd dies and comes back. Whoever asks meanwhile hears so, and the log says what to do; nothing is lost, nor does a
// session end.
func TestEtcdIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Embedded(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s)
	var log bytes.Buffer
	o := open(t, Config{Client: c, Patience: patient})
	hasty := open(t, Config{Client: c, Patience: 50 * time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, nil))})
	session := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	o.Hears(session, "alive")
	o.Hears(write("latch", "s"), "done")
	s.Stop()
	hasty.Hears(write("plan", ""), "done unavailable")
	hasty.Hears(write("latch", "s"), "done unavailable")
	hasty.Hears(session, "alive unavailable")
	hasty.Hears(wire.CoordGet{}, "unavailable")
	hasty.Hears(wire.CoordWatch{Wait: 50 * time.Millisecond}, "unavailable")
	hasty.Close()
	for _, want := range []string{"write 1 keys on 0 conditions", "see that etcd runs, and that it is reached at " + c.Endpoints()[0]} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log.String())
		}
	}
	c.SetEndpoints(serve(t, dir).Endpoint())
	o.Hears(session, "alive")
	o.Hears(wire.CoordGet{Prefix: "latch"}, "latch=x s")
}

// Two processes begin to open a session when nobody knows its name, and one is slower: its lease is not used.
func TestANameIsUsedOnce(t *testing.T) {
	t.Parallel()
	c := &cluster{connect(t, serve(t, t.TempDir()))}
	for _, want := range []bool{true, false} {
		if first, err := c.use(t.Context(), "s"); err != nil || first != want {
			t.Errorf("the name is used: first %v, %v; want %v", first, err, want)
		}
	}
	if first, err := c.open(t.Context(), wire.CoordSession{Session: "s", Timeout: time.Second}); err != nil || first {
		t.Errorf("the name is opened once more: first %v, %v", first, err)
	}
	if lease, used, err := c.session(t.Context(), "s"); err != nil || lease != nobodys || !used {
		t.Errorf("the name has lease %x, used %v, %v; want none", lease, used, err)
	}
}

// etcd forgets its past now and then.
func TestAWatchOfAPastThatIsForgotten(t *testing.T) {
	t.Parallel()
	c := connect(t, serve(t, t.TempDir()))
	o := open(t, Config{Client: c, Patience: patient})
	gatewaytest.ForgetsThePast(o, func() {
		if _, err := c.Compact(t.Context(), int64(o.Hears(write("other", ""), "done"))); err != nil {
			t.Fatal(err)
		}
	})
}

// A client that is closed too early gives no news. Nobody waits for them.
func TestAWatchOfAClientThatIsClosed(t *testing.T) {
	t.Parallel()
	c := connect(t, serve(t, t.TempDir()))
	o := open(t, Config{Client: c, Patience: patient})
	o.Ask("jm-0", wire.CoordWatch{Prefix: "leader", Wait: time.Hour})
	c.Close()
	o.Next("jm-0", "unavailable")
}

// Whatever is under way, nothing of a gateway goes on after Close, though its client is open; and Close is quick. It is
// told alone: the goroutines of other stories are like these.
func TestNothingGoesOnAfterClose(t *testing.T) {
	for away, stay := range map[bool]int{false: 1, true: 3} { // the watch; and the first of each line
		s, err := Embedded(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		c := connect(t, s)
		o := open(t, Config{Client: c, Patience: time.Hour})
		o.Hears(wire.CoordSession{Session: "s", Timeout: time.Minute}, "alive")
		if away {
			connected := c.ActiveConnection().GetState()
			s.Stop()
			c.ActiveConnection().WaitForStateChange(t.Context(), connected) // what is sent before that is lost at once, and not under way
		} else {
			defer s.Stop()
		}
		o.Ask("jm-0", wire.CoordWatch{Prefix: "latch", Wait: time.Hour})
		o.Ask("jm-0", wire.CoordGet{})
		o.Ask("jm-1", write("plan", "s"))
		o.Ask("jm-1", wire.CoordSession{Session: "s", Timeout: time.Minute})
		gatewaytest.UnderWay(t, stay)
		began := time.Now()
		o.Close()
		if took := time.Since(began); took > patient {
			t.Errorf("Close took %s", took)
		}
		gatewaytest.Quiet(t, "etcd.(*cluster)", "etcd/client/v3.(*watchGrpcStream)")
	}
}
