package scenario

import (
	"encoding/json"
	"fmt"
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
		if p.Default != "" {
			f.With[p.Name] = p.Default
		}
	}
	raw, err := json.Marshal(map[string]any{"faults": []fault.Fault{f}})
	if err != nil {
		return "", fmt.Errorf("write an example of %s: %w", k.Name, err)
	}
	text, err := yaml.JSONToYAML(raw)
	if err != nil {
		return "", fmt.Errorf("write an example of %s: %w", k.Name, err)
	}
	return string(text), nil
}
