package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// explain turns one error of the validator into sentences at places, and adds what must be pruned. A part of a
// scenario may lack keys.
func explain(root *Node, e *jsonschema.ValidationError, part bool, prune *[][]string) []Problem {
	path := e.InstanceLocation
	n, pos, _ := root.at(path...)
	key := lastKey(path)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var all []Problem
		slices.Sort(k.Properties)
		for _, name := range k.Properties {
			*prune = append(*prune, append(slices.Clone(path), name))
			all = append(all, Problem{Pos: n.keyPos(name), Message: unknownKey(key, name, keysOf(schemaAt(path)))})
		}
		return all
	case *kind.Required:
		if part {
			return nil
		}
		return []Problem{{Pos: pos, Message: fmt.Sprintf("%s: %s is missing", orRoot(path), strings.Join(k.Missing, ", "))}}
	}
	*prune = append(*prune, path)
	return []Problem{{Pos: pos, Message: wrongValue(n, path, key, e.ErrorKind)}}
}

// unknownKey is about a key that is not known below another.
func unknownKey(below, name string, known []string) string {
	noun := nounOf(below)
	if noun == below {
		noun = "key"
	}
	if noun == "metric" && knownMetric(name) {
		return fmt.Sprintf("%s cannot ask for %s, which is known only %s: choose from %s", below, name, whenKnown(name), several(known))
	}
	if hint := DidYouMean(name, known); hint != "" {
		return fmt.Sprintf("unknown %s %q%s", noun, name, hint)
	}
	return fmt.Sprintf("unknown %s %q: here may stand %s", noun, name, several(known))
}

// wrongValue is about a value that does not fit its key.
func wrongValue(n *Node, path []string, key string, what jsonschema.ErrorKind) string {
	switch k := what.(type) {
	case *kind.Enum:
		var known []string
		for _, v := range k.Want {
			known = append(known, fmt.Sprint(v))
		}
		got := fmt.Sprint(k.Got)
		return fmt.Sprintf("unknown %s %q%s", nounOf(key), got, hintOrList(got, known))
	case *kind.Type:
		return wrongType(n, path, key, k)
	case *kind.Format:
		return fmt.Sprintf("%s: %v", key, k.Err)
	case *kind.Pattern:
		return fmt.Sprintf("%s %q may have only letters, digits, dots, dashes and underscores, and begins with a letter or digit", key, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("%s needs %d items, there are %d", key, k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("%s takes %d items, there are %d", key, k.Want, k.Got)
	case *kind.Minimum:
		want, _ := k.Want.Float64()
		return fmt.Sprintf("%s is %s; it must be at least %g", key, n.text, want)
	case *kind.Maximum:
		want, _ := k.Want.Float64()
		return fmt.Sprintf("%s is %s; it must be at most %g", key, n.text, want)
	}
	return fmt.Sprintf("%s: %v", orRoot(path), what)
}

// wrongType is about a value of another kind than its key wants.
func wrongType(n *Node, path []string, key string, k *kind.Type) string {
	s := schemaAt(path)
	switch {
	case s != nil && s.Format == formatDuration && k.Got == "number":
		return fmt.Sprintf("%s is %s without a unit: write for example \"%ss\"", key, n.text, n.text)
	case k.Got == "number" && slices.Contains(k.Want, "string"):
		return fmt.Sprintf("%s must be text: put quotes around %s", key, n.text)
	case k.Got == "number" && slices.Contains(k.Want, "integer"):
		return fmt.Sprintf("%s is %s; it must be a whole number", key, n.text)
	case n.form == scalar && n.value != nil && slices.Contains(keysOf(s), "max"): // a limit
		return fmt.Sprintf("%s must say which bound it is: write {max: %s}, or {min: %s}", key, n.text, n.text)
	}
	got, each := inWords(k.Got), ""
	if k.Got == "string" {
		got = fmt.Sprintf("the text %q", short(n.text))
	}
	if len(path) > 0 && isIndex(path[len(path)-1]) {
		each = "each of "
	}
	return fmt.Sprintf("%s%s must be %s, not %s", each, key, wanted(k.Want), got)
}

func isIndex(step string) bool {
	_, err := strconv.Atoi(step)
	return err == nil
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

// short is the beginning of a text, for a sentence about it.
func short(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return text
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
