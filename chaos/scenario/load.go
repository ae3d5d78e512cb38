package scenario

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// Options change what files say.
type Options struct {
	Vars    []string      // "pipeline.source.records.path=orders.jsonl": dotted path and value
	Backend fault.Backend // the backend that will run it; "" for the scenario's own choice
}

// Suite is all that was read from some files, with all that is wrong with them.
type Suite struct {
	Entries  []*Entry
	Problems Problems
}

// Entry is one scenario with the cells of its matrix. An entry with errors may have fewer cells than it should.
type Entry struct {
	Name     string
	File     string
	Scenario Scenario // before the matrix is applied
	Cells    []Cell
	tree     *Node
}

// Seeds are the seeds that the scenario asks for.
func (e *Entry) Seeds() []uint64 {
	switch {
	case e.Scenario.Seeds != nil:
		return e.Scenario.Seeds.All()
	case e.Scenario.Seed != nil:
		return []uint64{*e.Scenario.Seed}
	}
	return []uint64{1}
}

// Load reads scenario files, and folders of them, and everything that they extend. It never stops at the first
// mistake.
func Load(paths []string, opts Options) *Suite {
	l := loader{opts: opts, files: map[string][]*Node{}, records: map[Records]error{}}
	for _, v := range opts.Vars {
		l.vars = append(l.vars, l.readVar(v))
	}
	for _, path := range paths {
		l.path(path)
	}
	l.sameNames()
	for n, v := range l.vars {
		if v.used == 0 && v.err != nil {
			l.report(Problem{Pos: Pos{File: v.file, Line: 1, Col: 1}, Message: v.err.Error()})
			l.vars[n].used++
		}
	}
	l.suite.Problems = l.problems.tidy()
	return &l.suite
}

type loader struct {
	opts     Options
	vars     []variable
	files    map[string][]*Node // by path
	records  map[Records]error
	problems Problems
	suite    Suite
}

type variable struct {
	file  *File
	path  string
	value *Node
	used  int
	err   error
}

func (l *loader) report(p Problem) { l.problems = append(l.problems, p) }

func (l *loader) readVar(text string) variable {
	file := &File{Name: "--var", Lines: []string{text}}
	path, value, found := strings.Cut(text, "=")
	v := variable{file: file, path: strings.TrimSpace(path)}
	if !found || v.path == "" {
		v.err = fmt.Errorf("write --var path=value, for example --var duration=10m")
		return v
	}
	pos := Pos{file, 1, len([]rune(path)) + 2}
	v.value = textNode(value, pos)
	if docs, problems := parseYAML(file, value); len(problems) == 0 && len(docs) == 1 {
		v.value = docs[0]
		place := func(n *Node) { n.pos = pos }
		each(v.value, place)
	}
	return v
}

func each(n *Node, f func(*Node)) {
	f(n)
	for _, item := range n.items {
		each(item, f)
	}
	for i := range n.fields {
		n.fields[i].pos = n.pos
		each(n.fields[i].value, f)
	}
}

// path loads a file, or every YAML file under a folder.
func (l *loader) path(path string) {
	info, err := os.Stat(path)
	if err != nil {
		l.report(Problem{Pos: Pos{File: &File{Name: path}}, Message: cannotRead(err) + l.nearbyFile(path)})
		return
	}
	if !info.IsDir() {
		l.file(path, false)
		return
	}
	found := 0
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != path && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if ext := filepath.Ext(p); !d.IsDir() && (ext == ".yaml" || ext == ".yml") {
			found++
			l.file(p, true)
		}
		return nil
	})
	if err != nil {
		l.report(Problem{Pos: Pos{File: &File{Name: path}}, Message: cannotRead(err)})
	} else if found == 0 {
		l.report(Problem{Pos: Pos{File: &File{Name: path}}, Message: "the folder has no .yaml files"})
	}
}

func cannotRead(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Sprintf("the file cannot be read: %v", err)
}

// nearbyFile suggests a file of the same folder.
func (l *loader) nearbyFile(path string) string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return DidYouMean(filepath.Base(path), names)
}

// documents reads and normalises a file once.
func (l *loader) documents(path string) ([]*Node, error) {
	path = filepath.Clean(path)
	if docs, known := l.files[path]; known {
		return docs, nil
	}
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	file := &File{Name: path, Dir: filepath.Dir(path), Lines: strings.Split(text, "\n")}
	all, problems := parseYAML(file, text)
	if len(all) == 0 && len(problems) == 0 {
		problems = Problems{{Pos: Pos{File: file}, Message: "the file holds no scenario"}}
	}
	l.problems = append(l.problems, problems...)
	var docs []*Node
	for _, doc := range all {
		if doc.form != mapping {
			l.report(Problem{Pos: doc.pos, Message: "a scenario is a map of keys, such as metadata, deployment, faults"})
			continue
		}
		normalise(doc, strict(), l.report)
		docs = append(docs, doc)
	}
	l.files[path] = docs
	return docs, nil
}

// lineEnds makes the line ends of other systems those of YAML's own lines, so that places are right.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// readText reads a file as far as one byte above the bound, by which the parser sees that it is too big.
func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, fileBytesMax+1))
	return lineEnds.Replace(strings.TrimPrefix(string(raw), "\ufeff")), err
}

// file loads every scenario of a file. Later documents take over the header lines of the first.
func (l *loader) file(path string, fromFolder bool) {
	docs, err := l.documents(path)
	if err != nil {
		l.report(Problem{Pos: Pos{File: &File{Name: path}}, Message: cannotRead(err)})
		return
	}
	for i, doc := range docs {
		version := doc.get("apiVersion")
		if fromFolder && version != nil && !strings.HasPrefix(version.text, "chaos/") {
			continue // some other YAML that lives in the same folder
		}
		for _, header := range []string{"apiVersion", "kind", "extends"} {
			if first := docs[0].get(header); i > 0 && first != nil && doc.get(header) == nil {
				doc.set(header, docs[0].keyPos(header), first)
			}
		}
		if kind := doc.get("kind"); kind != nil && kind.text == KindBase {
			l.base(doc, kind, fromFolder)
			continue
		}
		l.entry(doc, path)
	}
}

// base checks the form of a file that is not a scenario by itself.
func (l *loader) base(doc, kind *Node, fromFolder bool) {
	merged, _ := l.extended(doc, nil)
	dropEmpty(merged)
	merged.remove("extends")
	checkShape(merged, true, l.report)
	if !fromFolder {
		l.report(Problem{Pos: kind.pos, Warning: true, Message: "this is a base for other scenarios to extend; there is nothing to run in it"})
	}
}

// sameNames complains about two scenarios with one name: their runs would land in one folder.
func (l *loader) sameNames() {
	seen := map[string]*Entry{}
	for _, e := range l.suite.Entries {
		if first := seen[e.Name]; first != nil && e.Name != "" {
			_, pos, _ := e.tree.at("metadata", "name")
			l.report(Problem{Pos: pos, Message: fmt.Sprintf("%s has a scenario called %q too; give one of them another name", first.File, e.Name)})
			continue
		}
		seen[e.Name] = e
	}
}
