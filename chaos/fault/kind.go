package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Lasting says what "for" means to a kind of fault.
type Lasting string

// The kinds of lasting.
const (
	AtOnce    Lasting = "at once"   // it happens and is over: "for" is refused
	Optional  Lasting = "optional"  // without "for" it lasts until the drain
	Necessary Lasting = "necessary" // "for" must be there
)

// ParamType is what a parameter's text must look like.
type ParamType string

// The parameter types.
const (
	Text    ParamType = "text"
	Choice  ParamType = "choice"
	Choices ParamType = "choices" // separated by commas
	Span    ParamType = "duration"
	Percent ParamType = "percent"
	Number  ParamType = "number"
)

// Param is one parameter of a kind, given under "with".
type Param struct {
	Name    string
	Type    ParamType
	Default string
	Example string   // where the default changes nothing
	Of      []string // for choices
	Least   float64  // for numbers
	Signed  bool     // for spans: it may be negative
	Doc     string
}

// Kind is one word of the vocabulary.
type Kind struct {
	Name     string // "jobmanager.kill"
	Summary  string // one line
	Long     string // what it does, why one would want it
	Params   []Param
	Roles    []Role // which roles it can be aimed at
	Default  Aim    // where it goes when the scenario does not say
	Network  bool   // it acts on links, not on processes
	Backends []Backend
	Only     map[Backend][]Role // on some, it can be aimed at fewer
	Lasts    Lasting
	Undo     string // how it ends
}

// Kinds returns the vocabulary in its order.
func Kinds() []Kind { return kinds }

// Names returns the names of all kinds.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return names
}

// Lookup finds a kind by name.
func Lookup(name string) (Kind, bool) {
	for _, k := range kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// On says whether a backend can do it.
func (k Kind) On(b Backend) bool { return slices.Contains(k.Backends, b) }

// RolesOn are those that it can be aimed at on a backend.
func (k Kind) RolesOn(b Backend) []Role {
	if only, fewer := k.Only[b]; fewer {
		return only
	}
	return k.Roles
}

// Param finds a parameter by name.
func (k Kind) Param(name string) (Param, bool) {
	for _, p := range k.Params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// Check says what is wrong with a value of the parameter, in one sentence.
func (p Param) Check(value string) error {
	switch p.Type {
	case Choice:
		if !slices.Contains(p.Of, value) {
			return fmt.Errorf("%s cannot be %q: choose one of %s", p.Name, value, strings.Join(p.Of, ", "))
		}
	case Choices:
		for _, one := range strings.Split(value, ",") {
			if !slices.Contains(p.Of, one) {
				return fmt.Errorf("%s cannot contain %q: choose from %s", p.Name, one, strings.Join(p.Of, ", "))
			}
		}
	case Span:
		span := value
		if p.Signed {
			span = strings.TrimPrefix(value, "-")
		}
		if _, err := ParseDuration(span); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	case Percent:
		if n, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64); err != nil || !(n >= 0 && n <= 100) {
			return fmt.Errorf("%s is %q, which is not a percentage from 0 to 100", p.Name, value)
		}
	case Number:
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= p.Least && n <= 1e12) {
			return fmt.Errorf("%s is %q, which is not a number of %v or more", p.Name, value, p.Least)
		}
	}
	return nil
}
