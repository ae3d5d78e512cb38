package scenario

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// form is what a Node is.
type form uint8

const (
	scalar form = iota
	list
	mapping
)

// Node is one value of a file with its place: it outlives merging, so that every value knows its origin.
type Node struct {
	form   form
	pos    Pos
	value  any    // scalar: string, int64, uint64, float64, bool or nil
	text   string // scalar: as written
	items  []*Node
	fields []field
}

type field struct {
	key   string
	pos   Pos
	value *Node
}

// get returns the value of a key, or nil.
func (n *Node) get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return n.fields[i].value
		}
	}
	return nil
}

// set replaces or adds the value of a key.
func (n *Node) set(key string, pos Pos, value *Node) {
	for i := range n.fields {
		if n.fields[i].key == key {
			n.fields[i] = field{key, pos, value}
			return
		}
	}
	n.fields = append(n.fields, field{key, pos, value})
}

// remove takes away a key and returns its value.
func (n *Node) remove(key string) *Node {
	for i, f := range n.fields {
		if f.key == key {
			n.fields = append(n.fields[:i:i], n.fields[i+1:]...)
			return f.value
		}
	}
	return nil
}

// at follows a path of keys and indexes as far as it exists. pos is the place of the last step: the key of a
// missing value's parent, or the value itself.
func (n *Node) at(path ...string) (found *Node, pos Pos, whole bool) {
	found, pos = n, n.pos
	for _, step := range path {
		next := (*Node)(nil)
		switch found.form {
		case mapping:
			next = found.get(step)
		case list:
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(found.items) {
				next = found.items[i]
			}
		}
		if next == nil {
			return found, pos, false
		}
		found, pos = next, next.pos
	}
	return found, pos, true
}

// keyPos is the place of a key in a mapping.
func (n *Node) keyPos(key string) Pos {
	for _, f := range n.fields {
		if f.key == key {
			return f.pos
		}
	}
	return n.pos
}

// clone copies the tree; the places are shared.
func (n *Node) clone() *Node {
	c := *n
	c.items = make([]*Node, len(n.items))
	for i, item := range n.items {
		c.items[i] = item.clone()
	}
	c.fields = make([]field, len(n.fields))
	for i, f := range n.fields {
		c.fields[i] = field{f.key, f.pos, f.value.clone()}
	}
	return &c
}

// plain turns the tree into what encoding/json and the schema validator know.
func (n *Node) plain() any {
	switch n.form {
	case list:
		all := make([]any, len(n.items))
		for i, item := range n.items {
			all[i] = item.plain()
		}
		return all
	case mapping:
		all := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			all[f.key] = f.value.plain()
		}
		return all
	}
	return n.value
}

// flat is the text of a scalar, or of a list of scalars with commas between them.
func (n *Node) flat() (string, bool) {
	switch n.form {
	case scalar:
		return n.text, true
	case list:
		texts := make([]string, len(n.items))
		for i, item := range n.items {
			if item.form != scalar {
				return "", false
			}
			texts[i] = item.text
		}
		return strings.Join(texts, ","), true
	}
	return "", false
}

// inline is the value on one line, as YAML reads it back: a scalar as written, anything else in brackets.
func (n *Node) inline() string {
	if n.form == scalar {
		return n.text
	}
	text, err := json.Marshal(n.plain())
	if err != nil { // a scalar that JSON has no word for, such as .nan
		return fmt.Sprint(n.plain())
	}
	return string(text)
}

func textNode(text string, pos Pos) *Node { return &Node{pos: pos, value: text, text: text} }
