package entrypoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// Settings reads Flink's configuration: a file if one is named, then properties as the environment variable
// FLINK_PROPERTIES has them (a line each, "key: value"), then definitions as of -D ("key=value"). The later one wins.
func Settings(file, properties string, definitions []string) (map[string]string, error) {
	all := map[string]string{}
	if file != "" {
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the configuration: there is no file %s", file)
		}
		if err != nil {
			return nil, fmt.Errorf("read the configuration: %w", err)
		}
		if err := read(all, data); err != nil {
			return nil, fmt.Errorf("read the configuration %s:\n%w", file, err)
		}
	}
	for line := range strings.Lines(properties) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("read FLINK_PROPERTIES: %q is not \"key: value\"", line)
		}
		all[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	for _, d := range definitions {
		key, value, ok := strings.Cut(d, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("read -D %s: it is not key=value", d)
		}
		all[key] = value
	}
	return all, nil
}

// read reads YAML whose keys are dotted, nested, or both.
func read(into map[string]string, data []byte) error {
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		return err
	}
	return flatten(into, "", tree)
}

func flatten(into map[string]string, prefix string, tree map[string]any) error {
	for key, value := range tree {
		key = prefix + key
		switch v := value.(type) {
		case map[string]any:
			if err := flatten(into, key+".", v); err != nil {
				return err
			}
		case []any:
			return fmt.Errorf("%s is a list: none of Flink's keys here is one", key)
		case nil:
			into[key] = ""
		default:
			into[key] = fmt.Sprint(v)
		}
	}
	return nil
}
