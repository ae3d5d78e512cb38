package scenario

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// Example is a fault of a kind as it may stand in a scenario file, every parameter written down.
func Example(k fault.Kind) (string, error) {
	f := fault.Fault{Inject: k.Name, Target: k.Default, At: &fault.Moment{At: Duration(30 * time.Second)}, With: map[string]string{}}
	if k.Lasts != fault.AtOnce {
		f.For = f.At.At
	}
	for _, p := range k.Params {
		if text := cmp.Or(p.Example, p.Default); text != "" {
			f.With[p.Name] = text
		}
	}
	example := map[string]any{"faults": []fault.Fault{f}}
	if slices.Equal(k.Roles, []fault.Role{fault.Producer}) { // which there has to be
		example["pipeline"] = map[string]any{"source": map[string]any{"producer": Producer{TransactionalID: "orders-app"}}}
	}
	raw, err := json.Marshal(example)
	if err != nil {
		return "", fmt.Errorf("write an example of %s: %w", k.Name, err)
	}
	text, err := yaml.JSONToYAML(raw)
	if err != nil {
		return "", fmt.Errorf("write an example of %s: %w", k.Name, err)
	}
	return string(text), nil
}
