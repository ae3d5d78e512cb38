package zookeeper

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Whatever is under way, and whoever does not answer, nothing of a gateway goes on after Close, and Close is quick. It
// is told alone: the goroutines of other stories are like these.
func TestNothingGoesOnAfterClose(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	for where, cfg := range map[string]Config{"with ZooKeeper": serve(t), "with silence": {Servers: []string{silent.Addr().String()}},
		"with nobody": {Servers: []string{nobody(t)}}} {
		t.Run(where, func(t *testing.T) {
			cfg.Patience = patient
			o := open(t, cfg)
			if where == "with ZooKeeper" {
				o.Hears(wire.CoordSession{Session: "s", Timeout: time.Minute}, "alive")
			}
			o.Ask("jm-0", wire.CoordWatch{Prefix: "latch", Wait: time.Hour})
			o.Ask("jm-1", write("plan", ""))
			o.Ask("jm-1", wire.CoordSession{Session: "t", Timeout: 2 * time.Minute})
			if where == "with silence" {
				conn, err := silent.Accept()
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
			}
			if where != "with nobody" { // there, all hear so at once
				gatewaytest.UnderWay(t, 1)
			}
			began := time.Now()
			o.Close()
			if took := time.Since(began); took > 3*ownTimeout/2 { // zk alone would wait for the silent one
				t.Errorf("Close took %s", took)
			}
			gatewaytest.Quiet(t, "zookeeper.(*ensemble)", "zookeeper.(*client)", "go-zookeeper/zk")
		})
	}
}

// nobody is an address where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// ZooKeeper is not there when a process starts. Its askers hear so, and the log says what to do.
func TestNobodyIsThere(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	at := nobody(t)
	o := open(t, Config{Servers: []string{at}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	o.Hears(wire.CoordSession{Session: "s", Timeout: time.Second}, "alive unavailable")
	o.Close()
	for _, want := range []string{"keep session s", "no member of ZooKeeper is reached at " + at, "connection refused",
		"start one there, or name others in high-availability.zookeeper.quorum"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log.String())
		}
	}
}

// Without an address there is nobody to wait for.
func TestNoAddress(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "give the host:port of one member at least") {
		t.Errorf("opened without an address: %v", err)
	}
}
