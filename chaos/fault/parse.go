package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Parse reads a fault from one line, as String writes it.
func Parse(line string) (Fault, error) {
	words, err := split(line)
	if err != nil {
		return Fault{}, fmt.Errorf("read fault %q: %w", line, err)
	}
	if len(words) == 0 {
		return Fault{}, fmt.Errorf("read a fault: the line is empty; write for example \"jobmanager.kill @30s\"")
	}
	f := Fault{Inject: words[0]}
	if _, known := Lookup(f.Inject); !known {
		return Fault{}, fmt.Errorf("read fault %q: %q is no kind of fault; chaos faults lists them", line, f.Inject)
	}
	for i := 1; i < len(words); i++ {
		if err := f.part(words, &i); err != nil {
			return Fault{}, fmt.Errorf("read fault %q: %w", line, err)
		}
	}
	return f, nil
}

// part reads the word at *i, and the one after it for "for" and "every".
func (f *Fault) part(words []string, i *int) error {
	word := words[*i]
	if word == "for" || word == "every" {
		if *i++; *i == len(words) {
			return fmt.Errorf("%q stands at the end: how long?", word)
		}
		d, err := ParseDuration(words[*i])
		if word == "for" {
			f.For = d
		} else {
			f.Every = d
		}
		return err
	}
	if when, found := strings.CutPrefix(word, "@"); found {
		return f.trigger(when)
	}
	key, value, found := strings.Cut(word, "=")
	if !found || key == "" {
		return fmt.Errorf("%q is neither a trigger (@...), \"for\", \"every\", nor key=value", word)
	}
	value, err := unquote(value)
	if err != nil {
		return err
	}
	switch key {
	case "name":
		f.Name = value
	case "target":
		f.Target, err = parseAim(value)
	default:
		if kind, _ := Lookup(f.Inject); !hasParam(kind, key) {
			return fmt.Errorf("%s has no parameter %q", f.Inject, key)
		}
		if f.With == nil {
			f.With = map[string]string{}
		}
		f.With[key] = value
	}
	return err
}

func hasParam(k Kind, name string) bool { _, ok := k.Param(name); return ok }

func (f *Fault) trigger(text string) error {
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		early, late, random := strings.Cut(text, "..")
		m := Moment{}
		var err error
		if m.At, err = ParseDuration(early); err != nil {
			return err
		}
		if random {
			if m.Until, err = ParseDuration(late); err != nil {
				return err
			}
			if m.Until <= m.At {
				return fmt.Errorf("the moment %q ends before it begins", text)
			}
		}
		f.At = &m
		return nil
	}
	w, err := parseWhen(text)
	f.When = &w
	return err
}

func parseWhen(text string) (When, error) {
	w := When{}
	var err error
	rest := text
	if head, conditions, found := strings.Cut(rest, "["); found {
		inner, tail, closed := strings.Cut(conditions, "]")
		if !closed {
			return w, fmt.Errorf("%q lacks the closing bracket", text)
		}
		for _, c := range strings.Split(inner, ",") {
			key, value, _ := strings.Cut(c, "=")
			if err := w.condition(key, value); err != nil {
				return w, err
			}
		}
		rest = head + tail
	}
	if head, plus, found := strings.Cut(rest, "+"); found {
		if w.Plus, err = ParseDuration(plus); err != nil {
			return w, err
		}
		rest = head
	}
	if head, every, found := strings.Cut(rest, "/"); found {
		if w.Every, err = positive(every); err != nil {
			return w, err
		}
		rest = head
	}
	if head, nth, found := strings.Cut(rest, "#"); found {
		if w.Nth, err = positive(nth); err != nil {
			return w, err
		}
		rest = head
	}
	if !slices.Contains(Events, rest) {
		return w, fmt.Errorf("%q is no event", rest)
	}
	w.Event = rest
	return w, nil
}

func (w *When) condition(key, value string) error {
	switch key {
	case "operator":
		w.Operator = value
	case "fault":
		w.Fault = value
	case "after":
		w.After = value
	case "application":
		w.Application = value
	case "subtask":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("subtask %q is not a number of 0 or more", value)
		}
		w.Subtask = &n
	case "checkpoint":
		n, err := positive(value)
		if err != nil {
			return err
		}
		w.Checkpoint = uint64(n)
	default:
		return fmt.Errorf("%q is no condition: there are operator, subtask, checkpoint, fault, after and application", key)
	}
	return nil
}

func positive(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a number of 1 or more", text)
	}
	return n, nil
}

func parseAim(text string) (Aim, error) {
	for _, link := range []struct {
		arrow     string
		direction Direction
	}{{"<->", Both}, {"->", To}, {"<-", From}} {
		left, right, found := strings.Cut(text, link.arrow)
		if !found {
			continue
		}
		near, err := parseSides(left)
		if err != nil {
			return Aim{}, err
		}
		far, err := parseSides(right)
		return Aim{Between: [][]Side{near, far}, Direction: link.direction}, err
	}
	s, err := parseSide(text)
	return Aim{Side: s}, err
}

func parseSides(text string) ([]Side, error) {
	var all []Side
	for _, one := range strings.Split(text, ",") {
		s, err := parseSide(one)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func parseSide(text string) (Side, error) {
	s := Side{}
	if text == "*" {
		return s, nil
	}
	if application, of, found := strings.Cut(text, "/"); found {
		if s.Application = application; of == "" {
			return s, nil
		}
		text = of
	}
	head, rest, _ := strings.Cut(text, ":")
	roles := strings.Split(head, "+")
	if slices.Contains(Roles, Role(roles[0])) {
		for _, r := range roles {
			if !slices.Contains(Roles, Role(r)) {
				return s, fmt.Errorf("%q is no role", r)
			}
			s.Role = append(s.Role, Role(r))
		}
		if rest == "" {
			return s, nil
		}
		head, rest, _ = strings.Cut(rest, ":")
	}
	switch Pick(head) {
	case "name":
		s.Name = rest
	case Leader, One, All:
		s.Pick = Pick(head)
	case Fixed, FixedPercent:
		n, err := strconv.Atoi(rest)
		if err != nil || n < 0 {
			return s, fmt.Errorf("%s needs a number, as in %s:2; found %q", head, head, rest)
		}
		s.Pick, s.Value = Pick(head), n
	case Hosting:
		s.Pick, s.Operator = Hosting, rest
		if operator, subtask, found := cutLast(rest, "-"); found && endsInNumber(rest) {
			s.Operator = operator
			if n, err := strconv.Atoi(subtask); err == nil {
				s.Subtask = &n
			}
		}
		if s.Operator == "" {
			return s, fmt.Errorf("hosting needs an operator, as in hosting:sink-0")
		}
	default:
		return s, fmt.Errorf("%q selects nothing: write a role, leader, one, all, fixed:2, fixed-percent:50, hosting:sink-0 or name:taskmanager-1", text)
	}
	return s, nil
}

// split cuts a line at spaces outside quotes.
func split(line string) ([]string, error) {
	var words []string
	for rest := strings.TrimLeft(line, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		n := 0
		for n < len(rest) && rest[n] != ' ' && rest[n] != '\t' {
			if rest[n] == '"' {
				quoted, err := strconv.QuotedPrefix(rest[n:])
				if err != nil {
					return nil, fmt.Errorf("a quote is not closed")
				}
				n += len(quoted)
				continue
			}
			n++
		}
		words, rest = append(words, rest[:n]), rest[n:]
	}
	return words, nil
}

func unquote(s string) (string, error) {
	if !strings.HasPrefix(s, `"`) {
		return s, nil
	}
	text, err := strconv.Unquote(s)
	if err != nil {
		return "", fmt.Errorf("%s is not a well-formed quoted text", s)
	}
	return text, nil
}
