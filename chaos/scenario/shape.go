package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

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
func checkShape(root *Node, base bool, report func(Problem)) {
	err := compiled().Validate(root.plain())
	var all *jsonschema.ValidationError
	if !errors.As(err, &all) {
		return
	}
	var prune [][]string
	for _, leaf := range leaves(all) {
		for _, p := range explain(root, leaf, base, &prune) {
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

// leaves are the errors without causes; a bad property name is one leaf.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if _, name := e.ErrorKind.(*kind.PropertyNames); name || len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, c := range e.Causes {
		all = append(all, leaves(c)...)
	}
	return all
}

// explain turns one error of the validator into sentences at places.
func explain(root *Node, e *jsonschema.ValidationError, base bool, prune *[][]string) []Problem {
	path := e.InstanceLocation
	n, pos, _ := root.at(path...)
	key := lastKey(path)
	one := func(pos Pos, format string, args ...any) []Problem {
		return []Problem{{Pos: pos, Message: fmt.Sprintf(format, args...)}}
	}
	below := func(child string) []string { return append(slices.Clone(path), child) }
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var all []Problem
		known := keysOf(schemaAt(path))
		slices.Sort(k.Properties)
		for _, name := range k.Properties {
			hint := DidYouMean(name, known)
			if hint == "" {
				hint = ": here may stand " + several(known)
			}
			all = append(all, one(n.keyPos(name), "unknown key %q%s", name, hint)...)
			*prune = append(*prune, below(name))
		}
		return all
	case *kind.PropertyNames:
		*prune = append(*prune, below(k.Property))
		return one(n.keyPos(k.Property), "unknown %s %q%s", nounOf(key), k.Property, hintOrList(k.Property, propertyNamesAt(path)))
	case *kind.Required:
		if base {
			return nil
		}
		return one(pos, "%s: %s is missing", orRoot(path), strings.Join(k.Missing, ", "))
	}
	*prune = append(*prune, path)
	switch k := e.ErrorKind.(type) {
	case *kind.Enum:
		var known []string
		for _, v := range k.Want {
			known = append(known, fmt.Sprint(v))
		}
		got := fmt.Sprint(k.Got)
		return one(pos, "unknown %s %q%s", nounOf(key), got, hintOrList(got, known))
	case *kind.Type:
		s := schemaAt(path)
		switch {
		case s != nil && s.Format == formatDuration && k.Got == "number":
			return one(pos, "%s is %s without a unit: write for example \"%ss\"", key, n.text, n.text)
		case k.Got == "number" && slices.Contains(k.Want, "string"):
			return one(pos, "%s must be text: put quotes around %s", key, n.text)
		}
		return one(pos, "%s must be %s, not %s", key, wanted(k.Want), inWords(k.Got))
	case *kind.Format:
		return one(pos, "%s: %v", key, k.Err)
	case *kind.Pattern:
		return one(pos, "%s %q may have only letters, digits, dots, dashes and underscores, and begins with a letter or digit", key, k.Got)
	case *kind.MinItems:
		return one(pos, "%s needs %d items, there are %d", key, k.Want, k.Got)
	case *kind.MaxItems:
		return one(pos, "%s takes %d items, there are %d", key, k.Want, k.Got)
	case *kind.Minimum:
		want, _ := k.Want.Float64()
		return one(pos, "%s is %s; it must be at least %g", key, n.text, want)
	case *kind.Maximum:
		want, _ := k.Want.Float64()
		return one(pos, "%s is %s; it must be at most %g", key, n.text, want)
	}
	return one(pos, "%s: %v", orRoot(path), e.ErrorKind)
}

func hintOrList(got string, known []string) string {
	if hint := DidYouMean(got, known); hint != "" {
		return hint
	}
	return ": choose from " + several(known)
}

// nounOf says what the values of a key are, for "unknown fault" and the like.
func nounOf(key string) string {
	switch key {
	case "inject":
		return "fault"
	case "invariants":
		return "invariant"
	case "slo", "stopWhen", "require":
		return "metric"
	case "backends":
		return "backend"
	case "maxAffected":
		return "role"
	case "kind":
		return "kind"
	case "if":
		return "condition"
	}
	return key
}

func lastKey(path []string) string {
	for _, step := range slices.Backward(path) {
		if _, err := strconv.Atoi(step); err != nil {
			return step
		}
	}
	return "the scenario"
}

func orRoot(path []string) string {
	if len(path) == 0 {
		return "the scenario"
	}
	return strings.Join(path, ".")
}

func inWords(jsonType string) string {
	switch jsonType {
	case "object":
		return "a map"
	case "array":
		return "a list"
	case "string":
		return "text"
	case "integer":
		return "a whole number"
	case "number":
		return "a number"
	case "boolean":
		return "true or false"
	}
	return jsonType
}

func wanted(types []string) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = inWords(t)
	}
	return strings.Join(words, " or ")
}
