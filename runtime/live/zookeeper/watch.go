package zookeeper

import (
	"context"
	"time"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// watch answers when a key has changed or gone since the version that the asker knows, or when the wait is over.
func (g *Gateway) watch(m wire.CoordWatch) wire.CoordEntries {
	over := time.NewTimer(m.Wait)
	defer over.Stop()
	keys := -1 // not looked yet
	for waits := m.Wait > 0; ; {
		rings := g.bell.next() // before the look, so that what comes after it is heard
		ctx, cancel := context.WithTimeout(g.ctx, g.cfg.Patience)
		v, err := g.look(ctx, g.prefixed(m.Prefix))
		cancel()
		if err != nil {
			return wire.CoordEntries{Req: m.Req, Err: g.failed("watch "+m.Prefix+"*", err)}
		}
		// While one waits no key goes unnoticed, even if the ledger has forgotten it: then there are fewer.
		if !waits || v.news(m.Prefix, m.After) || keys > len(v.keys) {
			return wire.CoordEntries{Req: m.Req, Entries: v.entries(), Version: v.ledger.Version}
		}
		keys = len(v.keys)
		select {
		case <-rings:
		case <-over.C:
			waits = false
		case <-g.ctx.Done():
			waits = false
		}
	}
}
