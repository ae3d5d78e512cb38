package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzParse: whatever the bytes, there are mistakes at places of the file, or a scenario that comes back as it
// was written; never a panic, and never a mistake that is only found when the run begins.
func FuzzParse(f *testing.F) {
	shipped, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(shipped) == 0 {
		f.Fatalf("%d scenarios: %v", len(shipped), err)
	}
	for _, path := range shipped {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range stories {
		story, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(story.Files[0].Data)
	}
	base, err := os.ReadFile("../../scenarios/base/orders.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		t.Chdir(t.TempDir())
		write(t, "base/orders.yaml", base)
		write(t, "base.yaml", []byte(orders))
		write(t, "s.yaml", text)
		s := Load([]string{"s.yaml"}, Options{})
		for _, p := range s.Problems {
			file := p.Pos.File
			if file == nil || p.Pos.Line > len(file.Lines) || p.Pos.Line > 0 && p.Pos.Col < 1 {
				t.Errorf("a mistake at no place: %s", p)
			}
			if strings.Contains(p.Message, "the scenario cannot be read") {
				t.Errorf("a mistake without its own place: %s", p)
			}
		}
		if s.Problems.Errors() > 0 {
			return
		}
		for _, e := range s.Entries {
			if len(e.Cells) == 0 {
				t.Errorf("%s has no cells, and no mistakes", e.Name)
			}
			for _, c := range e.Cells[:min(len(e.Cells), 5)] {
				comesBack(t, c.Scenario)
			}
		}
	})
}
