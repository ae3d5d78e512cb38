package history

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
)

// An event that is not in the registry would be lost on the way through events.jsonl, so every type of this
// package that has a Kind must be there.
func TestNoEventTypeIsMissingFromTheRegistry(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("list the package's files: %v, %d files", err, len(files))
	}
	kinds := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range source.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Kind" {
				continue
			}
			kinds++
			if of := f.Recv.List[0].Type.(*ast.Ident).Name; byName[of] == nil {
				t.Errorf("%s: event %s is not in registry.go", name, of)
			}
		}
	}
	if kinds != len(events) {
		t.Errorf("%d types have a Kind, %d are in the registry", kinds, len(events))
	}
}

// Every event type comes back as it was, whatever its fields hold.
func TestEveryEventSurvivesTheFile(t *testing.T) {
	var all History
	r := rand.New(rand.NewPCG(7, 7))
	for i, e := range events {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		fill(v, r)
		all = append(all, Entry{N: i + 1, At: time.Duration(r.Int64N(1e12)), Process: "p", Actor: "p/a", Event: v.Interface().(Event)})
	}
	var file bytes.Buffer
	if err := Encode(&file, all); err != nil {
		t.Fatal(err)
	}
	back, err := Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(all, back) {
		t.Errorf("wrote %v\nread %v", all, back)
	}
}

// What is on the line is for people too: seconds, the kind, and the fields by name.
func TestALineReadsWell(t *testing.T) {
	var file bytes.Buffer
	err := Encode(&file, History{{N: 3, At: 92*time.Second + 400*time.Millisecond, Process: "jobmanager-0", Actor: "jobmanager-0/job",
		Event: JobStatus{Job: "j", Status: "RESTARTING", Cause: "lost <tm-1>"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"n":3,"at":"92.4s","process":"jobmanager-0","actor":"jobmanager-0/job","kind":"job.restarting","type":"JobStatus",` +
		`"event":{"Job":"j","Status":"RESTARTING","Cause":"lost <tm-1>"}}` + "\n"
	if file.String() != want {
		t.Errorf("got  %swant %s", file.String(), want)
	}
}

// The writer was killed in the middle of a line: what came before is still good. A broken line with an end
// is not a cut, but a damaged file.
func TestACutLastLineIsLeftOut(t *testing.T) {
	var file bytes.Buffer
	two := History{{N: 1, Event: ProcessStarted{Name: "a", Boot: 1}}, {N: 2, Event: ProcessStopped{Name: "a"}}}
	if err := Encode(&file, two); err != nil {
		t.Fatal(err)
	}
	whole := file.String()
	first := strings.Index(whole, "\n") + 1
	for cut := first; cut < len(whole)-1; cut++ {
		got, err := Decode(strings.NewReader(whole[:cut]))
		if err != nil || len(got) != 1 {
			t.Fatalf("cut at %d of %d: %d entries, %v", cut, len(whole), len(got), err)
		}
	}
	_, err := Decode(strings.NewReader(whole[:first+10] + "\n" + whole))
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a damaged second line: %v", err)
	}
	_, err = Decode(strings.NewReader(strings.Replace(whole, `"ProcessStarted"`, `"Newer"`, 1)))
	if err == nil || !strings.Contains(err.Error(), "Newer") {
		t.Errorf("an unknown type: %v", err)
	}
}

func TestOnlyKnownEventsAreWritten(t *testing.T) {
	if err := Encode(&bytes.Buffer{}, History{{N: 1}}); err == nil {
		t.Error("an entry without an event was written")
	}
	if err := Encode(&bytes.Buffer{}, History{{N: 1, Event: stranger{}}}); err == nil {
		t.Error("an event that is not in the registry was written")
	}
}

type stranger struct{}

func (stranger) Kind() string { return "stranger" }

// fill puts something into every field, lists included.
func fill(v reflect.Value, r *rand.Rand) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), r)
		fill(v.Index(1), r)
	case reflect.String:
		v.SetString(string(id.Fresh[id.Job](r))[:6] + " \"\n<é")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint64:
		v.SetUint(r.Uint64())
	default:
		v.SetInt(r.Int64N(1 << 14))
	}
}

// Whatever is in the file, reading it ends in entries or an error; and what was read is written and read
// again without change.
func FuzzDecode(f *testing.F) {
	seed, err := os.ReadFile(filepath.Join("testdata", "sample.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"at":"-2562047h47m16.854775808s","type":"Operation","event":{"Return":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		var file bytes.Buffer
		if err := Encode(&file, got); err != nil {
			t.Fatal(err)
		}
		again, err := Decode(&file)
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Fatalf("read %v\nthen %v, %v", got, again, err)
		}
	})
}
