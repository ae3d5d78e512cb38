package fault

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// String writes the fault as one line that Parse reads back:
//
//	taskmanager.kill @checkpoint.completed#4+45s target=hosting:sink-0
//	network.partition @60s for 90s target=taskmanager:one<->jobmanager:all name=zombie
func (f Fault) String() string {
	parts := []string{f.Inject}
	if f.At != nil {
		parts = append(parts, "@"+f.At.String())
	}
	if f.When != nil {
		parts = append(parts, "@"+f.When.String())
	}
	if f.Every != 0 {
		parts = append(parts, "every", f.Every.String())
	}
	if f.For != 0 {
		parts = append(parts, "for", f.For.String())
	}
	if !f.Target.IsZero() {
		parts = append(parts, "target="+f.Target.String())
	}
	if f.Name != "" {
		parts = append(parts, "name="+quote(f.Name))
	}
	for _, k := range slices.Sorted(maps.Keys(f.With)) {
		parts = append(parts, k+"="+quote(f.With[k]))
	}
	return strings.Join(parts, " ")
}

func (m Moment) String() string {
	if m.Until == 0 {
		return m.At.String()
	}
	return m.At.String() + ".." + m.Until.String()
}

func (w When) String() string {
	var b strings.Builder
	b.WriteString(w.Event)
	var conditions []string
	add := func(key, value string) {
		if value != "" {
			conditions = append(conditions, key+"="+value)
		}
	}
	add("operator", w.Operator)
	if w.Subtask != nil {
		add("subtask", strconv.Itoa(*w.Subtask))
	}
	if w.Checkpoint != 0 {
		add("checkpoint", strconv.FormatUint(w.Checkpoint, 10))
	}
	add("fault", w.Fault)
	add("after", w.After)
	add("application", w.Application)
	if len(conditions) > 0 {
		fmt.Fprintf(&b, "[%s]", strings.Join(conditions, ","))
	}
	if w.Nth != 0 {
		fmt.Fprintf(&b, "#%d", w.Nth)
	}
	if w.Every != 0 {
		fmt.Fprintf(&b, "/%d", w.Every)
	}
	if w.Plus != 0 {
		b.WriteString("+" + w.Plus.String())
	}
	return b.String()
}

func (a Aim) String() string {
	if len(a.Between) != 2 {
		return a.Side.String()
	}
	arrow := map[Direction]string{To: "->", From: "<-"}[a.Direction]
	if arrow == "" {
		arrow = "<->"
	}
	return sides(a.Between[0]) + arrow + sides(a.Between[1])
}

func sides(all []Side) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = s.String()
	}
	return strings.Join(texts, ",")
}

func (s Side) String() string {
	var parts []string
	if len(s.Role) > 0 {
		roles := make([]string, len(s.Role))
		for i, r := range s.Role {
			roles[i] = string(r)
		}
		parts = append(parts, strings.Join(roles, "+"))
	}
	switch {
	case s.Name != "":
		parts = append(parts, "name", s.Name)
	case s.Pick == Hosting && s.Subtask != nil:
		parts = append(parts, string(s.Pick), s.Operator+"-"+strconv.Itoa(*s.Subtask))
	case s.Pick == Hosting && endsInNumber(s.Operator):
		parts = append(parts, string(s.Pick), s.Operator+"-*")
	case s.Pick == Hosting:
		parts = append(parts, string(s.Pick), s.Operator)
	case s.Pick == Fixed || s.Pick == FixedPercent:
		parts = append(parts, string(s.Pick), strconv.Itoa(s.Value))
	case s.Pick != "":
		parts = append(parts, string(s.Pick))
	}
	text := strings.Join(parts, ":")
	switch {
	case s.Application != "":
		return s.Application + "/" + text
	case text == "":
		return "*"
	}
	return text
}

// endsInNumber tells an operator called "sink-2" from subtask 2 of "sink".
func endsInNumber(name string) bool {
	_, end, found := cutLast(name, "-")
	_, err := strconv.Atoi(end)
	return found && (err == nil || end == "*")
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// quote leaves plain words alone, so that the line stays readable.
func quote(s string) string {
	plain := s != ""
	for _, r := range s {
		if r <= ' ' || r == '"' || r == '\\' || r == ';' || r == '\'' || r > '~' {
			plain = false
		}
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}
