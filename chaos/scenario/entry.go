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
	root := l.extended(doc, []string{filepath.Clean(path)}).clone()
	root.remove("extends")
	for i := range l.vars {
		l.apply(&l.vars[i], root)
	}
	dropEmpty(root)
	e := &Entry{File: path, tree: root}
	if name, _, found := root.at("metadata", "name"); found && name.form == scalar {
		e.Name = name.text
	}
	for _, part := range []string{"metadata", "pipeline"} {
		if root.get(part) == nil {
			l.report(Problem{Pos: root.pos, Message: fmt.Sprintf("the scenario has no %s, neither here nor in what it extends", part)})
		}
	}
	whole := root.clone()
	e.Scenario, _ = l.decode(whole, func(Problem) {})
	axes := l.axes(root)
	used := make([]int, len(e.Scenario.Verdicts)) // how many cells each verdict is for
	for _, c := range cells(root, axes) {
		normalise(c.tree, strict(), l.report)
		judged := c.tree.clone()
		s, ok := l.decode(judged, l.report)
		if !ok {
			continue
		}
		s.Metadata.Cell = c.Name
		s.setDefaults()
		r := rules{l: l, s: &s, tree: judged, cell: &c, axes: axes}
		r.check(used)
		c.Scenario = s
		e.Cells = append(e.Cells, c)
	}
	for i, n := range used {
		if n == 0 && i < len(e.Scenario.Verdicts) {
			_, pos, _ := root.at("verdicts", fmt.Sprint(i))
			l.report(Problem{Pos: pos, Warning: true, Message: "no cell of the matrix meets this verdict's if: it is never used"})
		}
	}
	l.suite.Entries = append(l.suite.Entries, e)
}

// apply sets a --var in a tree.
func (l *loader) apply(v *variable, root *Node) {
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
	normalise(root, strict(), l.report)
}

// decode holds a tree to the schema and fills a Scenario with what fits.
func (l *loader) decode(tree *Node, report func(Problem)) (Scenario, bool) {
	checkShape(tree, false, report)
	if path, _, found := tree.at("pipeline", "source", "records", "path"); found && path.form == scalar {
		if path.pos.File != nil && path.pos.File.Dir != "" && !filepath.IsAbs(path.text) {
			path.text = filepath.Join(path.pos.File.Dir, path.text)
			path.value = path.text
		}
	}
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
	in := &s.Pipeline.Source
	orDefault(&in.Name, "source")
	orDefault(&in.Connector, "kafka")
	orDefault(&in.Partitions, d.Job.Parallelism)
	orDefault(&in.RecordsPerSecond, 1000)
	if in.Records == nil {
		orDefault(&in.Keys, 100)
	}
	if s.Pipeline.Sink == nil {
		s.Pipeline.Sink = map[string]string{}
	}
	for key, value := range map[string]string{sinkName: "sink", sinkConnector: "kafka", sinkGuarantee: "at-least-once"} {
		if s.Pipeline.Sink[key] == "" {
			s.Pipeline.Sink[key] = value
		}
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
