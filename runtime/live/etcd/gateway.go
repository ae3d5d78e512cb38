package etcd

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Config is what a gateway needs.
type Config struct {
	Client *clientv3.Client // its owner closes it, after the gateway's process has ended
	// Patience is how long after its request an asker hears "unavailable", when etcd has not answered.
	Patience time.Duration // 0: 2 s, which is less than what any asker waits for
	Log      *slog.Logger  // nil: silence
}

// Gateway is the actor. It belongs in a live.Node.
type Gateway struct {
	client   *clientv3.Client
	patience time.Duration
	log      *slog.Logger
	post     func(mailbox.Msg)
	lines    map[mailbox.Addr][]request
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

// New returns a gateway.
func New(cfg Config) *Gateway {
	g := &Gateway{client: cfg.Client, patience: cfg.Patience, log: cfg.Log, lines: map[mailbox.Addr][]request{}}
	if g.patience == 0 {
		g.patience = 2 * time.Second
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	return g
}

// Receive implements mailbox.Actor.
func (g *Gateway) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		g.post = live.Post(env)
	case wire.CoordTxn, wire.CoordGet, wire.CoordSession:
		g.lines[from] = append(g.lines[from], request{m, env.Now().Add(g.patience)})
		if len(g.lines[from]) == 1 {
			g.work(from)
		}
	case wire.CoordWatch:
		go func() { g.post(answered{to: from, m: g.watch(m)}) }()
	case answered:
		env.Send(m.to, m.m)
		if m.inLine {
			g.next(m.to)
		}
	case mailbox.Undeliverable, mailbox.Disconnected:
		// An asker that has gone does not hear its answer.
	default:
		return fmt.Errorf("gateway to etcd: no handler for %q from %s", m.Word(), from)
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

// work brings the first request of a line to etcd.
func (g *Gateway) work(asker mailbox.Addr) {
	r := g.lines[asker][0]
	go func() {
		ctx, cancel := context.WithDeadline(g.client.Ctx(), r.due)
		defer cancel()
		g.post(answered{to: asker, m: g.perform(ctx, r.m), inLine: true})
	}()
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
	panic(fmt.Sprintf("gateway to etcd: %q stands in a line", m.Word()))
}

// The words of wire for what went wrong.
const (
	conflict       = "conflict"
	sessionExpired = "session-expired"
	unavailable    = "unavailable"
)

// failed is the word for an error of etcd's that is no answer: whether a write took effect is open.
func (g *Gateway) failed(doing string, err error) string {
	g.log.Warn("etcd did not do what it was asked to; the asker hears that it is unavailable", "doing", doing, "cause", err)
	return unavailable
}
