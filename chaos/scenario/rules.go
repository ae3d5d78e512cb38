package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/checker/measure"
)

const (
	second = time.Second
	minute = time.Minute
)

// rules finds what a schema cannot say, in one cell.
type rules struct {
	l    *loader
	s    *Scenario
	tree *Node
	cell *Cell
	axes []axis

	pruned bool // what did not fit is taken out, so that some numbers mean nothing
}

func (r *rules) report(warning bool, path []string, format string, args ...any) {
	_, pos, _ := r.tree.at(path...)
	r.l.report(Problem{Pos: pos, Message: fmt.Sprintf(format, args...), Warning: warning})
}

func (r *rules) fail(path []string, format string, args ...any) {
	r.report(false, path, format, args...)
}
func (r *rules) warn(path []string, format string, args ...any) {
	r.report(true, path, format, args...)
}

// failKey reports at a key instead of at its value.
func (r *rules) failKey(path []string, key, format string, args ...any) {
	parent, pos, whole := r.tree.at(path...)
	if whole && parent.form == mapping {
		pos = parent.keyPos(key)
	}
	r.l.report(Problem{Pos: pos, Message: fmt.Sprintf(format, args...)})
}

// written says whether a key stands in the file, even if its value did not fit and was taken out.
func (r *rules) written(path []string, key string) bool {
	n, _, whole := r.cell.tree.at(path...)
	return whole && n.get(key) != nil
}

func (r *rules) check(used []int) {
	r.verdicts(used)
	r.deployment()
	r.pipeline()
	r.downstream()
	r.faults()
	r.limits()
	r.expectations()
	r.compare()
	r.lint()
	if b := r.l.opts.Backend; b != "" && !slices.Contains(r.s.Backends, b) {
		r.fail([]string{"backends"}, "the scenario may not run on %s: backends lists %s only", b, join(r.s.Backends))
	}
}

// verdicts keeps the one that is for this cell.
func (r *rules) verdicts(used []int) {
	var mine []Verdict
	for i, v := range r.s.Verdicts {
		path := []string{"verdicts", strconv.Itoa(i)}
		if v.Expect == "pass" && (v.Invariant != "" || v.Anomaly != "") {
			r.fail(path, "a cell that is expected to pass breaks nothing: take invariant and anomaly away, or expect violates")
		}
		if v.Invariant != "" && !slices.Contains(r.s.Invariants, v.Invariant) {
			r.fail(append(path, "invariant"), "%s is not among the invariants of this scenario, so nobody looks at it; add it there", v.Invariant)
		}
		if r.meets(v, path) {
			v.If = nil
			mine = append(mine, v)
			if i < len(used) {
				used[i]++
			}
		}
	}
	r.s.Verdicts = mine
	if len(mine) > 1 {
		mine[0].If, r.s.Verdicts = nil, mine[:1]
	}
}

// meets says whether the cell has the values that the verdict is for.
func (r *rules) meets(v Verdict, path []string) bool {
	all := true
	for _, key := range slices.Sorted(maps.Keys(v.If)) {
		steps, _, err := resolvePath(r.cell.tree, key)
		if err != nil {
			r.failKey(append(path, "if"), key, "%v", err)
			all = false
			continue
		}
		n, _, found := r.cell.tree.at(steps...)
		text, _ := n.flat()
		all = all && found && text == v.If[key]
	}
	return all
}

func (r *rules) limits() {
	check := func(path []string, all map[string]Limit) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			limit := all[name]
			at := append(slices.Clone(path), name)
			if limit.Max == nil && limit.Min == nil {
				r.fail(at, "%s has no limit: give it max or min", name)
			}
			for bound, amount := range map[string]*Amount{"max": limit.Max, "min": limit.Min} {
				switch {
				case amount == nil:
				case isDuration(name) && !amount.Span && amount.Value != 0:
					r.fail(append(at, bound), "%s is a time: write a unit, for example \"%ss\"", name, amount)
				case !isDuration(name) && amount.Span:
					r.fail(append(at, bound), "%s is a number, not a time: %s has a unit", name, amount)
				}
			}
			if limit.Max != nil && limit.Min != nil && limit.Max.Value < limit.Min.Value {
				r.fail(at, "%s cannot be at most %s and at least %s", name, limit.Max, limit.Min)
			}
		}
	}
	check([]string{"slo"}, r.s.SLO)
	check([]string{"stopWhen"}, r.s.StopWhen)
	if r.s.SteadyState != nil {
		check([]string{"steadyState", "require"}, r.s.SteadyState.Require)
	}
}

func (r *rules) expectations() {
	for i, m := range r.s.MustHappen {
		path := []string{"mustHappen", strconv.Itoa(i)}
		r.faultName(append(path, "after"), m.After)
		r.faultName(append(path, "fault"), m.Fault)
		r.application(append(path, "application"), m.Application)
		r.operatorName(append(path, "operator"), m.Application, m.Operator)
	}
}

// faultName complains about a name that no fault has.
func (r *rules) faultName(path []string, name string) {
	if name == "" {
		return
	}
	var names []string
	for _, f := range r.s.Faults {
		names = append(names, f.Name)
	}
	if !slices.Contains(names, name) {
		r.fail(path, "no fault is called %q%s", name, hintOrList(name, names))
	}
}

// operatorName complains about a name that no operator of an application has.
func (r *rules) operatorName(path []string, application, name string) {
	of := r.of(application)
	if name == "" || of.Pipeline.Source.Name == "" || !r.hasApplication(application) {
		return
	}
	names := of.operators()
	if !slices.Contains(names, name) {
		r.fail(path, "no operator is called %q%s", name, hintOrList(name, names))
	}
}

func (s *Scenario) operators() []string {
	names := []string{s.Pipeline.Source.Name}
	for _, o := range s.Pipeline.Operators {
		names = append(names, o.Name)
	}
	return append(names, s.Pipeline.Sink[sinkName])
}

func (r *rules) compare() {
	c := r.s.Compare
	if c == nil {
		return
	}
	var paths []string
	for _, a := range r.axes {
		paths = append(paths, a.path)
	}
	if !slices.ContainsFunc(paths, func(p string) bool { return p == c.X || strings.HasSuffix(p, "."+c.X) }) {
		r.fail([]string{"compare", "x"}, "%s is not a path of the matrix, which has %s", c.X, several(paths))
	}
	for i, y := range c.Y {
		if !canCompare(y) {
			r.fail([]string{"compare", "y", strconv.Itoa(i)}, "unknown metric %q%s", y, hintOrList(y, measure.Names))
		}
	}
}

func join[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

// backendsOf are the backends that the run may take place on.
func (r *rules) backendsOf() []fault.Backend {
	if b := r.l.opts.Backend; b != "" {
		return []fault.Backend{b}
	}
	return r.s.Backends
}
