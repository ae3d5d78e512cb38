package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/flinch-dev/flinch/runtime/wire"
)

var (
	errConflict  = errors.New("a comparison failed")
	errOvertaken = errors.New("the view does not hold any more: certainly nothing is changed")
)

// transact is one transaction, tried until nobody is quicker.
func (g *Gateway) transact(ctx context.Context, t wire.CoordTxn) (version uint64, why string) {
	for {
		version, err := g.attempt(ctx, t)
		switch {
		case err == nil:
			return version, ""
		case errors.Is(err, errOvertaken):
		case errors.Is(err, errConflict):
			return 0, conflict
		case errors.Is(err, errEnded):
			return 0, sessionExpired
		default:
			return 0, g.failed(fmt.Sprintf("write %d keys on %d conditions", len(t.Writes), len(t.If)), err)
		}
	}
}

// attempt compares in a view, then looks at the sessions, and writes on top of the view.
func (g *Gateway) attempt(ctx context.Context, t wire.CoordTxn) (version uint64, err error) {
	v, err := g.look(ctx, these(keysOf(t)...))
	if err != nil {
		return 0, err
	}
	var living []string // sessions that must live for this to happen
	for _, c := range t.If {
		k := v.keys[c.Key]
		if k.Version != c.Version {
			return 0, errConflict
		}
		if k.Owner != "" {
			living = append(living, k.Owner)
		}
	}
	var changes []change
	var writers []session
	for _, w := range t.Writes {
		c := change{key: w.Key}
		if !w.Delete {
			c.to = &key{Value: w.Value}
		}
		if !w.Delete && w.Session != "" {
			s, err := g.living(ctx, w.Session)
			if err != nil {
				return 0, err
			}
			c.to.Session, c.to.Owner = escape(w.Session), s.owner()
			living, writers = append(living, s.owner()), append(writers, s)
		}
		changes = append(changes, c)
	}
	if version, err = g.commit(ctx, v, living, changes); err != nil {
		return 0, err
	}
	// A session that writes is alive. The write stands, whatever comes of this.
	for _, s := range writers {
		g.keep(ctx, s)
	}
	return version, nil
}

// keysOf are the keys that a transaction names, each once.
func keysOf(t wire.CoordTxn) (names []string) {
	for _, c := range t.If {
		names = append(names, c.Key)
	}
	for _, w := range t.Writes {
		names = append(names, w.Key)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// change is one write of a transaction.
type change struct {
	key string
	to  *key // nil: it goes
}

// commit makes changes to keys that a view has, or has looked for: all or none, if the view still holds and some
// sessions live. The version is the next one, or that of the view if nothing changes.
func (g *Gateway) commit(ctx context.Context, v view, living []string, changes []change) (version uint64, err error) {
	there := map[string]bool{}
	for name := range v.keys {
		there[name] = true
	}
	var writes []any
	var gone []string
	for _, c := range changes {
		node := g.keyNode(c.key)
		switch {
		case c.to == nil && there[c.key]:
			writes, gone = append(writes, &zk.DeleteRequest{Path: node, Version: anyVersion}), append(gone, c.key)
		case c.to == nil:
			continue
		case there[c.key]:
			c.to.Version = v.ledger.Version + 1
			writes = append(writes, &zk.SetDataRequest{Path: node, Data: encode(c.to), Version: anyVersion})
		default:
			c.to.Version = v.ledger.Version + 1
			writes = append(writes, &zk.CreateRequest{Path: node, Data: encode(c.to), Acl: everybody})
		}
		there[c.key] = c.to != nil
	}
	if len(writes) == 0 {
		return v.ledger.Version, nil
	}
	next := v.ledger.next(gone)
	ops := []any{&zk.SetDataRequest{Path: g.ledger(), Data: encode(next), Version: v.at}}
	for _, owner := range living {
		ops = append(ops, &zk.CheckVersionRequest{Path: g.aliveNode(owner), Version: anyVersion})
	}
	err = g.zk.multi(ctx, append(ops, writes...))
	if errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNoNode) { // the ledger has moved, or a session has ended
		err = errOvertaken
	}
	return next.Version, err
}

// read reads keys.
func (g *Gateway) read(ctx context.Context, prefix string, exact bool) (entries []wire.Entry, version uint64, why string) {
	which := g.prefixed(prefix)
	if exact {
		which = these(prefix)
	}
	v, err := g.look(ctx, which)
	if err != nil {
		return nil, 0, g.failed("read "+prefix+"*", err)
	}
	return v.entries(), v.ledger.Version, ""
}
