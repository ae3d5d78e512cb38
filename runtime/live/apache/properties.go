package apache

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// properties are a file of Java's, by name. No path of the system's is among them: a backslash is an escape.
type properties map[string]string

func (p properties) write(file string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&text, "%s=%s\n", name, p[name])
	}
	return os.WriteFile(file, []byte(text.String()), 0o644)
}
