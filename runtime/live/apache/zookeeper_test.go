package apache_test

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/runtime/live/apache/apachetest"
)

// patience is longer than anything takes.
const patience = 30 * time.Second

func startZooKeeper(t *testing.T, dir string) *apache.Server {
	t.Helper()
	apachetest.Need(t)
	s, err := apache.ZooKeeper(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

type silence struct{}

func (silence) Printf(string, ...any) {}

// session opens a session with a timeout of a second, and waits until it is there.
func session(t *testing.T, s *apache.Server) (*zk.Conn, <-chan zk.Event) {
	t.Helper()
	c, events, err := zk.Connect([]string{s.Addr}, time.Second, zk.WithLogger(silence{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	await(t, events, zk.StateHasSession)
	return c, events
}

func await(t *testing.T, events <-chan zk.Event, state zk.State) {
	t.Helper()
	for late := time.After(patience); ; {
		select {
		case e := <-events:
			if e.State == state {
				return
			}
		case <-late:
			t.Fatalf("waits for %s in vain", state)
		}
	}
}

// ZooKeeper is killed and comes back at the same address, and then is started anew in the same folder.
func TestZooKeeperKeepsWhatItHas(t *testing.T) {
	dir := t.TempDir()
	s := startZooKeeper(t, dir)
	c, events := session(t, s)
	if _, err := c.Create("/lasting", []byte("x"), 0, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	if err := s.Kill(0); err != nil {
		t.Fatal(err)
	}
	await(t, events, zk.StateDisconnected)
	if err := s.Start(0); err != nil {
		t.Fatal(err)
	}
	await(t, events, zk.StateHasSession)
	if data, _, err := c.Get("/lasting"); string(data) != "x" {
		t.Errorf("after a restart there is %q, %v", data, err)
	}
	s.Stop()
	c, _ = session(t, startZooKeeper(t, dir))
	if data, _, err := c.Get("/lasting"); string(data) != "x" {
		t.Errorf("started anew it has %q, %v", data, err)
	}
}

// A session of a second is granted, and is over soon after its owner has vanished.
func TestZooKeeperEndsShortSessions(t *testing.T) {
	s := startZooKeeper(t, t.TempDir())
	if got := granted(t, s.Addr, time.Second); got != time.Second {
		t.Errorf("asked for a session of 1s, and got one of %s", got)
	}
	var wire net.Conn
	vanishing, events, err := zk.Connect([]string{s.Addr}, time.Second, zk.WithLogger(silence{}), zk.WithDialer(
		func(network, addr string, timeout time.Duration) (net.Conn, error) {
			if wire != nil {
				return nil, net.ErrClosed // it dials once
			}
			var err error
			wire, err = net.DialTimeout(network, addr, timeout)
			return wire, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vanishing.Close)
	await(t, events, zk.StateHasSession)
	if _, err := vanishing.Create("/latch", nil, zk.FlagEphemeral, zk.WorldACL(zk.PermAll)); err != nil {
		t.Fatal(err)
	}
	c, _ := session(t, s)
	there, _, gone, err := c.ExistsW("/latch")
	if err != nil || !there {
		t.Fatalf("the latch is there: %v, %v", there, err)
	}
	cut := time.Now()
	wire.Close()
	select {
	case <-gone:
		if took := time.Since(cut); took < 500*time.Millisecond {
			t.Errorf("the session has ended after %s", took)
		}
	case <-time.After(patience):
		t.Error("the session does not end")
	}
}

// granted opens a session by hand, since no client tells what timeout it got.
func granted(t *testing.T, addr string, timeout time.Duration) time.Duration {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	// Bytes that follow, version, zxid, timeout in ms, no session, no password of 16 bytes, not read-only.
	ask := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint32(timeout.Milliseconds()))
	ask = append(ask, make([]byte, 8)...)
	ask = append(ask, 0, 0, 0, 16)
	ask = append(ask, make([]byte, 16+1)...)
	var answer struct{ Bytes, Version, Millis uint32 }
	if _, err = c.Write(ask); err == nil {
		err = binary.Read(c, binary.BigEndian, &answer)
	}
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(answer.Millis) * time.Millisecond
}

// Its port is taken: whoever starts it reads why in the error.
func TestTheEndOfZooKeepersLogIsInTheError(t *testing.T) {
	s := startZooKeeper(t, t.TempDir())
	if err := s.Kill(0); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for c, err := taken.Accept(); err == nil; c, err = taken.Accept() {
			c.Close()
		}
	}()
	defer taken.Close()
	if err := s.Start(0); err == nil || !strings.Contains(err.Error(), "it ended by itself") ||
		!strings.Contains(err.Error(), "Address already in use") {
		t.Errorf("started at a port that is taken: %v", err)
	}
}
