package fault

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLines(t *testing.T) {
	for _, line := range []string{
		"jobmanager.kill @30s",
		"taskmanager.kill @checkpoint.completed#4+45s target=hosting:sink-0",
		"cluster.pause @checkpoint.completed#4 for 1m11s",
		"taskmanager.kill @1m..2m every 30s target=taskmanager:fixed-percent:50 name=random",
		"taskmanager.kill @snapshot.taken[operator=sum,subtask=0,checkpoint=5]#2/3 target=hosting:sink-2-*",
		"network.partition @1m for 1m30s target=taskmanager:one<->jobmanager:all,kafka",
		"network.partition @fault.started[fault=s3,after=x]+200ms target=leader->*",
		`objectstore.outage @1m for 3m mode=timeout operations=PUT,GET prefix="a b; c"`,
	} {
		f, err := Parse(line)
		if err != nil {
			t.Error(err)
		} else if f.String() != line {
			t.Errorf("%q comes back as %q", line, f)
		}
	}
}

func TestBadLines(t *testing.T) {
	for line, want := range map[string]string{
		"":                                "the line is empty",
		"jobmanger.kill @3s":              `"jobmanger.kill" is no kind of fault`,
		"jobmanager.kill @3":              `"3" has no unit`,
		"jobmanager.kill @":               "an empty text is not a duration",
		"jobmanager.kill for":             `"for" stands at the end`,
		"jobmanager.kill @9s..3s":         "ends before it begins",
		"jobmanager.kill @chekpoint":      `"chekpoint" is no event`,
		"jobmanager.kill @job.running#0":  `"0" is not a number of 1 or more`,
		"jobmanager.kill @job.running[a":  "lacks the closing bracket",
		"jobmanager.kill target=hosting:": "hosting needs an operator",
		"jobmanager.kill target=someone":  "selects nothing",
		"jobmanager.kill speed=3":         `no parameter "speed"`,
		"jobmanager.kill now":             "neither a trigger",
		`jobmanager.kill name="a`:         "a quote is not closed",
	} {
		if _, err := Parse(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", line, err, want)
		}
	}
}

// Any fault that a scenario can hold survives being printed and read.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := draw(t)
		back, err := Parse(f.String())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, f) {
			t.Fatalf("%s\nwas  %+v\nis   %+v", f, f, back)
		}
	})
}

func draw(t *rapid.T) Fault {
	name := rapid.StringMatching(`[a-z][a-z0-9.-]{0,6}`)
	span := rapid.Map(rapid.Int64Range(1, 1e7), func(ms int64) Duration { return Duration(ms * 1e6) })
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	kind := rapid.SampledFrom(Kinds()).Draw(t, "kind")
	f := Fault{Inject: kind.Name}
	if maybe("at") {
		f.At = &Moment{At: span.Draw(t, "at")}
		if maybe("between") {
			f.At.Until = f.At.At + span.Draw(t, "until")
		}
	} else {
		w := &When{Event: rapid.SampledFrom(Events).Draw(t, "event"), Nth: rapid.IntRange(0, 9).Draw(t, "nth")}
		if maybe("conditions") {
			n := rapid.IntRange(0, 9).Draw(t, "subtask")
			w.Operator, w.Subtask, w.Checkpoint = name.Draw(t, "operator"), &n, uint64(n)
			w.After, w.Fault, w.Every = name.Draw(t, "after"), name.Draw(t, "fault"), n
			w.Application = name.Draw(t, "application")
		}
		if maybe("plus") {
			w.Plus = span.Draw(t, "plus")
		}
		f.When = w
	}
	if maybe("every") {
		f.Every = span.Draw(t, "every")
	}
	if maybe("for") {
		f.For = span.Draw(t, "for")
	}
	if maybe("name") {
		f.Name = rapid.String().Filter(func(s string) bool { return s != "" }).Draw(t, "name")
	}
	side := rapid.Custom(func(t *rapid.T) Side {
		s := Side{Role: rapid.SliceOfNDistinct(rapid.SampledFrom(Roles), 0, 2, rapid.ID).Draw(t, "role")}
		if len(s.Role) == 0 {
			s.Role = nil
		}
		switch pick := rapid.SampledFrom(append([]Pick{"", "name"}, Picks...)).Draw(t, "pick"); pick {
		case "name":
			s.Name = name.Draw(t, "process")
		case Fixed, FixedPercent:
			s.Pick, s.Value = pick, rapid.IntRange(0, 100).Draw(t, "value")
		case Hosting:
			s.Pick, s.Operator = pick, name.Draw(t, "operator")
			if rapid.Bool().Draw(t, "one") {
				n := rapid.IntRange(0, 9).Draw(t, "subtask")
				s.Subtask = &n
			}
		default:
			s.Pick = pick
		}
		if rapid.Bool().Draw(t, "of an application") {
			s.Application = name.Draw(t, "application")
		}
		return s
	})
	switch rapid.IntRange(0, 2).Draw(t, "aim") {
	case 1:
		f.Target.Side = side.Draw(t, "side")
	case 2:
		sides := rapid.SliceOfN(side, 1, 2)
		f.Target.Between = [][]Side{sides.Draw(t, "near"), sides.Draw(t, "far")}
		f.Target.Direction = rapid.SampledFrom([]Direction{Both, To, From}).Draw(t, "direction")
	}
	for _, p := range kind.Params {
		if maybe(p.Name) {
			if f.With == nil {
				f.With = map[string]string{}
			}
			f.With[p.Name] = rapid.String().Draw(t, p.Name)
		}
	}
	return f
}

func FuzzParse(f *testing.F) {
	f.Add("taskmanager.kill @checkpoint.completed#4+45s target=hosting:sink-0")
	f.Add(`network.partition @1m..2m every 3s for 4s target=a+b:one<->*,kafka name="x y" percent=3`)
	f.Fuzz(func(t *testing.T, line string) {
		fault, err := Parse(line)
		if err != nil {
			return
		}
		if again, err := Parse(fault.String()); err != nil || again.String() != fault.String() {
			t.Errorf("%q prints as %q, which does not read back: %v", line, fault, err)
		}
	})
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]string{
		"10 s": "10s", "1 min": "1m", "500ms": "500ms", "1m30s": "1m30s", "90 s": "1m30s", "2 h": "2h", "0": "0s",
		"1.5 s": "1.5s", "1 d": "24h", "3 minutes": "3m", "10m": "10m",
	} {
		if d, err := ParseDuration(text); err != nil || d.String() != want {
			t.Errorf("%q: %v, %v; want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "5", "s", "1 parsec", "-3s", "1..2s", "1e3s", "9999999999 d"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
}
