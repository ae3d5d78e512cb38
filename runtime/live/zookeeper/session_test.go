package zookeeper

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The process that opened a session dies. Another one keeps the session alive for longer than it would last, and then
// falls silent as well.
func TestASessionOutlivesItsGateway(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	here, there := open(t, cfg), open(t, cfg)
	session := wire.CoordSession{Session: "s", Timeout: 3 * time.Second}
	here.Hears(session, "alive")
	version := here.Hears(write("latch", "s"), "done")
	here.Close()
	for range 7 {
		there.Hears(wire.CoordWatch{Prefix: "latch", After: version, Wait: session.Timeout / 5}, "latch=x s")
		there.Hears(session, "alive")
	}
	there.Hears(wire.CoordWatch{Prefix: "latch", After: version, Wait: time.Hour}, "")
	there.Hears(session, "alive session-expired")
}

// The gateway goes on, and so do all of its connections; only the owner of a session is silent. ZooKeeper itself ends
// the session, with its node, and no sooner than its timeout.
func TestZooKeeperEndsASilentSession(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	o := open(t, cfg)
	asked := time.Now()
	session := wire.CoordSession{Session: "s", Timeout: 2 * time.Second}
	o.Hears(session, "alive")
	s, err := o.ensemble.living(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	_, stat, gone, err := o.ensemble.zk.conn.ExistsW(o.ensemble.aliveNode(s.owner()))
	if err != nil || stat.EphemeralOwner != s.ID {
		t.Fatalf("the session's node belongs to %x, not to %x: %v", stat.EphemeralOwner, s.ID, err)
	}
	<-gone
	if lived := time.Since(asked); lived < session.Timeout {
		t.Errorf("the session has lived for %s after a sign of life, and its timeout is %s", lived, session.Timeout)
	}
	o.Hears(session, "alive session-expired")
}

// A ZooKeeper that grants two seconds (its maxSessionTimeout) keeps a session for six nevertheless, because the gateway
// speaks for its owner until ZooKeeper's two seconds are all that is left. The log says what to do.
func TestASessionLivesLongerThanZooKeeperGrants(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	var log bytes.Buffer
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return &stingy{Conn: conn}, err
	}
	o := open(t, cfg)
	session := wire.CoordSession{Session: "s", Timeout: 6 * time.Second}
	o.Hears(session, "alive")
	version := o.Hears(write("latch", "s"), "done")
	asked := time.Now()
	o.Hears(session, "alive")
	o.Hears(wire.CoordWatch{Prefix: "latch", After: version, Wait: time.Hour}, "")
	if lived := time.Since(asked); lived < session.Timeout {
		t.Errorf("the session has lived for %s after a sign of life, and its timeout is %s", lived, session.Timeout)
	}
	o.Close()
	if want := "raise its maxSessionTimeout, or lower high-availability.zookeeper.client.session-timeout"; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %q: %s", want, log.String())
	}
}

// stingy is a connection to a ZooKeeper that grants two seconds, whatever it is asked for.
type stingy struct {
	net.Conn
	presented bool
}

func (c *stingy) Write(p []byte) (int, error) {
	if !c.presented {
		c.presented = true
		p = append([]byte(nil), p...)
		copy(p[16:], []byte{0, 0, 2000 >> 8, 2000 & 0xff}) // after the length, the protocol's version and the newest change
	}
	return c.Conn.Write(p)
}

// A harness takes a session away from an owner that is alive.
func TestExpire(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	o := open(t, cfg)
	session := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	o.Hears(session, "alive")
	o.Ask("jm-1", wire.CoordWatch{Prefix: "latch", After: o.Hears(write("latch", "s"), "done"), Wait: time.Hour})
	if err := Expire(t.Context(), cfg, "s"); err != nil {
		t.Fatal(err)
	}
	o.Next("jm-1", "")
	o.Hears(write("latch", "s"), "done session-expired")
	o.Hears(session, "alive session-expired")
	if err := Expire(t.Context(), cfg, "s"); !errors.Is(err, coordination.ErrSessionExpired) {
		t.Errorf("once more: %v", err)
	}
}

// Two processes begin to open a session when nobody knows its name, and one is slower: its session is not used.
func TestANameIsUsedOnce(t *testing.T) {
	t.Parallel()
	e := open(t, serve(t)).ensemble
	m := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	if _, _, err := e.session(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if first, err := e.open(t.Context(), m); err != nil || first != want {
			t.Errorf("the name is opened: first %v, %v; want %v", first, err, want)
		}
	}
	if first, err := e.use(t.Context(), "s", session{}); err != nil || first {
		t.Errorf("the name is closed before it is opened: first %v, %v", first, err)
	}
	if err := e.KeepAlive(t.Context(), m); err != nil {
		t.Errorf("the first one is answered %v", err)
	}
}

// ZooKeeper ends a session in two steps: it turns it away, and a moment later its node goes. Here that moment lasts.
// Whoever asks after somebody was turned away does not see the session's keys any more.
func TestASessionThatIsTurnedAwayHasEnded(t *testing.T) {
	t.Parallel()
	o := open(t, serve(t))
	s := session{ID: 1, Password: make([]byte, passwordBytes), Timeout: time.Minute} // ZooKeeper knows none of this id
	if _, _, err := o.ensemble.session(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	if first, err := o.ensemble.use(t.Context(), "s", s); err != nil || !first {
		t.Fatalf("the name is used: first %v, %v", first, err)
	}
	if err := o.ensemble.zk.create(t.Context(), o.ensemble.aliveNode(s.owner()), nil); err != nil {
		t.Fatal(err)
	}
	o.Hears(write("latch", "s"), "done") // nobody knows yet, and this is how one gets to know
	o.Hears(wire.CoordGet{}, "")
	o.Hears(wire.CoordSession{Session: "s", Timeout: time.Minute}, "alive session-expired")
}
