package zookeeper

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// key is the data of a key's node.
type key struct {
	Version uint64 `json:"version"`
	Value   []byte `json:"value"`
	Session string `json:"session,omitempty"` // of an ephemeral key: its node in known
	Owner   string `json:"owner,omitempty"`   // and that in alive
}

// view is what some keys were at one moment.
type view struct {
	ledger ledger
	at     int32 // ZooKeeper's version of the ledger's node: a transaction on top of this view asks for it
	keys   map[string]key
}

// choice names the keys of a view. A name without a key is left out there.
type choice func(ctx context.Context) (names []string, err error)

func these(names ...string) choice {
	return func(context.Context) ([]string, error) { return names, nil }
}

func (e *ensemble) prefixed(prefix string) choice {
	return func(ctx context.Context) (names []string, err error) {
		nodes, err := e.zk.children(ctx, e.keys())
		for _, node := range nodes {
			if name, ours := unescape(node); ours && strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
		return names, err
	}
}

// look reads keys, none of which belongs to a session that has ended. It looks again if the ledger has moved meanwhile.
func (e *ensemble) look(ctx context.Context, which choice) (view, error) {
	for {
		v, err := e.glance(ctx, which)
		if err != nil {
			return view{}, err
		}
		orphans, err := e.orphans(ctx, v)
		if err != nil {
			return view{}, err
		}
		if len(orphans) > 0 {
			if _, err := e.commit(ctx, v, nil, orphans); err != nil && !errors.Is(err, errOvertaken) {
				return view{}, err
			}
			continue
		}
		at, err := e.zk.version(ctx, e.ledger())
		if err != nil || at == v.at {
			return v, err
		}
	}
}

// glance reads the ledger and then keys, which may be newer.
func (e *ensemble) glance(ctx context.Context, which choice) (view, error) {
	if err := e.catchUp(ctx); err != nil {
		return view{}, err
	}
	n, err := e.zk.get(ctx, e.ledger())
	if err != nil {
		return view{}, err
	}
	v := view{at: n.version, keys: map[string]key{}}
	if v.ledger, err = decode[ledger](e.ledger(), n.data); err != nil {
		return view{}, err
	}
	names, err := which(ctx)
	if err != nil {
		return view{}, err
	}
	// All at once: one after the other, a long list would rarely be read before the ledger moves.
	nodes, errs := make([]node, len(names)), make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() { nodes[i], errs[i] = e.zk.get(ctx, e.keyNode(name)) })
	}
	all.Wait()
	for i, name := range names {
		if errors.Is(errs[i], zk.ErrNoNode) {
			continue
		}
		if errs[i] != nil {
			return view{}, errs[i]
		}
		if v.keys[name], err = decode[key](e.keyNode(name), nodes[i].data); err != nil {
			return view{}, err
		}
	}
	return v, nil
}

// orphans are the deletions of those keys whose sessions have ended. ZooKeeper ends a session with the one node that
// is its own; what it leaves behind goes in a transaction like any other, by whoever sees it first: so nobody sees it.
// A session's node is there before a key names it, and never comes again: if it is not there now, it has gone.
func (e *ensemble) orphans(ctx context.Context, v view) (deletions []change, err error) {
	var alive []string
	for _, name := range slices.Sorted(maps.Keys(v.keys)) {
		owner := v.keys[name].Owner
		if owner == "" {
			continue
		}
		if alive == nil {
			if alive, err = e.zk.children(ctx, e.alive()); err != nil {
				return nil, err
			}
		}
		if !slices.Contains(alive, owner) {
			deletions = append(deletions, change{key: name})
		}
	}
	return deletions, nil
}

// entries are a view in wire's words.
func (v view) entries() (entries []wire.Entry) {
	for _, name := range slices.Sorted(maps.Keys(v.keys)) {
		k := v.keys[name]
		session, _ := unescape(k.Session)
		entries = append(entries, wire.Entry{Key: name, Value: k.Value, Version: k.Version, Session: session})
	}
	return entries
}

// news says whether one of a prefix's keys, which the view has, has changed or gone since a version.
func (v view) news(prefix string, since uint64) bool {
	for _, k := range v.keys { // in any order: one is enough
		if k.Version > since {
			return true
		}
	}
	return slices.ContainsFunc(v.ledger.Gone, func(d deletion) bool {
		name, ours := unescape(d.Node)
		return d.Version > since && ours && strings.HasPrefix(name, prefix)
	})
}
