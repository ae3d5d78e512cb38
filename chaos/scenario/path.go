package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// resolvePath cuts a dotted path into steps, each the longest key that is known where it stands, so that the
// dots inside Flink's keys need no quoting. A step into a list is the name of an item, or its index.
func resolvePath(root *Node, dotted string) (steps []string, where *jsonschema.Schema, err error) {
	w := pathWalk{}
	segments := strings.Split(dotted, ".")
	if slices.Contains(segments, "") {
		return nil, nil, fmt.Errorf("%q is not a path of keys with dots between them", dotted)
	}
	if steps, s, ok := w.walk(root, strict(), segments, nil); ok {
		return steps, s, nil
	}
	rest := segments[min(w.deepest, len(segments)-1):]
	hint := DidYouMean(rest[0], w.known)
	if hint == "" {
		hint = DidYouMean(strings.Join(rest, "."), w.known)
	}
	if hint == "" && len(w.known) > 0 {
		hint = ": there may stand " + several(w.known)
	}
	return nil, nil, fmt.Errorf("path %s leads nowhere: %q is not known there%s", dotted, strings.Join(rest, "."), hint)
}

type pathWalk struct {
	deepest int      // how many segments the best attempt got past
	known   []string // what was expected there
}

func (w *pathWalk) walk(n *Node, s *jsonschema.Schema, rest, steps []string) ([]string, *jsonschema.Schema, bool) {
	if len(rest) == 0 {
		return steps, s, true
	}
	if s == nil {
		return nil, nil, false
	}
	if textMap(s) {
		return append(steps, strings.Join(rest, ".")), s.AdditionalProperties, true
	}
	known := keysOf(s)
	for take := len(rest); take > 0; take-- {
		key := strings.Join(rest[:take], ".")
		switch {
		case s.Type == "array":
			i := itemIndex(n, key)
			if i < 0 {
				continue
			}
			if out, at, ok := w.walk(n.items[i], s.Items, rest[take:], append(slices.Clone(steps), strconv.Itoa(i))); ok {
				return out, at, true
			}
		case slices.Contains(known, key):
			if out, at, ok := w.walk(n.get(key), property(s, key), rest[take:], append(slices.Clone(steps), key)); ok {
				return out, at, true
			}
		}
	}
	if past := countSegments(steps); past >= w.deepest {
		w.deepest, w.known = past, known
		if s.Type == "array" {
			w.known = itemNames(n)
		}
	}
	return nil, nil, false
}

func countSegments(steps []string) int {
	n := 0
	for _, s := range steps {
		n += strings.Count(s, ".") + 1
	}
	return n
}

func itemIndex(n *Node, key string) int {
	if n == nil {
		return -1
	}
	if i := slices.Index(itemNames(n), key); i >= 0 {
		return i
	}
	if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.items) {
		return i
	}
	return -1
}

func itemNames(n *Node) []string {
	if n == nil {
		return nil
	}
	names := make([]string, len(n.items))
	for i, item := range n.items {
		if name := item.get("name"); name != nil {
			names[i] = name.text
		}
	}
	return names
}

// joined makes a key of resolved steps, which may have dots themselves.
func joined(steps []string) string { return strings.Join(steps, "\x00") }

// setAt puts a value at a resolved path, making the maps on the way.
func setAt(root *Node, steps []string, value *Node) {
	n := root
	for i, step := range steps {
		last := i == len(steps)-1
		if n.form == list {
			k, _ := strconv.Atoi(step)
			if last {
				n.items[k] = value
				return
			}
			n = n.items[k]
			continue
		}
		if last {
			n.set(step, value.pos, value)
			return
		}
		next := n.get(step)
		if next == nil || next.form == scalar {
			next = &Node{form: mapping, pos: value.pos}
			n.set(step, value.pos, next)
		}
		n = next
	}
}

// several lists words for a sentence, not too many.
func several(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(s string) bool { return s == "" })
	if len(words) > 12 {
		return strings.Join(words[:12], ", ") + " ..."
	}
	return strings.Join(words, ", ")
}

// schemaAt follows resolved steps through the schema.
func schemaAt(steps []string) *jsonschema.Schema {
	s := strict()
	for _, step := range steps {
		if s == nil {
			return nil
		}
		if s.Type == "array" {
			s = s.Items
		} else {
			s = property(s, step)
		}
	}
	return s
}
