package election

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Publication keeps a component's address and token where others look for them. If somebody else changes it
// while we lead, it is written again; a leader that has been replaced cannot, or stops as soon as it knows.
type Publication struct {
	store *Store
	key   string
	value string
	ended bool
}

const publicationWatch = 30 * time.Second

// Announce publishes a leader under its component's name.
func (s *Store) Announce(env mailbox.Env, component string, l wire.Leader) *Publication {
	data, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("election: encode the leader of %s: %v", component, err)) // plain fields: cannot happen
	}
	p := &Publication{store: s, key: wire.LeaderKey(s.cluster, component), value: string(data)}
	p.write(env)
	return p
}

// End stops keeping it.
func (p *Publication) End() { p.ended = true }

func (p *Publication) write(env mailbox.Env) {
	if p.ended {
		return
	}
	p.store.Publish(env, p.key, []byte(p.value), func(env mailbox.Env, o Outcome) {
		switch {
		case p.ended || o == Deposed:
		case o == Written:
			p.look(env)
		default:
			p.store.svc.after(env, p.store.pause, p.write)
		}
	})
}

// look compares what is published with what should be, and waits for a change.
func (p *Publication) look(env mailbox.Env) {
	p.store.svc.get(env, p.store.wait, p.key, func(env mailbox.Env, e wire.Entry, ok bool) {
		switch {
		case p.ended:
		case !ok:
			p.store.svc.after(env, p.store.pause, p.look)
		case string(e.Value) != p.value:
			p.write(env)
		default:
			p.watch(env, e.Version)
		}
	})
}

func (p *Publication) watch(env mailbox.Env, version uint64) {
	p.store.svc.ask(env, publicationWatch+p.store.wait, func(req uint64) mailbox.Msg {
		return wire.CoordWatch{Req: req, Prefix: p.key, After: version, Wait: publicationWatch}
	}, func(env mailbox.Env, answer mailbox.Msg) {
		if p.ended {
			return
		}
		if m, ok := answer.(wire.CoordEntries); ok && m.Err == "" {
			p.look(env)
			return
		}
		p.store.svc.after(env, p.store.pause, p.look)
	})
}
