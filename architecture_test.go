package flinch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "github.com/flinch-dev/flinch/"

// The arrows of ARCHITECTURE.md point down only: what each folder may not depend on, directly or not.
var forbidden = map[string][]string{
	"runtime": {"sim", "chaos", "checker", "reports", "scenarios", "cmd"},
	"sim":     {"chaos", "checker", "reports", "scenarios", "cmd"},
	"checker": {"sim", "chaos", "reports", "scenarios", "cmd", "runtime/live"},
	"reports": {"sim", "chaos", "scenarios", "cmd", "runtime/live"},
	"chaos":   {"reports", "scenarios", "cmd"},
}

func TestArchitectureArrowsPointDown(t *testing.T) {
	for from, never := range forbidden {
		out, err := exec.Command("go", "list", "-deps", "./"+from+"/...").Output()
		if err != nil {
			t.Fatalf("list what %s depends on: %v", from, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			for _, folder := range never {
				if in := module + folder; dep == in || strings.HasPrefix(dep, in+"/") {
					t.Errorf("%s depends on %s: that arrow points up", from, strings.TrimPrefix(dep, module))
				}
			}
		}
	}
}

// banned is what is not deterministic, by package and name; "" is all of a package.
var banned = map[string][]string{
	"time":         {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
	"math/rand":    {""},
	"math/rand/v2": {"Int", "IntN", "Int64", "Int64N", "Uint32", "Uint64", "Float64", "Perm", "Shuffle", "N"},
	"hash/maphash": {""},
	"sync":         {""},
	"sync/atomic":  {""},
	"os":           {""},
	"net":          {""},
	"context":      {""},
	"runtime":      {""},
	"weak":         {""},
}

// In sim and runtime, outside of runtime/live, the same seed must give the same run: no goroutine, channel,
// select, lock, clock or global chance.
func TestArchitectureTheCoreIsDeterministic(t *testing.T) {
	for _, root := range []string{"runtime", "sim"} {
		files, err := filepath.Glob(root + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		deeper, err := filepath.Glob(root + "/*/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range append(files, deeper...) {
			if !strings.HasSuffix(file, "_test.go") && !strings.HasPrefix(file, "runtime/live/") && !strings.Contains(file, "test/") {
				checkDeterministic(t, file)
			}
		}
	}
}

func checkDeterministic(t *testing.T, file string) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	at := func(n ast.Node) token.Position { return set.Position(n.Pos()) }
	imports := map[string]string{}
	for _, i := range f.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		name := filepath.Base(path)
		if name == "v2" {
			name = filepath.Base(filepath.Dir(path))
		}
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = path
		if names := banned[path]; len(names) == 1 && names[0] == "" {
			t.Errorf("%s: the core does not import %s", at(i), path)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%s: the core starts no goroutine", at(n))
		case *ast.SelectStmt, *ast.ChanType, *ast.SendStmt:
			t.Errorf("%s: the core uses no channel", at(n))
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				for _, name := range banned[imports[x.Name]] {
					if name == n.Sel.Name {
						t.Errorf("%s: the core does not use %s.%s", at(n), x.Name, name)
					}
				}
			}
		}
		return true
	})
}

// real is who may start goroutines and open sockets.
var real = []string{"runtime/live", "chaos/process", "cmd"}

// Real time is kept to a few packages, and the production driver to those who start processes.
func TestArchitectureRealTimeHasItsPlaces(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedImports}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range loaded {
		at := strings.TrimPrefix(p.PkgPath, module)
		if within(at, real) || strings.HasSuffix(at, "test") {
			continue
		}
		for path := range p.Imports {
			if path == "net" || path == "net/http" || strings.HasPrefix(path, module+"runtime/live") {
				t.Errorf("%s imports %s: only %v may", at, path, real)
			}
		}
		for _, f := range p.Syntax {
			ast.Inspect(f, func(n ast.Node) bool {
				if startsGoroutine(n) {
					where := p.Fset.Position(n.Pos())
					t.Errorf("%s:%d starts a goroutine: only %v may", rel(where.Filename), where.Line, real)
				}
				return true
			})
		}
	}
}

// startsGoroutine sees a go statement, and the method Go of a WaitGroup or of an errgroup.
func startsGoroutine(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr:
		s, ok := n.Fun.(*ast.SelectorExpr)
		return ok && s.Sel.Name == "Go"
	}
	return false
}

func within(path string, folders []string) bool {
	for _, f := range folders {
		if path == f || strings.HasPrefix(path, f+"/") {
			return true
		}
	}
	return false
}

// A loop over a map comes in another order each time. Where that cannot get out, a comment that says "in any
// order" stands on the loop or above it, and why.
func TestArchitectureMapOrderDoesNotGetOut(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports}, "./runtime/...", "./sim/...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range loaded {
		if strings.HasPrefix(p.PkgPath, module+"runtime/live") || strings.HasSuffix(p.PkgPath, "test") {
			continue
		}
		for _, f := range p.Syntax {
			excused := map[int]bool{}
			for _, group := range f.Comments {
				if strings.Contains(group.Text(), "in any order") {
					excused[p.Fset.Position(group.End()).Line] = true
					excused[p.Fset.Position(group.End()).Line+1] = true
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				loop, ok := n.(*ast.RangeStmt)
				if !ok || !overMap(p.TypesInfo, loop.X) {
					return true
				}
				if at := p.Fset.Position(loop.Pos()); !excused[at.Line] {
					t.Errorf("%s:%d: a loop over a map; sort its keys, or say why it may be done in any order", rel(at.Filename), at.Line)
				}
				return true
			})
		}
	}
}

// overMap says whether a loop is over a map, or over maps.Keys, maps.Values or maps.All of one.
func overMap(info *types.Info, x ast.Expr) bool {
	if call, ok := x.(*ast.CallExpr); ok {
		if s, ok := call.Fun.(*ast.SelectorExpr); ok {
			if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "maps" {
				return true
			}
		}
	}
	if t := info.TypeOf(x); t != nil {
		_, is := t.Underlying().(*types.Map)
		return is
	}
	return false
}

func rel(file string) string {
	if here, err := filepath.Abs("."); err == nil {
		if r, err := filepath.Rel(here, file); err == nil {
			return r
		}
	}
	return file
}
