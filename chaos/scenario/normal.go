package scenario

import (
	"fmt"

	"github.com/invopop/jsonschema"
)

// normalise turns the short forms into the long ones, so that merging and checking know one form only: a bare
// value becomes a list of one, nested maps become dotted keys, and where texts are wanted scalars are texts
// as they were written.
func normalise(n *Node, s *jsonschema.Schema, report func(Problem)) {
	if n == nil || s == nil {
		return
	}
	switch {
	case s.Type == "array" && n.form != list:
		if n.form == scalar && n.value == nil {
			return
		}
		item := *n
		*n = Node{form: list, pos: n.pos, items: []*Node{&item}}
		normalise(n, s, report)
	case textMap(s):
		if n.form == mapping {
			flatten(n, s, report)
		}
	case n.form == list:
		for _, item := range n.items {
			normalise(item, s.Items, report)
		}
	case n.form == mapping:
		for _, f := range n.fields {
			normalise(f.value, property(s, f.key), report)
		}
	case s.Format == formatSeeds, s.Format == formatDuration && n.text == "0":
		if n.value != nil {
			n.value = n.text
		}
	}
}

// flatten makes {a: {b: 1}} the same as {a.b: 1}.
func flatten(n *Node, s *jsonschema.Schema, report func(Problem)) {
	flat := &Node{form: mapping, pos: n.pos}
	var walk func(prefix string, n *Node)
	walk = func(prefix string, n *Node) {
		for _, f := range n.fields {
			key := prefix + f.key
			if f.value.form == mapping {
				walk(key+".", f.value)
				continue
			}
			text, ok := f.value.flat()
			if !ok {
				report(Problem{Pos: f.value.pos, Message: fmt.Sprintf("%s must be one value, or a list of plain values", key)})
				continue
			}
			if flat.get(key) != nil {
				report(Problem{Pos: f.pos, Message: fmt.Sprintf("%q is given twice, once dotted and once nested; the first is at line %d", key, flat.keyPos(key).Line)})
				continue
			}
			value := textNode(text, f.value.pos)
			if f.value.form == scalar && f.value.value == nil {
				value.value = nil
			}
			if s.AdditionalProperties.Format != "" { // a map of durations stays strict
				value.value = f.value.plain()
			}
			flat.set(key, f.pos, value)
		}
	}
	walk("", n)
	n.fields = flat.fields
}

// dropEmpty removes keys without a value.
func dropEmpty(n *Node) {
	kept := n.fields[:0:0]
	for _, f := range n.fields {
		if f.value.form == scalar && f.value.value == nil {
			continue
		}
		dropEmpty(f.value)
		kept = append(kept, f)
	}
	n.fields = kept
	for _, item := range n.items {
		dropEmpty(item)
	}
}
