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

	"github.com/flinch-dev/flinch/runtime/wire"
)

// What a gateway knows is in ZooKeeper: another one goes on with the same sessions.
func TestSessionsAreOfAllGateways(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	here, there := open(t, cfg), open(t, cfg)
	session := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	here.hears(t, session, "alive")
	there.hears(t, write("latch", "s"), "done")
	here.hears(t, wire.CoordGet{}, "latch=x s")
	there.hears(t, session, "alive")
	there.hears(t, wire.CoordSession{Session: "s", Close: true}, "alive")
	here.hears(t, session, "alive session-expired")
	here.hears(t, wire.CoordGet{}, "")
}

// The process that opened a session dies. Another one keeps the session alive for longer than it would last, and then
// falls silent as well.
func TestASessionOutlivesItsGateway(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	here, there := open(t, cfg), open(t, cfg)
	session := wire.CoordSession{Session: "s", Timeout: time.Second}
	here.hears(t, session, "alive")
	version := here.hears(t, write("latch", "s"), "done")
	here.close()
	for range 6 {
		there.hears(t, wire.CoordWatch{Prefix: "latch", After: version, Wait: session.Timeout / 3}, "latch=x s")
		there.hears(t, session, "alive")
	}
	there.hears(t, wire.CoordWatch{Prefix: "latch", After: version, Wait: time.Hour}, "")
	there.hears(t, session, "alive session-expired")
}

// The gateway goes on, and so do all of its connections; only the owner of a session is silent. ZooKeeper itself ends
// the session, with its node, and no sooner than its timeout.
func TestZooKeeperEndsASilentSession(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	o := open(t, cfg)
	asked := time.Now()
	session := wire.CoordSession{Session: "s", Timeout: 2 * time.Second}
	o.hears(t, session, "alive")
	s, err := o.gateway.living(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	_, stat, gone, err := o.gateway.zk.conn.ExistsW(o.gateway.aliveNode(s.owner()))
	if err != nil || stat.EphemeralOwner != s.ID {
		t.Fatalf("the session's node belongs to %x, not to %x: %v", stat.EphemeralOwner, s.ID, err)
	}
	<-gone
	if lived := time.Since(asked); lived < session.Timeout {
		t.Errorf("the session has lived for %s after a sign of life, and its timeout is %s", lived, session.Timeout)
	}
	o.hears(t, session, "alive session-expired")
}

// A ZooKeeper that grants half a second (its maxSessionTimeout) keeps a session for two seconds nevertheless, because
// the gateway speaks for its owner until ZooKeeper's half second is all that is left. The log says what to do.
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
	session := wire.CoordSession{Session: "s", Timeout: 2 * time.Second}
	o.hears(t, session, "alive")
	version := o.hears(t, write("latch", "s"), "done")
	asked := time.Now()
	o.hears(t, session, "alive")
	o.hears(t, wire.CoordWatch{Prefix: "latch", After: version, Wait: time.Hour}, "")
	if lived := time.Since(asked); lived < session.Timeout {
		t.Errorf("the session has lived for %s after a sign of life, and its timeout is %s", lived, session.Timeout)
	}
	o.close()
	if want := "raise its maxSessionTimeout, or lower high-availability.zookeeper.client.session-timeout"; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not say %q: %s", want, log.String())
	}
}

// stingy is a connection to a ZooKeeper that grants half a second, whatever it is asked for.
type stingy struct {
	net.Conn
	presented bool
}

func (c *stingy) Write(p []byte) (int, error) {
	if !c.presented {
		c.presented = true
		p = append([]byte(nil), p...)
		copy(p[16:], []byte{0, 0, 500 >> 8, 500 & 0xff}) // after the length, the protocol's version and the newest change
	}
	return c.Conn.Write(p)
}

// A harness takes a session away from an owner that is alive.
func TestExpire(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	o := open(t, cfg)
	session := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	o.hears(t, session, "alive")
	o.Ask("jm-1", wire.CoordWatch{Prefix: "latch", After: o.hears(t, write("latch", "s"), "done"), Wait: time.Hour})
	if err := Expire(t.Context(), cfg, "s"); err != nil {
		t.Fatal(err)
	}
	if m, ok := o.Answer("jm-1").(wire.CoordEntries); !ok || len(m.Entries) > 0 || m.Err != "" {
		t.Errorf("the watch hears %+v", m)
	}
	o.hears(t, write("latch", "s"), "done session-expired")
	o.hears(t, session, "alive session-expired")
	if err := Expire(t.Context(), cfg, "s"); !errors.Is(err, errEnded) {
		t.Errorf("once more: %v", err)
	}
}

// Two processes begin to open a session when nobody knows its name, and one is slower: its session is not used.
func TestANameIsUsedOnce(t *testing.T) {
	t.Parallel()
	g := open(t, serve(t)).gateway
	m := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	if _, _, err := g.session(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if first, err := g.open(t.Context(), m); err != nil || first != want {
			t.Errorf("the name is opened: first %v, %v; want %v", first, err, want)
		}
	}
	if first, err := g.use(t.Context(), "s", session{}); err != nil || first {
		t.Errorf("the name is closed before it is opened: first %v, %v", first, err)
	}
	if why := g.keepAlive(t.Context(), m); why != "" {
		t.Errorf("the first one is answered %q", why)
	}
}

// ZooKeeper ends a session in two steps: it turns it away, and a moment later its node goes. Here that moment lasts.
// Whoever asks after somebody was turned away does not see the session's keys any more.
func TestASessionThatIsTurnedAwayHasEnded(t *testing.T) {
	t.Parallel()
	o := open(t, serve(t))
	s := session{ID: 1, Password: make([]byte, passwordBytes), Timeout: time.Minute} // ZooKeeper knows none of this id
	if _, _, err := o.gateway.session(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	if first, err := o.gateway.use(t.Context(), "s", s); err != nil || !first {
		t.Fatalf("the name is used: first %v, %v", first, err)
	}
	if err := o.gateway.zk.create(t.Context(), o.gateway.aliveNode(s.owner()), nil); err != nil {
		t.Fatal(err)
	}
	o.hears(t, write("latch", "s"), "done") // nobody knows yet, and this is how one gets to know
	o.hears(t, wire.CoordGet{}, "")
	o.hears(t, wire.CoordSession{Session: "s", Timeout: time.Minute}, "alive session-expired")
}
