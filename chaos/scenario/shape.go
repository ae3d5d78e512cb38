package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// compiled is the schema ready to validate.
var compiled = sync.OnceValue(func() *jsonschema.Schema {
	raw, err := json.Marshal(strict())
	if err != nil {
		panic("scenario: the schema cannot be written: " + err.Error())
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		panic("scenario: the schema cannot be read: " + err.Error())
	}
	c := jsonschema.NewCompiler()
	text := func(name string, check func(string) error) {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok {
				return check(s)
			}
			return nil
		}})
	}
	text(formatDuration, func(s string) error { _, err := fault.ParseDuration(s); return err })
	text(formatAmount, func(s string) error { _, err := ParseAmount(s); return err })
	text(formatSeeds, func(s string) error { _, err := ParseSeeds(s); return err })
	c.AssertFormat()
	if err := c.AddResource("scenario.json", doc); err != nil {
		panic("scenario: the schema is not accepted: " + err.Error())
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		panic("scenario: the schema does not compile: " + err.Error())
	}
	return s
})

// checkShape holds a normalised tree to the schema. It removes what does not fit, so that the rest can be
// decoded and judged in the same pass.
func checkShape(root *Node, part bool, report func(Problem)) {
	err := compiled().Validate(root.plain())
	var all *jsonschema.ValidationError
	if !errors.As(err, &all) {
		return
	}
	var prune [][]string
	for _, leaf := range leaves(all) {
		for _, p := range explain(root, leaf, part, &prune) {
			report(p)
		}
	}
	slices.SortStableFunc(prune, func(a, b []string) int { return -slices.Compare(padded(a), padded(b)) })
	for _, path := range prune {
		cut(root, path)
	}
}

// padded makes list indexes sort as numbers, so that the last items are cut first.
func padded(path []string) []string {
	out := slices.Clone(path)
	for i, s := range out {
		if n, err := strconv.Atoi(s); err == nil {
			out[i] = fmt.Sprintf("%09d", n)
		}
	}
	return out
}

func cut(root *Node, path []string) {
	if len(path) == 0 {
		return
	}
	parent, _, whole := root.at(path[:len(path)-1]...)
	if !whole {
		return
	}
	last := path[len(path)-1]
	if parent.form == list {
		if i, err := strconv.Atoi(last); err == nil && i < len(parent.items) {
			parent.items = slices.Delete(slices.Clone(parent.items), i, i+1)
		}
		return
	}
	parent.remove(last)
}

// leaves are the errors without causes.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, c := range e.Causes {
		all = append(all, leaves(c)...)
	}
	return all
}
