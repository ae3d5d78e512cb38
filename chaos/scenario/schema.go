package scenario

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"sync"

	"github.com/invopop/jsonschema"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// names of formats that are checked by functions of ours (shape.go).
const (
	formatDuration = "flink-duration"
	formatAmount   = "amount"
	formatSeeds    = "seeds"
)

// strict is the schema that a normalised tree is held to.
var strict = sync.OnceValue(func() *jsonschema.Schema {
	r := jsonschema.Reflector{DoNotReference: true, ExpandedStruct: true, Anonymous: true, Mapper: special}
	s := r.Reflect(&Scenario{})
	enumerate(s)
	s.Required = nil // what must be there is a question for the merged scenario, not for one file
	return s
})

// special are the types whose form in a file is not that of their Go type.
func special(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[Duration]():
		return &jsonschema.Schema{Type: "string", Format: formatDuration}
	case reflect.TypeFor[Amount]():
		return &jsonschema.Schema{Format: formatAmount, Extras: map[string]any{"type": []string{"number", "string"}}}
	case reflect.TypeFor[Seeds]():
		return &jsonschema.Schema{Format: formatSeeds, Extras: map[string]any{"type": []string{"string", "integer"}}}
	case reflect.TypeFor[fault.Moment]():
		two := uint64(2)
		s := &jsonschema.Schema{Format: formatDuration, AdditionalProperties: jsonschema.FalseSchema,
			Required: []string{"between"}, Properties: jsonschema.NewProperties(),
			Extras: map[string]any{"type": []string{"string", "object"}}}
		s.Properties.Set("between", &jsonschema.Schema{Type: "array", MinItems: &two, MaxItems: &two,
			Items: &jsonschema.Schema{Type: "string", Format: formatDuration}})
		return s
	case reflect.TypeFor[fault.Role]():
		return choice(fault.Roles)
	case reflect.TypeFor[fault.Pick]():
		return choice(fault.Picks)
	case reflect.TypeFor[fault.Backend]():
		return choice(fault.Backends)
	}
	return nil
}

func choice[T ~string](of []T) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, v := range of {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// enumerate closes the lists of words that live in registries, wherever a property has their name.
func enumerate(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	bound(s)
	if s.Properties != nil {
		for p := s.Properties.Oldest(); p != nil; p = p.Next() {
			switch p.Key {
			case "seed":
				p.Value.Minimum, p.Value.Maximum = "0", json.Number(fmt.Sprint(uint64(math.MaxUint64)))
			case "inject":
				p.Value.Enum = choice(fault.Names()).Enum
			case "event":
				p.Value.Enum = choice(fault.Events).Enum
			case "invariants":
				p.Value.Items.Enum = choice(InvariantNames()).Enum
			case "invariant":
				p.Value.Enum = choice(InvariantNames()).Enum
			case "slo", "stopWhen", "require":
				keyed(p.Value, metricsOf(p.Key))
			case "maxAffected":
				keyed(p.Value, fault.Roles)
			}
			enumerate(p.Value)
		}
	}
	enumerate(s.Items)
	enumerate(s.AdditionalProperties)
}

// keyed closes a map to the keys that it may have.
func keyed[T ~string](s *jsonschema.Schema, keys []T) {
	s.Properties = jsonschema.NewProperties()
	for _, key := range keys {
		s.Properties.Set(string(key), s.AdditionalProperties)
	}
	s.AdditionalProperties = jsonschema.FalseSchema
}

// wholeMax is the largest whole number that a scenario may hold, but for a seed: it is far above anything that
// can be run, and sums of it still fit.
const wholeMax = "1000000000000000"

// bound gives every whole number a range.
func bound(s *jsonschema.Schema) {
	if s.Type != "integer" {
		return
	}
	if s.Maximum == "" {
		s.Maximum = wholeMax
	}
	if s.Minimum == "" {
		s.Minimum = "-" + wholeMax
	}
}

// Schema is the published form for editors, in draft-07, which is what they support. It also takes the short
// forms: a bare value for a list of one, and nested maps for dotted keys.
func Schema() ([]byte, error) {
	raw, err := json.Marshal(strict())
	if err != nil {
		return nil, err
	}
	var s map[string]any
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	for _, p := range s["properties"].(map[string]any) {
		loosen(p.(map[string]any))
	}
	s["$schema"] = "http://json-schema.org/draft-07/schema#"
	s["$id"] = "https://github.com/flinch-dev/flinch/chaos.schema.json"
	s["title"] = "Flinch scenario"
	return json.MarshalIndent(s, "", "  ")
}

func loosen(s map[string]any) {
	for _, key := range []string{"items", "additionalProperties"} {
		if inner, ok := s[key].(map[string]any); ok {
			loosen(inner)
		}
	}
	if inner, ok := s["properties"].(map[string]any); ok {
		for _, p := range inner {
			loosen(p.(map[string]any))
		}
	}
	if s["type"] == "object" && s["properties"] == nil && isText(s["additionalProperties"]) {
		s["additionalProperties"] = true
	}
	if items, ok := s["items"]; ok && s["type"] == "array" && s["minItems"] == nil {
		many := map[string]any{"type": "array", "items": items}
		delete(s, "type")
		delete(s, "items")
		s["anyOf"] = []any{items, many}
	}
}

func isText(s any) bool {
	m, ok := s.(map[string]any)
	return ok && m["type"] == "string" && m["format"] == nil
}

// property is the schema of a key, or nil.
func property(s *jsonschema.Schema, key string) *jsonschema.Schema {
	if s == nil {
		return nil
	}
	if s.Properties != nil {
		if p, ok := s.Properties.Get(key); ok {
			return p
		}
	}
	if isOpen(s) {
		return s.AdditionalProperties
	}
	return nil
}

// isOpen says whether keys of any name are allowed.
func isOpen(s *jsonschema.Schema) bool {
	return s != nil && s.AdditionalProperties != nil && s.AdditionalProperties != jsonschema.FalseSchema
}

// textMap says whether s is a map of texts by dotted keys.
func textMap(s *jsonschema.Schema) bool {
	return isOpen(s) && (s.Properties == nil || s.Properties.Len() == 0) && s.AdditionalProperties.Type == "string"
}

func keysOf(s *jsonschema.Schema) []string {
	var keys []string
	if s != nil && s.Properties != nil {
		for p := s.Properties.Oldest(); p != nil; p = p.Next() {
			keys = append(keys, p.Key)
		}
	}
	return keys
}
