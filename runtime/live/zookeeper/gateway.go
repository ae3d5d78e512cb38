package zookeeper

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Config is what a gateway needs. All but Servers may be left at zero.
type Config struct {
	Servers []string // host:port of the ensemble's members
	Root    string   // the node below which everything is (high-availability.zookeeper.path.root); "": /flink

	// Dial makes connections; nil: plain TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Patience is how long after its request an asker hears "unavailable", when ZooKeeper has not answered.
	Patience time.Duration // 0: 2 s, which is less than what any asker waits for
	Log      *slog.Logger  // nil: silence
}

// Gateway is the actor. It belongs in a live.Node; whoever made it closes it when the node has ended.
type Gateway struct {
	cfg     Config
	zk      *client
	planted atomic.Bool // what every gateway needs below the root is there
	bell    *bell
	ctx     context.Context
	stop    context.CancelFunc
	working sync.WaitGroup
	post    func(mailbox.Msg)
	lines   map[mailbox.Addr][]request
}

// request waits in its asker's line. The first one of a line is at work: what one asker asks takes effect in the
// order in which it came, and nobody waits for anybody else.
type request struct {
	m   mailbox.Msg
	due time.Time
}

// answered is what a goroutine brings back.
type answered struct {
	to     mailbox.Addr
	m      mailbox.Msg
	inLine bool
}

func (answered) Word() string { return "coord-answered" }

// New returns a gateway, which begins to dial. That nobody answers is no error: its askers will hear so.
func New(cfg Config) (*Gateway, error) {
	cfg.Root = path.Clean("/" + cmp.Or(cfg.Root, "flink"))
	cfg.Patience = cmp.Or(cfg.Patience, 2*time.Second)
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{cfg: cfg, bell: newBell(), lines: map[mailbox.Addr][]request{}}
	g.ctx, g.stop = context.WithCancel(context.Background())
	var err error
	if g.zk, err = connect(g.ctx, cfg, nil); err != nil {
		g.stop()
		return nil, fmt.Errorf("open a gateway to ZooKeeper at %q: %w; give the host:port of one member at least", cfg.Servers, err)
	}
	return g, nil
}

// Close ends all that was asked, and returns when nothing is under way any more. Sessions go on until they run out.
func (g *Gateway) Close() {
	g.stop()
	g.working.Wait()
	g.zk.close()
}

// Receive implements mailbox.Actor.
func (g *Gateway) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		g.post = live.Post(env)
		g.working.Go(g.listen)
	case wire.CoordTxn, wire.CoordGet, wire.CoordSession:
		g.lines[from] = append(g.lines[from], request{m, env.Now().Add(g.cfg.Patience)})
		if len(g.lines[from]) == 1 {
			g.work(from)
		}
	case wire.CoordWatch:
		g.working.Go(func() { g.post(answered{to: from, m: g.watch(m)}) })
	case answered:
		env.Send(m.to, m.m)
		if m.inLine {
			g.next(m.to)
		}
	case mailbox.Undeliverable, mailbox.Disconnected:
		// An asker that has gone does not hear its answer.
	default:
		return fmt.Errorf("gateway to ZooKeeper: no handler for %q from %s", m.Word(), from)
	}
	return nil
}

func (g *Gateway) next(asker mailbox.Addr) {
	if g.lines[asker] = g.lines[asker][1:]; len(g.lines[asker]) == 0 {
		delete(g.lines, asker)
		return
	}
	g.work(asker)
}

// work brings the first request of a line to ZooKeeper.
func (g *Gateway) work(asker mailbox.Addr) {
	r := g.lines[asker][0]
	g.working.Go(func() {
		ctx, cancel := context.WithDeadline(g.ctx, r.due)
		defer cancel()
		g.post(answered{to: asker, m: g.perform(ctx, r.m), inLine: true})
	})
}

func (g *Gateway) perform(ctx context.Context, m mailbox.Msg) mailbox.Msg {
	switch m := m.(type) {
	case wire.CoordTxn:
		version, why := g.transact(ctx, m)
		return wire.CoordTxnDone{Req: m.Req, Version: version, Err: why}
	case wire.CoordGet:
		entries, version, why := g.read(ctx, m.Prefix, m.Exact)
		return wire.CoordEntries{Req: m.Req, Entries: entries, Version: version, Err: why}
	case wire.CoordSession:
		why := g.keepAlive(ctx, m)
		return wire.CoordSessionAlive{Req: m.Req, Session: m.Session, Err: why}
	}
	panic(fmt.Sprintf("gateway to ZooKeeper: %q stands in a line", m.Word()))
}

// The words of wire for what went wrong.
const (
	conflict       = "conflict"
	sessionExpired = "session-expired"
	unavailable    = "unavailable"
)

// failed is the word for an error of ZooKeeper's that is no answer: whether a write took effect is open.
func (g *Gateway) failed(doing string, err error) string {
	if g.ctx.Err() != nil {
		return unavailable // nobody is interested any more
	}
	if why := g.zk.unreached(); why != nil {
		err = fmt.Errorf("%w: no member of ZooKeeper is reached at %s (%w); start one there, or name others in high-availability.zookeeper.quorum",
			err, strings.Join(g.cfg.Servers, ","), why)
	}
	g.cfg.Log.Warn("ZooKeeper did not do what it was asked to; the asker hears that it is unavailable", "doing", doing, "cause", err)
	return unavailable
}
