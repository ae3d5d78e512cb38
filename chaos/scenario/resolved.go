package scenario

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// YAML writes a resolved scenario, so that reading it back gives the same. Paths become absolute, since the
// copy lies elsewhere.
func (s Scenario) YAML() ([]byte, error) {
	if r := s.Pipeline.Source.Records; r != nil {
		if absolute, err := filepath.Abs(r.Path); err == nil {
			moved := *r
			moved.Path = absolute
			s.Pipeline.Source.Records = &moved
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write scenario %s: %w", s.Metadata.Name, err)
	}
	out, err := yaml.JSONToYAML(raw)
	if err != nil {
		return nil, fmt.Errorf("write scenario %s: %w", s.Metadata.Name, err)
	}
	return out, nil
}

// Expected is what a run of the cell must come to.
func (c Cell) Expected() Verdict {
	if len(c.Scenario.Verdicts) > 0 {
		return c.Scenario.Verdicts[0]
	}
	if c.Scenario.Expect != "" {
		return Verdict{Expect: c.Scenario.Expect}
	}
	return Verdict{Expect: "pass"}
}

// Origin is one value of a scenario and where it was written.
type Origin struct {
	Path  string
	Value string
	At    string // file:line:col
}

// Origins lists every value that was written for the cell, not those filled in.
func (c Cell) Origins() []Origin {
	var all []Origin
	var walk func(n *Node, path string)
	walk = func(n *Node, path string) {
		switch n.form {
		case mapping:
			for _, f := range n.fields {
				walk(f.value, strings.TrimPrefix(path+"."+f.key, "."))
			}
		case list:
			if text, ok := n.flat(); ok {
				all = append(all, Origin{path, "[" + strings.ReplaceAll(text, ",", ", ") + "]", n.pos.String()})
				return
			}
			for i, item := range n.items {
				name := fmt.Sprint(i)
				if called := item.get("name"); called != nil {
					name = called.text
				}
				walk(item, path+"."+name)
			}
		default:
			all = append(all, Origin{path, n.text, n.pos.String()})
		}
	}
	walk(c.tree, "")
	return all
}
