package zookeeper

import (
	"context"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// bell rings for all who wait, each time that something may have changed.
type bell struct {
	mu    sync.Mutex
	rings chan struct{}
}

func newBell() *bell { return &bell{rings: make(chan struct{})} }

// next is closed when the bell rings the next time.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rings
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.rings)
	b.rings = make(chan struct{})
}

// listenAgain is the pause after nobody let us listen any more.
const listenAgain = 200 * time.Millisecond

// listen rings the bell whenever something may have changed, as long as the gateway lives. It has a client of its own,
// which it leaves with its first connection: when zk takes another one, it asks for what its watches have missed since
// the newest change that it has heard of, which may be newer than the one that they have missed.
func (e *ensemble) listen() {
	for e.ctx.Err() == nil {
		if err := e.listenOnce(); err != nil {
			e.cfg.Log.Debug("ZooKeeper does not let us listen; watches hear when they look again", "cause", e.Explain(err))
		}
		pause(e.ctx, listenAgain)
	}
}

func (e *ensemble) listenOnce() error {
	ctx, hangUp := context.WithTimeout(e.ctx, e.cfg.Patience)
	err := e.catchUp(ctx) // so that the nodes are there
	hangUp()
	if err != nil {
		return err
	}
	ctx, hangUp = context.WithCancel(e.ctx)
	c, err := connect(ctx, e.cfg, func(event zk.Event) {
		if event.State == zk.StateDisconnected {
			hangUp()
		}
	})
	if err != nil {
		hangUp()
		return err
	}
	defer c.close()
	defer hangUp()
	errs := make(chan error, 2)
	for node, watch := range map[string]func(context.Context, string) (<-chan zk.Event, error){e.ledger(): c.watchData, e.alive(): c.watchChildren} {
		c.asking.Go(func() { errs <- e.hear(ctx, node, watch) })
	}
	return <-errs // neither is of use alone
}

// hear rings the bell whenever a node changes. Each of ZooKeeper's watches tells of one change, so the bell rings when
// the next one is set: nobody knows what came before that.
func (e *ensemble) hear(ctx context.Context, node string, watch func(context.Context, string) (<-chan zk.Event, error)) error {
	for {
		changed, err := watch(ctx, node)
		if err != nil {
			return err
		}
		e.bell.ring()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
