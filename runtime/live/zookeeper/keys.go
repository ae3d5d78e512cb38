package zookeeper

import (
	"context"
	"errors"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/wire"
)

var errOvertaken = errors.New("the view does not hold any more: certainly nothing is changed")

// Transact is one transaction, tried until nobody is quicker.
func (e *ensemble) Transact(ctx context.Context, t wire.CoordTxn) (version uint64, err error) {
	for {
		if version, err = e.attempt(ctx, t); !errors.Is(err, errOvertaken) {
			return version, err
		}
	}
}

// attempt compares in a view, then looks at the sessions, and writes on top of the view.
func (e *ensemble) attempt(ctx context.Context, t wire.CoordTxn) (version uint64, err error) {
	v, err := e.look(ctx, these(keysOf(t)...))
	if err != nil {
		return 0, err
	}
	var living []string // sessions that must live for this to happen
	for _, c := range t.If {
		k := v.keys[c.Key]
		if k.Version != c.Version {
			return 0, coordination.ErrConflict
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
			s, err := e.living(ctx, w.Session)
			if err != nil {
				return 0, err
			}
			c.to.Session, c.to.Owner = escape(w.Session), s.owner()
			living, writers = append(living, s.owner()), append(writers, s)
		}
		changes = append(changes, c)
	}
	if version, err = e.commit(ctx, v, living, changes); err != nil {
		return 0, err
	}
	// A session that writes is alive. The write stands, whatever comes of this.
	for _, s := range writers {
		e.keep(ctx, s)
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
func (e *ensemble) commit(ctx context.Context, v view, living []string, changes []change) (version uint64, err error) {
	there := map[string]bool{}
	for name := range v.keys {
		there[name] = true
	}
	var writes []any
	var gone []string
	for _, c := range changes {
		node := e.keyNode(c.key)
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
	ops := []any{&zk.SetDataRequest{Path: e.ledger(), Data: encode(next), Version: v.at}}
	for _, owner := range living {
		ops = append(ops, &zk.CheckVersionRequest{Path: e.aliveNode(owner), Version: anyVersion})
	}
	err = e.zk.multi(ctx, append(ops, writes...))
	if errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNoNode) { // the ledger has moved, or a session has ended
		err = errOvertaken
	}
	return next.Version, err
}

// Read reads keys.
func (e *ensemble) Read(ctx context.Context, prefix string, exact bool) (entries []wire.Entry, version uint64, err error) {
	which := e.prefixed(prefix)
	if exact {
		which = these(prefix)
	}
	v, err := e.look(ctx, which)
	if err != nil {
		return nil, 0, err
	}
	return v.entries(), v.ledger.Version, nil
}
