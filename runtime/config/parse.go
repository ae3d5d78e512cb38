package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Warning is something about a configuration that its author should know, though it can be used.
type Warning struct {
	Key   string
	Value string
	Text  string // a sentence that names the key
}

func (w Warning) String() string { return w.Text }

// byName finds the entry of a key by its name of today, present by a former one.
var (
	byName  = map[string]*entry{}
	present = map[string]string{}
	names   []string // of today and former, for suggestions
)

func init() {
	for i := range table {
		e := &table[i]
		byName[e.key] = e
		names = append(names, e.key)
		for _, was := range e.was {
			present[was] = e.key
			names = append(names, was)
		}
	}
}

// Parse reads a configuration. The error joins every complaint; without one the Config is whole, with
// defaults for what is not given. Parse(nil) is Flink's default configuration.
func Parse(given map[string]string) (Config, []Warning, error) {
	c := Config{}
	for _, e := range table {
		if e.def == "" {
			continue
		}
		if err := e.kind.read(&c, e.def); err != nil {
			panic(fmt.Sprintf("config: the default of %s is %q, but %v", e.key, e.def, err))
		}
	}
	var warnings []Warning
	var complaints []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := strings.TrimSpace(given[name])
		e, warning := lookup(name, value, given)
		if warning != "" {
			warnings = append(warnings, Warning{name, given[name], warning})
		}
		if e == nil {
			if present[name] == "" {
				if c.Unknown == nil {
					c.Unknown = map[string]string{}
				}
				c.Unknown[name] = given[name]
			}
			continue
		}
		if err := e.kind.read(&c, value); err != nil {
			complaints = append(complaints, fmt.Errorf("%s: %q cannot be used: %w", name, given[name], err))
		}
	}
	if c.RestartStrategy.Type == "" {
		c.RestartStrategy.Type = NoRestart
		if c.Checkpointing.Enabled() {
			c.RestartStrategy.Type = ExponentialDelay
		}
	}
	if len(complaints) == 0 {
		complaints = c.check()
	}
	if err := errors.Join(complaints...); err != nil {
		return Config{}, warnings, err
	}
	return c, warnings, nil
}

// lookup returns the entry that a given key fills, or nil when it fills none, and what to warn about.
func lookup(name, value string, given map[string]string) (*entry, string) {
	if e := byName[name]; e != nil {
		if e.idle && !strings.EqualFold(value, e.def) {
			return e, fmt.Sprintf("%s: %s is kept, but this runtime does nothing with it", name, value)
		}
		return e, ""
	}
	now, former := present[name]
	if !former {
		hint := ""
		if near := nearest(name, names); near != "" {
			hint = fmt.Sprintf("; did you mean %s?", near)
		}
		return nil, fmt.Sprintf("%s is not a key that this runtime knows; it is kept, without effect%s", name, hint)
	}
	for _, other := range append([]string{now}, byName[now].was...) {
		if other == name {
			break
		}
		if _, too := given[other]; too {
			return nil, fmt.Sprintf("%s is a former name of %s, and %s is given too: its value counts", name, now, other)
		}
	}
	e := byName[now]
	if e.idle && !strings.EqualFold(value, e.def) {
		return e, fmt.Sprintf("%s: %s is kept, but this runtime does nothing with it (and %s is its name now)", name, value, now)
	}
	return e, fmt.Sprintf("%s is a former name; write %s", name, now)
}

// Row is one key's value in force.
type Row struct {
	Key     string
	Value   string
	Default bool // the value was not given
}

// Effective lists what is in force: every key that this runtime acts on, in the order of the table, and then
// every other key that was given, sorted. Values are shown as they were written.
func Effective(given map[string]string) []Row {
	var rows []Row
	used := map[string]bool{}
	for _, e := range table {
		row := Row{e.key, e.def, true}
		for _, name := range append([]string{e.key}, e.was...) {
			if v, ok := given[name]; ok {
				used[name] = true
				if row.Default {
					row.Value, row.Default = v, false
				}
			}
		}
		if !e.idle || !row.Default {
			rows = append(rows, row)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !used[name] {
			rows = append(rows, Row{name, given[name], false})
		}
	}
	return rows
}
