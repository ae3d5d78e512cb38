package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
)

// runPage is report.html of one run, section by section, as the template wants it.
type runPage struct {
	frame
	Doc      *Document
	Sentence string
	Counted  bool
	Answers  []answer
	SLO      []sloRow
	Awaited  []awaited
	Falls    []waterfall
	FallNote string
	Ribbon   template.HTML
	Plots    []plotView
	Lanes    template.HTML
	LaneNote []string
	Holders  holders
	Tables   []table
	Faults   []faultRow
	Lineages []lineage
	Changed  []Setting
	Defaults []Setting
	Facts    []fact
	Logs     []logView
	Summary  template.URL
	Series   template.JS
	Points   int
}

type fact struct{ Name, Value string }

func newRunPage(d *Document, s *story, c caps) *runPage {
	axis := timeAxis{s.end}
	p := &runPage{
		frame: newFrame(d.Verdict+": "+title(d.Scenario), badgeOf(d.Verdict, d.Passed, d.ExitCode)),
		Doc:   d, Sentence: together(sentence(d, s)), Points: c.Points, Counted: d.ExactlyOnce != (Counts{}),
		SLO: sloRows(d), Awaited: awaitedRows(d), Ribbon: ribbon(axis, d, s),
		Faults: faultRows(d, s), Lineages: lineages(d, s), Logs: logsOf(d, s, c.Log),
		Facts: facts(d),
	}
	p.Answers = answers(d, p.Lineages)
	p.Falls, p.FallNote = waterfalls(d, s)
	bands := func(out *svg, height float64) { axis.faults(out, d, s, height) }
	curves := panels(d, s)
	for _, pl := range curves {
		p.Plots = append(p.Plots, viewOf(pl, axis, c.Points, bands))
	}
	p.Lanes, p.LaneNote = newLanes(axis, s, c.Shapes).draw(d, s)
	p.Holders = holdersOf(axis, d, s, c.Shapes)
	tables := linked(checkpointTable(s, c.Rows), restartTable(s, c.Rows), transactionTable(s, c.Rows), p.Holders.Longest)
	p.Tables, p.Holders.Longest = tables[:3], tables[3]
	for _, setting := range d.Config {
		if setting.Default {
			p.Defaults = append(p.Defaults, setting)
		} else {
			p.Changed = append(p.Changed, setting)
		}
	}
	var sum bytes.Buffer
	if err := writeJSON(&sum, summarize(d, s)); err != nil { // our own type
		panic(err)
	}
	p.Summary, p.Series = dataURL("application/json", sum.Bytes()), embedded(readouts(curves))
	return p
}

// plotView is one panel with its caption.
type plotView struct {
	Name, Unit string
	Keys       []plotKey
	Picture    template.HTML
	Note       string
	Empty      bool
}

type plotKey struct{ Name, Class string }

func viewOf(p *panel, a timeAxis, points int, bands func(*svg, float64)) plotView {
	v := plotView{Name: p.Name, Unit: p.Unit, Empty: p.empty()}
	if p.Log {
		v.Unit += ", log scale"
	}
	if v.Empty {
		return v
	}
	v.Picture = p.draw(a, points, bands)
	v.Note = strings.TrimSpace(p.Note)
	for _, c := range p.Curves {
		v.Keys = append(v.Keys, plotKey{c.Name, c.Class})
	}
	if len(p.Marks) > 0 {
		v.Keys = append(v.Keys, plotKey{"completed", "m-done"})
		if slices.ContainsFunc(p.Marks, func(m mark) bool { return m.Class == "m-failed" }) {
			v.Keys = append(v.Keys, plotKey{"aborted or unfinished", "m-failed"})
		}
	}
	return v
}

// answer is one check with its verdict.
type answer struct {
	checker.Result
	Badge badge
	Links []recordLink
}

type recordLink struct{ ID, Anchor string }

func answers(d *Document, known []lineage) []answer {
	var all []answer
	for _, r := range d.Results {
		a := answer{Result: r}
		switch r.Verdict {
		case checker.Holds:
			a.Badge = badge{"holds", "good", "✓"}
		case checker.Broken:
			a.Badge = badge{"broken", "bad", "✕"}
		default:
			a.Badge = badge{"not decided", "unsure", "?"}
		}
		for _, id := range r.Records {
			link := recordLink{ID: strings.TrimPrefix(id, "record ")} // the list says that they are
			if slices.ContainsFunc(known, func(l lineage) bool { return l.ID == id }) {
				link.Anchor = anchor(id)
			}
			a.Links = append(a.Links, link)
		}
		all = append(all, a)
	}
	order := map[checker.Verdict]int{checker.Broken: 0, checker.NotDecided: 1, checker.Holds: 2}
	slices.SortStableFunc(all, func(a, b answer) int { return cmp.Compare(order[a.Verdict], order[b.Verdict]) })
	return all
}

// sloRow is a service level with a bar that shows how near the limit is.
type sloRow struct {
	SLO
	ValueText, LimitText string
	Bar, Limit           float64 // percent of the width
	Margin               string
}

func sloRows(d *Document) []sloRow {
	var all []sloRow
	for _, o := range d.SLO {
		r := sloRow{SLO: o, ValueText: quantity(o.Value, o.Unit), LimitText: quantity(o.Limit, o.Unit)}
		if o.AtLeast {
			r.LimitText = "at least " + r.LimitText
		} else {
			r.LimitText = "at most " + r.LimitText
		}
		r.Bar, r.Limit, r.Margin = marginOf(o)
		all = append(all, r)
	}
	return all
}

// marginOf places a value and its limit on a bar, in percent of its width.
func marginOf(o SLO) (value, limit float64, words string) {
	full := max(o.Limit*1.25, o.Value*1.02)
	switch {
	case math.IsInf(o.Value, 1) && o.Limit > 0:
		return 100, 80, ""
	case math.IsNaN(full) || math.IsInf(full, 0) || full <= 0:
		return 0, 0, ""
	case o.Limit > 0:
		words = trim(100*o.Value/o.Limit, 0) + " % of the limit"
	}
	return 100 * max(o.Value, 0) / full, 100 * o.Limit / full, words
}

type awaited struct {
	MustHappen
	Badge badge
}

func awaitedRows(d *Document) []awaited {
	var all []awaited
	for _, m := range d.MustHappen {
		b := badge{"happened", "good", "✓"}
		if !m.Happened {
			b = badge{"did not happen", "unsure", "!"}
		}
		all = append(all, awaited{m, b})
	}
	return all
}

// faultRow is one fault, asked and achieved.
type faultRow struct {
	Name, Inject, Asked, Target, Achieved, Picked, Why, Undone string
	Missed                                                     bool
}

func faultRows(d *Document, s *story) []faultRow {
	var all []faultRow
	for _, f := range everyFault(d, s) {
		r := faultRow{Name: f.Started.Fault, Inject: f.Started.Inject, Asked: f.Started.Asked, Achieved: moment(f.At),
			Picked: s.withPIDs(f.Started.Targets, f.At), Why: f.Started.Why, Undone: "nothing to undo"}
		if f.Ended >= 0 {
			r.Undone = because(moment(f.Ended), f.Result)
		}
		for _, asked := range d.Scenario.Faults {
			if asked.Name == r.Name {
				r.Target = asked.Target
				r.Asked = cmp.Or(r.Asked, asked.Trigger)
			}
		}
		all = append(all, r)
	}
	for _, f := range notFired(d, s) {
		all = append(all, faultRow{Name: f.Name, Inject: f.Inject, Asked: f.Trigger, Target: f.Target,
			Achieved: "never: its trigger did not come true", Missed: true})
	}
	return all
}

func facts(d *Document) []fact {
	all := []fact{
		{"scenario", d.Scenario.Name}, {"backend", d.Scenario.Backend}, {"seed", fmt.Sprint(d.Scenario.Seed)},
		{"labels", labels(d.Scenario.Labels)},
		{"ha", d.Scenario.Services["ha"]}, {"storage", d.Scenario.Services["storage"]}, {"kafka", d.Scenario.Services["kafka"]},
		{"trace hash", d.TraceHash}, {"time of the run", quantity(d.VirtualSeconds, "s")}, {"wall time", quantity(d.WallSeconds, "s")},
		{"flinch", strings.TrimSpace(d.Environment.Version + " " + d.Environment.Commit)}, {"Go", d.Environment.GoVersion},
		{"system", strings.Trim(d.Environment.OS+"/"+d.Environment.Arch, "/")}, {"host", d.Environment.Host},
		{"events", count(len(d.Run.Events))}, {"output records", count(len(d.Run.Output))},
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}

func labels(all map[string]string) string {
	var list []string
	for k, v := range all {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// logView is the history around one fault.
type logView struct {
	Fault string
	Lines []logLine
	Note  string
}

type logLine struct {
	At, Process, Kind, Words string
	Fault                    bool
}

// logAround is how far before and after a fault its log reaches; logsMax is how many faults have one.
const (
	logAround = 10 * time.Second
	logsMax   = 12
)

func logsOf(d *Document, s *story, lines int) []logView {
	var all []logView
	for _, f := range s.faults[:min(len(s.faults), logsMax)] {
		v := logView{Fault: f.Started.Fault}
		h := d.Run.Events
		from, hit, to := firstAfter(h, f.At-logAround), firstAfter(h, f.At), firstAfter(h, f.At+logAround+1)
		// What is nearest to the fault says most, and what follows it more than what went before.
		first, last := max(from, hit-lines/3), min(to, hit+lines-lines/3)
		for _, e := range h[first:last] {
			_, is := e.Event.(history.FaultStarted)
			v.Lines = append(v.Lines, logLine{moment(e.At), e.Process, e.Event.Kind(), words(e.Event), is})
		}
		if left := (to - from) - (last - first); left > 0 {
			v.Note = fmt.Sprintf("%s of these 20 seconds are left out; events.jsonl has them.", plural(left, "event", "events"))
		}
		all = append(all, v)
	}
	return all
}
