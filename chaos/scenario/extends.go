package scenario

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// extended returns doc laid over everything that it extends, and whether all of that was there. within are the
// files on the way here.
func (l *loader) extended(doc *Node, within []string) (merged *Node, whole bool) {
	whole = true
	within = append(slices.Clone(within), doc.pos.File.Name)
	extends := doc.get("extends")
	if extends == nil || extends.form != list {
		return doc, whole
	}
	for _, item := range extends.items {
		if item.form != scalar || item.pos.File == nil {
			continue
		}
		bases, err := l.basesOf(item, within)
		if err != nil {
			l.report(Problem{Pos: item.pos, Message: err.Error()})
		}
		whole = whole && len(bases) > 0
		for _, base := range bases {
			b, all := l.extended(base, within)
			whole = whole && all
			b = b.clone()
			for _, own := range []string{"apiVersion", "kind", "extends"} {
				b.remove(own)
			}
			if m := b.get("metadata"); m != nil {
				m.remove("name")
			}
			merged = merge(merged, b)
		}
	}
	return merge(merged, doc), whole
}

// basesOf reads the file that one item of extends names.
func (l *loader) basesOf(item *Node, within []string) ([]*Node, error) {
	path := item.text
	if !filepath.IsAbs(path) {
		path = filepath.Join(item.pos.File.Dir, path)
	}
	if i := slices.Index(within, path); i >= 0 {
		return nil, fmt.Errorf("extends goes in a circle: %s; take one of them out", strings.Join(append(slices.Clone(within[i:]), path), " -> "))
	}
	docs, err := l.documents(path)
	if err != nil {
		return nil, fmt.Errorf("cannot extend %s: %s (looked at %s)%s", item.text, cannotRead(err), path, l.nearbyFile(path))
	}
	return docs, nil
}

// merge lays over on base: maps merge, everything else replaces. An empty value takes away what base has.
func merge(base, over *Node) *Node {
	if base == nil || base.form != mapping || over.form != mapping {
		return over
	}
	out := &Node{form: mapping, pos: over.pos, fields: append([]field(nil), base.fields...)}
	for _, f := range over.fields {
		out.set(f.key, f.pos, merge(out.get(f.key), f.value))
	}
	return out
}
