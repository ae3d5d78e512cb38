package scenario

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on a file, so that a hostile one ends in a sentence.
const (
	fileBytesMax = 1 << 20
	nodesMax     = 100_000
	depthMax     = 100
)

// parseYAML reads every document of a text into trees. Mistakes of YAML itself end a file, since nothing after
// them can be trusted; duplicate keys are all reported.
func parseYAML(src *File, text string) (docs []*Node, problems Problems) {
	defer func() {
		if r := recover(); r != nil { // the parser is not ours: input must never bring us down
			docs, problems = nil, Problems{{Pos: Pos{File: src}, Message: fmt.Sprintf("this is not YAML that can be read: %v", r)}}
		}
	}()
	if len(text) > fileBytesMax {
		return nil, Problems{{Pos: Pos{File: src}, Message: fmt.Sprintf("the file is too big: a scenario has at most %d bytes", fileBytesMax)}}
	}
	if p, bad := notText(src, text); bad {
		return nil, Problems{p}
	}
	if d := deepest(text); d > depthMax {
		return nil, Problems{{Pos: Pos{File: src}, Message: fmt.Sprintf("brackets are nested %d deep; at most %d are read", d, depthMax)}}
	}
	file, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p := Problem{Pos: Pos{File: src}, Message: err.Error()}
		if bad := (*yaml.SyntaxError)(nil); errors.As(err, &bad) {
			p.Message = bad.Message
			if bad.Token != nil {
				p.Pos = place(src, bad.Token)
			}
		}
		p.Message = "this is not YAML: " + p.Message
		return nil, Problems{p}
	}
	r := reader{src: src, anchors: map[string]*Node{}}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType {
			continue
		}
		if n := r.node(doc.Body, 0); n != nil {
			docs = append(docs, n)
		}
	}
	return docs, r.problems
}

// notText finds the first place that is no text in UTF-8: the parser would read it as something else.
func notText(src *File, text string) (p Problem, bad bool) {
	for i, line := range strings.Split(text, "\n") {
		for at, r := range line {
			what := ""
			switch {
			case r == utf8.RuneError && !strings.HasPrefix(line[at:], string(r)):
				what = fmt.Sprintf("byte %#02x is not UTF-8: save the file in the encoding UTF-8", line[at])
			case r < ' ' && r != '\t':
				what = fmt.Sprintf("the control character %#02x does not belong into a scenario: take it out", r)
			default:
				continue
			}
			return Problem{Pos: Pos{src, i + 1, utf8.RuneCountInString(line[:at]) + 1}, Message: what}, true
		}
	}
	return p, false
}

// deepest counts how deep flow brackets are nested, quotes and comments ignored: the bound need not be exact.
func deepest(text string) int {
	depth, most := 0, 0
	for _, r := range text {
		switch r {
		case '[', '{':
			depth++
			most = max(most, depth)
		case ']', '}':
			depth--
		case '\n':
			if depth < 0 {
				depth = 0
			}
		}
	}
	return most
}

// place is where a token stands. The parser's idea of it may be off the end of a broken file.
func place(src *File, t *token.Token) Pos {
	if t == nil || t.Position == nil || t.Position.Line < 1 {
		return Pos{File: src}
	}
	return Pos{src, min(t.Position.Line, len(src.Lines)), max(t.Position.Column, 1)}
}

// reader turns the parser's tree into ours.
type reader struct {
	src      *File
	anchors  map[string]*Node
	nodes    int
	problems Problems
}

func (r *reader) fail(pos Pos, format string, args ...any) *Node {
	r.problems = append(r.problems, Problem{Pos: pos, Message: fmt.Sprintf(format, args...)})
	return nil
}

func (r *reader) node(n ast.Node, depth int) *Node {
	pos := place(r.src, n.GetToken())
	if r.nodes++; r.nodes > nodesMax || depth > depthMax {
		if r.nodes == nodesMax+1 || depth == depthMax+1 {
			r.fail(pos, "this is nested too deep, or is too much: at most %d values, %d deep, are read", nodesMax, depthMax)
			r.nodes = nodesMax + 1
		}
		return nil
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return r.mapping(n.Values, place(r.src, n.Start), n.IsFlowStyle, depth)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{n}, pos, false, depth)
	case *ast.SequenceNode:
		all := &Node{form: list, pos: pos}
		for _, v := range n.Values {
			if item := r.node(v, depth+1); item != nil {
				all.items = append(all.items, item)
			}
		}
		if !n.IsFlowStyle && len(all.items) > 0 {
			all.pos = all.items[0].pos
		}
		return all
	case *ast.AnchorNode:
		value := r.node(n.Value, depth+1)
		if value != nil && n.Name != nil {
			r.anchors[n.Name.GetToken().Value] = value
		}
		return value
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		value, known := r.anchors[name]
		if !known {
			return r.fail(pos, "*%s refers to nothing: no &%s stands before it", name, name)
		}
		if r.nodes += size(value); r.nodes > nodesMax {
			return r.fail(pos, "aliases unfold to more than %d values", nodesMax)
		}
		return value.clone()
	case *ast.TagNode:
		if n.Value == nil {
			return textNode("", pos)
		}
		value := r.node(n.Value, depth+1)
		if value != nil && value.form == scalar && n.Start.Value == "!!str" {
			value.value = value.text
		}
		return value
	case *ast.LiteralNode:
		return textNode(n.Value.Value, pos)
	case *ast.StringNode:
		return textNode(n.Value, pos)
	case *ast.NullNode:
		return &Node{pos: pos}
	case *ast.IntegerNode:
		return &Node{pos: pos, value: n.Value, text: n.Token.Value}
	case *ast.FloatNode:
		return &Node{pos: pos, value: n.Value, text: n.Token.Value}
	case *ast.BoolNode:
		return &Node{pos: pos, value: n.Value, text: n.Token.Value}
	default:
		return textNode(strings.TrimSpace(n.String()), pos)
	}
}

func (r *reader) mapping(values []*ast.MappingValueNode, pos Pos, flow bool, depth int) *Node {
	m := &Node{form: mapping, pos: pos}
	var merged []field // from "<<": keys of the mapping itself go first
	for _, v := range values {
		key := v.Key.GetToken()
		at := place(r.src, key)
		if !flow && len(m.fields) == 0 {
			m.pos = at
		}
		value := r.node(v.Value, depth+1)
		if value == nil {
			continue
		}
		if value.form == scalar && value.value == nil {
			value.pos = at // "key:" without a value has no place of its own
		}
		if v.Key.Type() == ast.MergeKeyType {
			merged = append(merged, value.fields...)
			continue
		}
		if m.get(key.Value) != nil {
			r.fail(at, "%q is given twice; the first is at line %d", key.Value, m.keyPos(key.Value).Line)
			continue
		}
		m.set(key.Value, at, value)
	}
	for _, f := range merged {
		if m.get(f.key) == nil {
			m.set(f.key, f.pos, f.value)
		}
	}
	return m
}

func size(n *Node) int {
	total := 1
	for _, item := range n.items {
		total += size(item)
	}
	for _, f := range n.fields {
		total += size(f.value)
	}
	return total
}
