package coordination

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Patience is that of a gateway that is told nothing else: less than what any asker waits.
const Patience = 2 * time.Second

// Config describes a gateway. All but Service may be left at zero.
type Config struct {
	Service Service
	// Patience is how long after its request an asker hears "unavailable", when the service has not answered.
	Patience time.Duration
	Log      *slog.Logger // nil: silence
}

// Gateway is the actor. It belongs in a live.Node; whoever made it closes it when the node has ended.
type Gateway struct {
	service  Service
	patience time.Duration
	log      *slog.Logger
	post     func(mailbox.Msg)
	lines    map[mailbox.Addr][]request
	open     context.Context
	end      context.CancelFunc
	working  sync.WaitGroup
}

// request waits in its asker's line. The first one of a line is at work: what one asker asks takes effect in the
// order in which it came, and nobody waits for anybody else.
type request struct {
	due   time.Time
	serve func(context.Context) (answer mailbox.Msg)
}

// answered is what a goroutine brings back.
type answered struct {
	to     mailbox.Addr
	answer mailbox.Msg
	inLine bool
}

func (answered) Word() string { return "coord-answered" }

// New returns a gateway.
func New(cfg Config) *Gateway {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{service: cfg.Service, patience: cmp.Or(cfg.Patience, Patience), log: cfg.Log, lines: map[mailbox.Addr][]request{}}
	g.open, g.end = context.WithCancel(context.Background())
	return g
}

// Close gives up all that was asked, and returns when nothing is under way any more.
func (g *Gateway) Close() {
	g.end()
	g.working.Wait()
}

// Receive implements mailbox.Actor.
func (g *Gateway) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		g.post = live.Post(env)
	case wire.CoordTxn:
		g.join(env, from, func(ctx context.Context) mailbox.Msg {
			version, err := g.service.Transact(ctx, m)
			return wire.CoordTxnDone{Req: m.Req, Version: version, Err: g.word(fmt.Sprintf("write %d keys on %d conditions", len(m.Writes), len(m.If)), err)}
		})
	case wire.CoordGet:
		g.join(env, from, func(ctx context.Context) mailbox.Msg {
			entries, version, err := g.service.Read(ctx, m.Prefix, m.Exact)
			return wire.CoordEntries{Req: m.Req, Entries: entries, Version: version, Err: g.word("read "+m.Prefix+"*", err)}
		})
	case wire.CoordSession:
		g.join(env, from, func(ctx context.Context) mailbox.Msg {
			return wire.CoordSessionAlive{Req: m.Req, Session: m.Session, Err: g.word("keep session "+m.Session, g.service.KeepAlive(ctx, m))}
		})
	case wire.CoordWatch:
		g.working.Go(func() { g.post(answered{to: from, answer: g.watch(m)}) })
	case answered:
		env.Send(m.to, m.answer)
		if m.inLine {
			g.leave(m.to)
		}
	case mailbox.Undeliverable, mailbox.Disconnected:
		// An asker that has gone does not hear its answer.
	default:
		return fmt.Errorf("gateway to %s: no handler for %q from %s", g.service, m.Word(), from)
	}
	return nil
}

func (g *Gateway) join(env mailbox.Env, asker mailbox.Addr, serve func(context.Context) mailbox.Msg) {
	g.lines[asker] = append(g.lines[asker], request{env.Now().Add(g.patience), serve})
	if len(g.lines[asker]) == 1 {
		g.work(asker)
	}
}

func (g *Gateway) leave(asker mailbox.Addr) {
	if g.lines[asker] = g.lines[asker][1:]; len(g.lines[asker]) == 0 {
		delete(g.lines, asker)
		return
	}
	g.work(asker)
}

// work brings the first request of a line to the service.
func (g *Gateway) work(asker mailbox.Addr) {
	r := g.lines[asker][0]
	g.working.Go(func() {
		ctx, cancel := context.WithDeadline(g.open, r.due)
		defer cancel()
		g.post(answered{asker, r.serve(ctx), true})
	})
}

// watch waits for news, for as long as its asker wants, and then reads what is there.
func (g *Gateway) watch(m wire.CoordWatch) wire.CoordEntries {
	answer := wire.CoordEntries{Req: m.Req}
	wait, cancel := context.WithTimeout(g.open, m.Wait)
	defer cancel()
	err := g.service.Await(wait, m.Prefix, m.After)
	if err == nil || wait.Err() != nil {
		ctx, cancel := context.WithTimeout(g.open, g.patience)
		defer cancel()
		answer.Entries, answer.Version, err = g.service.Read(ctx, m.Prefix, false)
	}
	answer.Err = g.word("watch "+m.Prefix+"*", err)
	return answer
}

// word is how the asker hears of an error, in the words of wire.
func (g *Gateway) word(doing string, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrConflict):
		return "conflict"
	case errors.Is(err, ErrSessionExpired):
		return "session-expired"
	case g.open.Err() == nil: // else nobody is interested any more
		g.log.Warn(fmt.Sprint(g.service, " did not do what it was asked to; the asker hears that it is unavailable"),
			"doing", doing, "cause", g.service.Explain(err))
	}
	return "unavailable"
}
