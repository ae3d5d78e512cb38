package zookeeper

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// contest is two processes that contend, each with a gateway and a cable of its own, and somebody who looks on.
type contest struct {
	t      *testing.T
	cfg    Config
	conf   config.HighAvailability
	cables map[string]*cable
	says   chan string
	onlook office
}

func hold(t *testing.T, sessionTimeout time.Duration) *contest {
	t.Helper()
	c := &contest{t: t, cfg: serve(t), conf: gatewaytest.Configure(t, "zookeeper", sessionTimeout), cables: map[string]*cable{}, says: make(chan string, 16)}
	c.onlook = open(t, c.cfg)
	for _, name := range []string{"a", "b"} {
		c.cables[name] = &cable{}
		cfg := c.cfg
		cfg.Dial, cfg.Patience = c.cables[name].dial, time.Second
		g := gateway(t, cfg)
		node := live.Start(live.Config{Name: name, Residents: []live.Resident{{Name: "ha", Actor: g},
			{Actor: &gatewaytest.Candidate{Conf: c.conf, Name: name, HA: mailbox.Addr(name).In("ha"), Says: c.says}}}})
		t.Cleanup(func() {
			node.Stop()
			g.Close()
		})
	}
	return c
}

// latch is the session that holds the leader's latch; "": nobody's does.
func (c *contest) latch() (session string) {
	c.t.Helper()
	c.onlook.Ask("jm-0", wire.CoordGet{Prefix: election.RecordKey(c.conf.ClusterID), Exact: true})
	m, ok := c.onlook.Answer("jm-0").(wire.CoordEntries)
	if !ok || m.Err != "" {
		c.t.Fatalf("the latch is not to be read: %+v", m)
	}
	if len(m.Entries) > 0 {
		session = m.Entries[0].Session
	}
	return session
}

func (c *contest) hears(want string) {
	c.t.Helper()
	if said := gatewaytest.Hear(c.t, c.says); !strings.HasPrefix(said, want) {
		c.t.Fatalf("hears %q, want %q", said, want)
	}
}

// The leader is cut off. It steps down at once, without knowing of anybody else; ZooKeeper hears nothing of it any
// more, ends its session with its latch, and only then somebody else leads. What was cut off comes back as somebody
// new, who follows until it is its turn again.
func TestTheLeadersSessionExpires(t *testing.T) {
	t.Parallel()
	c := hold(t, 3*time.Second)
	leader := gatewaytest.Hear(t, c.says)
	other := map[string]string{"a": "b", "b": "a"}[leader]
	for range 2 {
		session := c.latch()
		c.cables[leader].cut()
		c.hears(leader + " lost it: SUSPENDED")
		if c.latch() != session {
			t.Errorf("the latch is not %s's any more, though its session has not ended", leader)
		}
		c.hears(other)
		if _, err := c.onlook.ensemble.living(t.Context(), session); !errors.Is(err, coordination.ErrSessionExpired) {
			t.Errorf("%s leads, and the session of %s has not ended at ZooKeeper: %v", other, leader, err)
		}
		if c.latch() == session {
			t.Errorf("%s leads, and the latch is still %s's", other, leader)
		}
		c.cables[leader].mend()
		leader, other = other, leader
	}
}

// ZooKeeper ends the session of a leader that it hears very well. The leader hears so, and steps down.
func TestZooKeeperEndsTheLeadersSession(t *testing.T) {
	t.Parallel()
	c := hold(t, 3*time.Second)
	leader, session := gatewaytest.Hear(t, c.says), c.latch()
	if err := Expire(t.Context(), c.cfg, session); err != nil {
		t.Fatal(err)
	}
	// The other one may be told first.
	said := []string{gatewaytest.Hear(t, c.says), gatewaytest.Hear(t, c.says)}
	if lost := strings.Join(said, ", "); !strings.Contains(lost, leader+" lost it: ") {
		t.Errorf("the leader's session has ended, and one hears %q", lost)
	}
	if now := c.latch(); now == session || now == "" {
		t.Errorf("after another election the latch is held by session %q, before by %q", now, session)
	}
}

// cable is all connections of a process.
type cable struct {
	mu     sync.Mutex
	broken chan struct{} // closed when it is mended; nil: it is whole
	conns  []net.Conn
}

// dial waits as long as the cable is broken.
func (c *cable) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c.mu.Lock()
	broken := c.broken
	c.mu.Unlock()
	if broken != nil {
		select {
		case <-broken:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		conn.Close()
	}
	c.conns = append(c.conns, conn)
	return conn, nil
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = make(chan struct{})
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

func (c *cable) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.broken)
	c.broken = nil
}
