package scenario

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/flinch-dev/flinch/chaos/fault"
)

var rewrite = flag.Bool("rewrite", false, "write the answers in testdata anew")

// orders is a scenario that is whole: the stories in testdata extend it and change one thing.
const orders = `apiVersion: chaos/v1alpha1
kind: Base
backends: [sim]
duration: 1m
deployment:
  taskManager: {replicas: 2}
  job: {parallelism: 2}
  flinkConfiguration: {taskmanager.numberOfTaskSlots: 1, execution.checkpointing.interval: 5 s, execution.checkpointing.timeout: 10 s}
pipeline:
  source: {topic: orders, partitions: 2, records-per-second: 100}
  operators: [{name: sum, kind: keyed-sum}]
  sink: {topic: sums}
`

// Every story is a scenario with mistakes, what Flinch says of them, and why the case exists.
func TestMistakes(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatalf("%d stories: %v", len(stories), err)
	}
	for _, path := range stories {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			story, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want *txtar.File
			folder(t, "base.yaml", orders)
			for i, f := range story.Files {
				if f.Name == "said" {
					want = &story.Files[i]
					continue
				}
				write(t, f.Name, f.Data)
			}
			got := []byte(Load([]string{story.Files[0].Name}, Options{}).Problems.String())
			if *rewrite {
				want.Data = got
				write(t, path, txtar.Format(story))
			}
			if !bytes.Equal(got, want.Data) {
				t.Errorf("-- said --\n%s-- was to say --\n%s", got, want.Data)
			}
		})
	}
}

// What a text editor of another system, or no text editor at all, has made of a file.
func TestFilesThatAreNoPlainText(t *testing.T) {
	for name, c := range map[string]struct{ text, said string }{
		"nothing":            {"", "s.yaml: the file holds no scenario\n"},
		"only comments":      {"\n# to do\n---\n---\n", "s.yaml: the file holds no scenario\n"},
		"a byte order mark":  {"\ufeffduration: 3\nkind: Base\n", "s.yaml:1:11: duration is 3 without a unit: write for example \"3s\"\n   1 | duration: 3\n     |           ^\n"},
		"CRLF":               {"kind: Base\r\nduration: 3\r\n", "s.yaml:2:11: duration is 3 without a unit: write for example \"3s\"\n   2 | duration: 3\n     |           ^\n"},
		"CR":                 {"kind: Base\rduration: 3\r", "s.yaml:2:11: duration is 3 without a unit: write for example \"3s\"\n   2 | duration: 3\n     |           ^\n"},
		"Latin-1":            {"kind: Base\ndescription: \"caf\xe9\"\n", "s.yaml:2:18: byte 0xe9 is not UTF-8: save the file in the encoding UTF-8\n   2 | description: \"caf\ufffd\"\n     |                  ^\n"},
		"UTF-16":             {"\xff\xfek\x00", "s.yaml:1:1: byte 0xff is not UTF-8: save the file in the encoding UTF-8\n   1 | \ufffd\ufffdk\ufffd\n     | ^\n"},
		"a terminal's codes": {"kind: Base\nkey\x1b[31m: 1\n", "s.yaml:2:4: the control character 0x1b does not belong into a scenario: take it out\n   2 | key\ufffd[31m: 1\n     |    ^\n"},
		"a tab":              {"metadata:\n\tname: x\n", "s.yaml:2:1: this is not YAML: found character '\t' that cannot start any token\n   2 | \tname: x\n     | ^\n"},
		"wide characters":    {"kind: Base\ndescription: {订单: 1}\n", "s.yaml:2:14: description must be text, not a map\n   2 | description: {订单: 1}\n     |              ^\n"},
		"after wide ones":    {"pipeline: {source: {topic: 订单, x: 1}}\nkind: Base\n", "s.yaml:1:32: unknown key \"x\": here may stand name, connector, topic, path, partitions, records-per-second, keys, out-of-orderness, records, properties.isolation.level, properties.group.id, producer\n   1 | pipeline: {source: {topic: 订单, x: 1}}\n     |                                  ^\n"},
		"a megabyte":         {strings.Repeat("#", fileBytesMax+1), "s.yaml: the file is too big: a scenario has at most 1048576 bytes\n"},
		"brackets":           {strings.Repeat("[", 5000), "s.yaml: brackets are nested 5000 deep; at most 100 are read\n"},
	} {
		t.Run(name, func(t *testing.T) {
			folder(t, "s.yaml", c.text)
			problems := Load([]string{"s.yaml"}, Options{}).Problems
			errors := Problems{}
			for _, p := range problems {
				if !p.Warning {
					errors = append(errors, p)
				}
			}
			if got := errors.String(); got != c.said {
				t.Errorf("said\n%s\nwas to say\n%s", got, c.said)
			}
		})
	}
}

// An alias of aliases unfolds to a billion values: it ends in a sentence, not in the machine's memory.
func TestABillionLaughs(t *testing.T) {
	var b strings.Builder
	b.WriteString("a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n")
	for i := 1; i < 9; i++ {
		ref := "*a" + string(rune('0'+i-1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(ref+", ", 9) + ref + "]\n")
	}
	folder(t, "s.yaml", b.String())
	if said := Load([]string{"s.yaml"}, Options{}).Problems.String(); !strings.Contains(said, "aliases unfold to more than 100000 values") {
		t.Error(said)
	}
}

// A value of the command line goes before the file's, and pins an axis of the matrix: so that the command that
// a report prints for one cell runs that cell and no other.
func TestAVarPinsAnAxisOfTheMatrix(t *testing.T) {
	folder(t, "s.yaml", `extends: [base.yaml]
metadata: {name: m}
matrix: {deployment.taskManager.replicas: [2, 3], pipeline.source.topic: [a, b]}
compare: {x: taskManager.replicas, y: [throughput]}
verdicts: [{if: {deployment.taskManager.replicas: 3}, expect: pass}, {if: {deployment.taskManager.replicas: 2}, expect: pass}]
`)
	write(t, "base.yaml", []byte(orders))
	s := Load([]string{"s.yaml"}, Options{Vars: []string{"deployment.taskManager.replicas=3", "pipeline.source.topic=c"}})
	if s.Problems.Errors() > 0 {
		t.Fatal(s.Problems)
	}
	cells := s.Entries[0].Cells
	if len(cells) != 1 || cells[0].Name != "taskManager.replicas=3,topic=c" && cells[0].Name != "replicas=3,topic=c" {
		t.Fatalf("%d cells, the first is %q", len(cells), cells[0].Name)
	}
	if d := cells[0].Scenario; d.Deployment.TaskManager.Replicas != 3 || d.Pipeline.Source.Topic != "c" {
		t.Errorf("it has %d TaskManagers and the topic %s", d.Deployment.TaskManager.Replicas, d.Pipeline.Source.Topic)
	}
}

// A cell is named by as much of each key as says something.
func TestNamesOfCells(t *testing.T) {
	folder(t, "s.yaml", `extends: [base.yaml]
metadata: {name: m}
matrix: {pipeline.broker.transaction.partition.verification.enable: [false], deployment.job.parallelism: [2]}
`)
	write(t, "base.yaml", []byte(orders))
	s := Load([]string{"s.yaml"}, Options{})
	if s.Problems.Errors() > 0 {
		t.Fatal(s.Problems)
	}
	if got, want := s.Entries[0].Cells[0].Name, "verification.enable=false,parallelism=2"; got != want {
		t.Errorf("the cell is called %s, not %s", got, want)
	}
}

// A base is looked for beside the file that names it, unless it is named whole.
func TestABaseNamedWhole(t *testing.T) {
	base := filepath.Join(t.TempDir(), "base.yaml")
	write(t, base, []byte(orders))
	folder(t, "s.yaml", "extends: ['"+base+"']\nmetadata: {name: v}\n")
	if p := Load([]string{"s.yaml"}, Options{}).Problems; p.Errors() > 0 {
		t.Error(p)
	}
}

func TestVarsThatSayNothing(t *testing.T) {
	for text, said := range map[string]string{
		"duration":       "--var:1:1: write --var path=value, for example --var duration=10m",
		"=1":             "--var:1:1: write --var path=value",
		"durration=1m":   `--var:1:1: path durration leads nowhere: "durration" is not known there — did you mean "duration"?`,
		"duration=soon":  `--var:1:10: duration: "soon" is not a duration`,
		"pipeline..x=1":  `--var:1:1: "pipeline..x" is not a path of keys`,
		"faults.x.at=1s": `--var:1:1: path faults.x.at leads nowhere`,
	} {
		folder(t, "s.yaml", "extends: [base.yaml]\nmetadata: {name: v}\n")
		write(t, "base.yaml", []byte(orders))
		if got := Load([]string{"s.yaml"}, Options{Vars: []string{text}}).Problems.String(); !strings.HasPrefix(got, said) {
			t.Errorf("--var %s\nsaid       %s\nwas to say %s", text, got, said)
		}
	}
}

// What describe shows can be pasted.
func TestEveryExampleOfAFaultIsValid(t *testing.T) {
	for _, k := range fault.Kinds() {
		example, err := Example(k)
		if err != nil {
			t.Fatal(err)
		}
		folder(t, "s.yaml", "extends: [base.yaml]\nmetadata: {name: example}\n"+example)
		write(t, "base.yaml", []byte(orders))
		if s := Load([]string{"s.yaml"}, Options{}); s.Problems.Errors() > 0 {
			t.Errorf("%s:\n%s\n%s", k.Name, example, s.Problems)
		}
	}
}

// The shipped scenarios have no mistakes, and what a run keeps of one is that scenario again.
func TestShippedScenariosComeBackAsTheyWere(t *testing.T) {
	shipped := Load([]string{"../../scenarios"}, Options{})
	if shipped.Problems.Errors() > 0 {
		t.Fatal(shipped.Problems)
	}
	for _, e := range shipped.Entries {
		for _, c := range e.Cells {
			comesBack(t, c.Scenario)
		}
	}
}

// comesBack writes a scenario and reads it again.
func comesBack(t *testing.T, s Scenario) {
	t.Helper()
	written, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "scenario.resolved.yaml")
	write(t, path, written)
	again := Load([]string{path}, Options{})
	if again.Problems.Errors() > 0 || len(again.Entries) != 1 || len(again.Entries[0].Cells) != 1 {
		t.Fatalf("%s\n%s", written, again.Problems)
	}
	rewritten, err := again.Entries[0].Cells[0].Scenario.YAML()
	if err != nil || !bytes.Equal(rewritten, written) {
		t.Errorf("it came back as another one (%v):\n%s\nit was\n%s", err, rewritten, written)
	}
}

// folder goes into an empty folder with one file.
func folder(t *testing.T, name, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, name, []byte(text))
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
