package scenario

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// entry makes an Entry of one document: everything that it extends, the variables, the matrix.
func (l *loader) entry(doc *Node, path string) {
	soFar := l.problems.Errors()
	root, whole := l.extended(doc, nil)
	root = root.clone()
	root.remove("extends")
	pinned := map[string]*Node{}
	for i := range l.vars {
		l.apply(&l.vars[i], root, pinned)
	}
	dropEmpty(root)
	e := &Entry{File: path, tree: root}
	if name, _, found := root.at("metadata", "name"); found && name.form == scalar {
		e.Name = name.text
	}
	for _, part := range []string{"metadata", "pipeline"} {
		if root.get(part) == nil && whole {
			l.report(Problem{Pos: root.pos, Message: fmt.Sprintf("the scenario has no %s, neither here nor in what it extends", part)})
		}
	}
	e.Scenario, _ = l.decode(root.clone(), true, func(Problem) {})
	axes := l.axes(root, pinned)
	used := make([]int, len(e.Scenario.Verdicts)) // how many cells each verdict is for
	for _, c := range cells(root, axes) {
		shapely := l.problems.Errors()
		normalise(c.tree, strict(), l.report)
		judged := c.tree.clone()
		s, ok := l.decode(judged, !whole, l.report)
		if !ok || !whole { // what is not there would be complained about again and again
			continue
		}
		if c.Name != "" {
			s.Metadata.Cell = c.Name
		}
		s.setDefaults()
		r := rules{l: l, s: &s, tree: judged, cell: &c, axes: axes, pruned: l.problems.Errors() > shapely}
		r.check(used)
		if l.problems.Errors() == soFar {
			r.compiles()
		}
		s.Compare = nil // one cell has nothing to compare
		c.Scenario = s
		e.Cells = append(e.Cells, c)
	}
	for i, n := range used {
		if n == 0 && i < len(e.Scenario.Verdicts) && !aboutPinned(e.Scenario.Verdicts[i], root, pinned) {
			_, pos, _ := root.at("verdicts", fmt.Sprint(i))
			l.report(Problem{Pos: pos, Warning: true, Message: "no cell of the matrix meets this verdict's if: it is never used"})
		}
	}
	l.suite.Entries = append(l.suite.Entries, e)
}

// aboutPinned says whether a verdict is for cells by a value that a --var has taken the choice of.
func aboutPinned(v Verdict, root *Node, pinned map[string]*Node) bool {
	for key := range v.If {
		if steps, _, err := resolvePath(root, key); err == nil && pinned[joined(steps)] != nil {
			return true
		}
	}
	return false
}

// apply sets a --var in a tree. An axis of the matrix over the same path is pinned to the value.
func (l *loader) apply(v *variable, root *Node, pinned map[string]*Node) {
	if v.value == nil {
		return
	}
	steps, _, err := resolvePath(root, v.path)
	if err != nil {
		v.err = err
		return
	}
	v.used++
	setAt(root, steps, v.value.clone())
	pinned[joined(steps)] = v.value
	normalise(root, strict(), l.report)
}

// decode holds a tree to the schema and fills a Scenario with what fits. A part of a scenario may lack keys.
func (l *loader) decode(tree *Node, part bool, report func(Problem)) (Scenario, bool) {
	checkShape(tree, part, report)
	if path, _, found := tree.at("pipeline", "source", "records", "path"); found && path.form == scalar {
		if path.pos.File != nil && path.pos.File.Dir != "" && !filepath.IsAbs(path.text) {
			path.text = filepath.Join(path.pos.File.Dir, path.text)
			path.value = path.text
		}
	}
	l.moments(tree, report)
	s := Scenario{}
	raw, err := json.Marshal(tree.plain())
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		report(Problem{Pos: tree.pos, Message: fmt.Sprintf("the scenario cannot be read: %v", err)})
		return s, false
	}
	return s, true
}

// moments finds the spans of time that end before they begin, and leaves their beginning. What is left of a span
// that did not fit is taken away.
func (l *loader) moments(tree *Node, report func(Problem)) {
	faults := tree.get("faults")
	if faults == nil {
		return
	}
	for _, f := range faults.items {
		at := f.get("at")
		if at == nil || at.form != mapping {
			continue
		}
		between := at.get("between")
		if between == nil || len(between.items) != 2 {
			f.remove("at")
			continue
		}
		early, err1 := fault.ParseDuration(between.items[0].text)
		late, err2 := fault.ParseDuration(between.items[1].text)
		if err1 == nil && err2 == nil && late <= early {
			report(Problem{Pos: between.pos, Message: fmt.Sprintf("between %s and %s is no time: the earlier comes first", early, late)})
			f.set("at", f.keyPos("at"), between.items[0])
		}
	}
}

// setDefaults fills in what a scenario may leave out, so that what is run is all written down.
func (s *Scenario) setDefaults() {
	s.APIVersion, s.Kind, s.Matrix, s.Extends = APIVersion, KindScenario, nil, nil
	orDefault(&s.Duration, Duration(3*minute))
	if len(s.Backends) == 0 {
		s.Backends = []fault.Backend{fault.Sim}
	}
	d := &s.Deployment
	if d.Standbys != nil && d.JobManager.Replicas == 0 {
		d.JobManager.Replicas = *d.Standbys + 1
	}
	orDefault(&d.JobManager.Replicas, 1)
	orDefault(&d.TaskManager.Replicas, 1)
	orDefault(&d.Profile, "go-process")
	if d.Supervisor.Restart == nil {
		yes := true
		d.Supervisor.Restart = &yes
	}
	if *d.Supervisor.Restart {
		orDefault(&d.Supervisor.Delay, Duration(2*second))
	}
	if d.Job.Parallelism == 0 {
		d.Job.Parallelism = max(1, number(d.FlinkConfiguration["parallelism.default"], 1))
	}
	s.Pipeline.setDefaults()
	s.Pipeline.Source.setDefaults(d.Job.Parallelism)
	if s.Downstream != nil {
		s.Downstream.setDefaults(s)
	}
	if s.Drain == nil {
		s.Drain = &Drain{}
	}
	orDefault(&s.Drain.QuietFor, Duration(20*second))
	orDefault(&s.Drain.Max, Duration(5*minute))
	orDefault(&s.Safety.Revert, "always")
	if len(s.Invariants) == 0 {
		s.Invariants = []string{"exactlyOnce", "noCrash", "jobAlive"}
	}
	s.nameFaults()
	for i := range s.Faults {
		s.Faults[i] = s.Faults[i].WithDefaults()
	}
}

// nameFaults gives a name to each fault without one: its kind, numbered from the second on.
func (s *Scenario) nameFaults() {
	for i := range s.Faults {
		f := &s.Faults[i]
		for n := 1; f.Name == ""; n++ {
			name := f.Inject
			if n > 1 {
				name = fmt.Sprintf("%s-%d", f.Inject, n)
			}
			if !slices.ContainsFunc(s.Faults, func(o fault.Fault) bool { return o.Name == name }) {
				f.Name = name
			}
		}
	}
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
