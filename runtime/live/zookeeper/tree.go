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
func (e *ensemble) ledger() string             { return path.Join(e.cfg.Root, "ledger") }
func (e *ensemble) keys() string               { return path.Join(e.cfg.Root, "keys") }
func (e *ensemble) alive() string              { return path.Join(e.cfg.Root, "alive") }
func (e *ensemble) known() string              { return path.Join(e.cfg.Root, "known") }
func (e *ensemble) keyNode(key string) string  { return path.Join(e.keys(), escape(key)) }
func (e *ensemble) aliveNode(id string) string { return path.Join(e.alive(), id) }
func (e *ensemble) knownNode(name string) string {
	return path.Join(e.known(), escape(name))
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
func (e *ensemble) catchUp(ctx context.Context) error {
	if !e.planted.Load() {
		if err := e.plant(ctx); err != nil {
			return err
		}
		e.planted.Store(true)
	}
	return e.zk.sync(ctx, e.cfg.Root)
}

func (e *ensemble) plant(ctx context.Context) error {
	nodes := []string{e.keys(), e.alive(), e.known(), e.ledger()}
	for above := e.cfg.Root; above != "/"; above = path.Dir(above) {
		nodes = append([]string{above}, nodes...)
	}
	for _, node := range nodes {
		var data []byte
		if node == e.ledger() {
			data = encode(ledger{})
		}
		if err := e.zk.create(ctx, node, data); err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return err
		}
	}
	return nil
}
