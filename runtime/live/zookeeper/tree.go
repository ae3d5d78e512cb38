package zookeeper

import (
	"context"
	"errors"
	"net/url"
	"path"
	"strings"

	"github.com/go-zookeeper/zk"
)

// Where things are in ZooKeeper; see the package's comment.
func (g *Gateway) ledger() string             { return path.Join(g.cfg.Root, "ledger") }
func (g *Gateway) keys() string               { return path.Join(g.cfg.Root, "keys") }
func (g *Gateway) alive() string              { return path.Join(g.cfg.Root, "alive") }
func (g *Gateway) known() string              { return path.Join(g.cfg.Root, "known") }
func (g *Gateway) keyNode(key string) string  { return path.Join(g.keys(), escape(key)) }
func (g *Gateway) aliveNode(id string) string { return path.Join(g.alive(), id) }
func (g *Gateway) knownNode(name string) string {
	return path.Join(g.known(), escape(name))
}

// mark begins the name of every node that is named by an asker: so none is empty, "." or "..".
const mark = "="

// escape makes the name of one node of anything: ZooKeeper forbids slashes and odd characters.
func escape(name string) string { return mark + url.PathEscape(name) }

// unescape reads it back; false: the name is not of a gateway's.
func unescape(node string) (name string, ours bool) {
	escaped, ours := strings.CutPrefix(node, mark)
	name, err := url.PathUnescape(escaped)
	return name, ours && err == nil
}

// catchUp begins whatever reads: afterwards, nothing that is read is older than the request. The first time it makes
// the nodes that every gateway needs.
func (g *Gateway) catchUp(ctx context.Context) error {
	if !g.planted.Load() {
		if err := g.plant(ctx); err != nil {
			return err
		}
		g.planted.Store(true)
	}
	return g.zk.sync(ctx, g.cfg.Root)
}

func (g *Gateway) plant(ctx context.Context) error {
	nodes := []string{g.keys(), g.alive(), g.known(), g.ledger()}
	for above := g.cfg.Root; above != "/"; above = path.Dir(above) {
		nodes = append([]string{above}, nodes...)
	}
	for _, node := range nodes {
		var data []byte
		if node == g.ledger() {
			data = encode(ledger{})
		}
		if err := g.zk.create(ctx, node, data); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return err
		}
	}
	return nil
}
