package blobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Store keeps objects. Its methods are called from many goroutines, but never together for one object if one of them
// writes. They return once their context is over.
type Store interface {
	Put(ctx context.Context, path string, data []byte) error // whole, or not at all
	Get(ctx context.Context, path string) ([]byte, error)    // ErrNotFound: certainly, there is none
	Delete(ctx context.Context, paths []string) error        // missing objects are no error
	List(ctx context.Context, prefix string) ([]string, error)
	// Explain says for an error of these, but for ErrNotFound, which of the words of wire/blobs.go the asker hears, and
	// what whoever runs the store can do. The latter names no object: it is a kind of trouble.
	Explain(err error) (word, remedy string)
	String() string // where the objects are, as in "the folder /data"
}

// ErrNotFound says that an object is not in the store.
var ErrNotFound = errors.New("the object is not in the store")

// Config describes a gateway. All but Store may be left at zero.
type Config struct {
	Store    Store
	Open     context.Context // once it is over, what is under way is given up; nil: that is never
	Patience time.Duration   // how long after its request an asker hears that the store has not done it; 0: no limit
	Log      *slog.Logger    // nil: silence
}

// Gateway is the actor. It belongs in a live.Node.
type Gateway struct {
	store    Store
	patience time.Duration
	line     line
	log      complaints
	open     context.Context
}

// New returns a gateway.
func New(cfg Config) *Gateway {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Open == nil {
		cfg.Open = context.Background()
	}
	return &Gateway{store: cfg.Store, patience: cfg.Patience, line: line{open: map[*request]bool{}}, open: cfg.Open,
		log: complaints{log: cfg.Log, known: map[string]*complaint{}}}
}

// served is a request that is over.
type served struct {
	request *request
	answer  mailbox.Msg
	trouble *trouble // nil: none
}

func (served) Word() string { return "blob-served" }

// Receive implements mailbox.Actor.
func (g *Gateway) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case wire.BlobPut:
		g.join(env, change(from, []string{m.Path}, func(ctx context.Context) (mailbox.Msg, *trouble) {
			word, t := g.outcome("write", m.Path, g.store.Put(ctx, m.Path, m.Data))
			return wire.BlobDone{Req: m.Req, Err: word}, t
		}))
	case wire.BlobGet:
		is := func(path string) bool { return path == m.Path }
		g.join(env, &request{from: from, paths: []string{m.Path}, touches: is, serve: func(ctx context.Context) (mailbox.Msg, *trouble) {
			data, err := g.store.Get(ctx, m.Path)
			word, t := g.outcome("read", m.Path, err)
			return wire.BlobData{Req: m.Req, Path: m.Path, Data: data, Err: word}, t
		}})
	case wire.BlobDelete:
		g.join(env, change(from, m.Paths, func(ctx context.Context) (mailbox.Msg, *trouble) {
			word, t := g.outcome("delete", fmt.Sprint(len(m.Paths), " objects"), g.store.Delete(ctx, m.Paths))
			return wire.BlobDone{Req: m.Req, Err: word}, t
		}))
	case wire.BlobList:
		begins := func(path string) bool { return strings.HasPrefix(path, m.Prefix) }
		g.join(env, &request{from: from, touches: begins, serve: func(ctx context.Context) (mailbox.Msg, *trouble) {
			paths, err := g.store.List(ctx, m.Prefix)
			word, t := g.outcome("list", m.Prefix+"*", err)
			return wire.BlobPaths{Req: m.Req, Paths: paths, Err: word}, t
		}})
	case served:
		g.line.leave(m.request)
		g.log.hear(env.Now(), m.trouble)
		env.Send(m.request.from, m.answer)
	case mailbox.Started, mailbox.Undeliverable, mailbox.Disconnected:
		// An asker that has gone does not hear its answer.
	default:
		return fmt.Errorf("object store: no handler for %q from %s", m.Word(), from)
	}
	g.serve(live.Post(env))
	return nil
}

// change is a request that writes objects.
func change(from mailbox.Addr, paths []string, serve func(context.Context) (mailbox.Msg, *trouble)) *request {
	in := func(path string) bool { return slices.Contains(paths, path) }
	return &request{from: from, writes: true, paths: paths, touches: in, serve: serve}
}

func (g *Gateway) join(env mailbox.Env, r *request) {
	if g.patience > 0 {
		r.due = env.Now().Add(g.patience)
	}
	g.line.join(r)
}

// serve takes to the store whoever's turn it is.
func (g *Gateway) serve(post func(mailbox.Msg)) {
	for r := g.line.call(); r != nil; r = g.line.call() {
		go func() {
			ctx := g.open
			if !r.due.IsZero() {
				var done context.CancelFunc
				ctx, done = context.WithDeadline(ctx, r.due)
				defer done()
			}
			answer, t := r.serve(ctx)
			post(served{r, answer, t})
		}()
	}
}

// outcome is how the asker hears of an error. The trouble is for those who run the store.
func (g *Gateway) outcome(doing, what string, err error) (word string, t *trouble) {
	switch {
	case err == nil:
		return "", nil
	case errors.Is(err, ErrNotFound):
		return "not-found", nil
	}
	word, remedy := g.store.Explain(err)
	return word, &trouble{fmt.Errorf("%s %s in %s: %w; %s", doing, what, g.store, err, remedy), remedy}
}
