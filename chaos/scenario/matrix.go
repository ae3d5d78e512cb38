package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// Setting is one value of a cell.
type Setting struct {
	Path  string
	Value string
}

// Cell is one combination of the matrix, ready to run.
type Cell struct {
	Name     string // "interval=5 s,enabled=true"; "" without a matrix
	Settings []Setting
	Scenario Scenario
	tree     *Node
}

// Bounds on a matrix: every cell is a copy of the whole scenario.
const (
	cellsMax     = 10_000
	cellNodesMax = 5_000_000
)

// axis is one line of the matrix.
type axis struct {
	path   string
	short  string // the end of the path that tells it from the others
	steps  []string
	values []*Node
}

// axes reads the matrix of a merged tree. Of an axis that is pinned, only that value is left.
func (l *loader) axes(root *Node, pinned map[string]*Node) []axis {
	m := root.get("matrix")
	if m == nil || m.form != mapping {
		return nil
	}
	var all []axis
	cells := 1
	for _, f := range m.fields {
		steps, _, err := resolvePath(root, f.key)
		if err != nil {
			l.report(Problem{Pos: f.pos, Message: err.Error()})
			continue
		}
		if f.value.form != list || len(f.value.items) == 0 {
			l.report(Problem{Pos: f.value.pos, Message: fmt.Sprintf("%s needs a list of values to try", f.key)})
			continue
		}
		values := f.value.items
		if only := pinned[joined(steps)]; only != nil {
			values = []*Node{only}
		}
		all = append(all, axis{path: f.key, steps: steps, values: values})
		if cells *= len(values); cells > cellsMax || cells*size(root) > cellNodesMax {
			l.report(Problem{Pos: f.pos, Message: fmt.Sprintf("the matrix has too many cells: at most %d, fewer of a long scenario; try fewer values", cellsMax)})
			return nil
		}
	}
	for i := range all {
		all[i].short = shortest(all, i)
	}
	return all
}

// shortest is the end of a path that no other axis has.
func shortest(all []axis, i int) string {
	segments := strings.Split(all[i].path, ".")
	for n := len(segments) - 1; n > 0; n-- {
		end := strings.Join(segments[n:], ".")
		if slices.Contains([]string{"ms", "enable", "enabled", "type"}, end) { // says nothing by itself
			continue
		}
		unique := !slices.ContainsFunc(all, func(a axis) bool {
			return a.path != all[i].path && strings.HasSuffix(a.path, "."+end)
		})
		if unique {
			return end
		}
	}
	return all[i].path
}

// cells returns a tree for every combination, the last axis fastest.
func cells(root *Node, axes []axis) []Cell {
	total := 1
	for _, a := range axes {
		total *= len(a.values)
	}
	out := make([]Cell, 0, total)
	for n := range total {
		c := Cell{tree: root.clone()}
		rest := n
		chosen := make([]int, len(axes))
		for i := len(axes) - 1; i >= 0; i-- {
			chosen[i] = rest % len(axes[i].values)
			rest /= len(axes[i].values)
		}
		var names []string
		for i, a := range axes {
			value := a.values[chosen[i]].clone()
			text := value.inline()
			setAt(c.tree, a.steps, value)
			c.Settings = append(c.Settings, Setting{a.path, text})
			names = append(names, a.short+"="+text)
		}
		c.Name = strings.Join(names, ",")
		c.tree.remove("matrix")
		out = append(out, c)
	}
	return out
}
