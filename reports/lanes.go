package reports

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// What the swim lanes show at most; the page says when something is left out.
const (
	processLanesMax     = 40
	transactionLanesMax = 32
	attemptRowsMax      = 8
	ribbonsMax          = 400
)

// lanes draws one lane per process and one per transactional writer.
type lanes struct {
	timeAxis
	shapes  int // that may still be drawn
	height  float64
	rows    []lane
	notes   []string
	skipped int
}

// lane is one row of the picture: its place is settled before anything is drawn.
type lane struct {
	name     string
	y, h     float64
	process  *process
	attempts [][]attempt // by row, none overlapping within a row
	writes   [][]transaction
}

const (
	barHeight  = 15.0
	attemptRow = 4.0
	txnRow     = 9.0
	laneGap    = 9.0
)

func newLanes(a timeAxis, s *story, shapesMax int) *lanes {
	l := &lanes{timeAxis: a, shapes: shapesMax, height: 4}
	for i := range s.processes {
		if i == processLanesMax {
			l.notes = append(l.notes, fmt.Sprintf("%d more processes are not shown.", len(s.processes)-i))
			break
		}
		p := &s.processes[i]
		rows, left := packed(p.Attempts, func(a attempt) (time.Duration, time.Duration) {
			return a.States[0].From, a.States[len(a.States)-1].To
		}, attemptRowsMax)
		l.skipped += left
		l.add(lane{name: p.Name, process: p, attempts: rows}, barHeight+attemptRow*float64(len(rows)))
	}
	byWriter := map[string][]transaction{}
	var writers []string
	for _, t := range s.transactions {
		if byWriter[t.Lane] == nil {
			writers = append(writers, t.Lane)
		}
		byWriter[t.Lane] = append(byWriter[t.Lane], t)
	}
	slices.SortFunc(writers, naturally)
	for i, w := range writers {
		if i == transactionLanesMax {
			l.notes = append(l.notes, fmt.Sprintf("The transactions of %d more writers are not shown.", len(writers)-i))
			break
		}
		rows, left := packed(byWriter[w], func(t transaction) (time.Duration, time.Duration) { return t.Opened, t.Ended }, 3)
		l.skipped += left
		l.add(lane{name: w, writes: rows}, txnRow*float64(len(rows)))
	}
	return l
}

func (l *lanes) add(r lane, height float64) {
	r.y, r.h = l.height, height
	l.height += height + laneGap
	l.rows = append(l.rows, r)
}

// packed puts intervals into as few rows as hold them without overlap, and counts what found no row.
func packed[T any](all []T, when func(T) (from, to time.Duration), rowsMax int) (rows [][]T, left int) {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b T) int {
		fromA, _ := when(a)
		fromB, _ := when(b)
		return cmp.Compare(fromA, fromB)
	})
	var ends []time.Duration
next:
	for _, item := range sorted {
		from, to := when(item)
		for i := range rows {
			if ends[i] <= from {
				rows[i], ends[i] = append(rows[i], item), to
				continue next
			}
		}
		if len(rows) < rowsMax {
			rows, ends = append(rows, []T{item}), append(ends, to)
		} else {
			left++
		}
	}
	return rows, left
}

// draw returns the picture and what it leaves out.
func (l *lanes) draw(d *Document, s *story) (template.HTML, []string) {
	outside := func(out *svg) {
		for _, r := range l.rows {
			class := "lane-name"
			if r.process == nil {
				class += " lane-txn"
			}
			out.text(class, plotLeft-8, r.y+11, shortened(r.name, 16))
		}
	}
	inside := func(in *svg) {
		l.faults(in, d, s, l.height)
		for _, r := range l.rows {
			if r.process != nil {
				l.process(in, r)
			}
			l.transactions(in, r)
		}
		l.barriers(in, s)
	}
	picture := l.frame(l.height, l.alt(), outside, inside)
	if l.skipped > 0 {
		l.notes = append(l.notes, fmt.Sprintf("%s are not shown, to keep the file small.", plural(l.skipped, "mark", "marks")))
	}
	return picture, l.notes
}

func (l *lanes) alt() string {
	var names []string
	for _, r := range l.rows {
		names = append(names, r.name)
	}
	return "Swim lanes of " + strings.Join(names, ", ")
}

// room takes one shape off the budget and says whether there was one.
func (l *lanes) room() bool {
	if l.shapes == 0 {
		l.skipped++
		return false
	}
	l.shapes--
	return true
}

func (l *lanes) process(in *svg, r lane) {
	for _, st := range r.process.States {
		if l.room() {
			tip := fmt.Sprintf("%s %s from %s to %s", r.name, st.State, moment(st.From), moment(st.To))
			in.rect("p-"+st.State, l.x(st.From), r.y, l.x(st.To)-l.x(st.From), barHeight, tip)
			if width := l.x(st.To) - l.x(st.From); st.State != up && fits(st.State, width) {
				in.text("inlay", l.x(st.From)+5, r.y+11, st.State)
			}
		}
	}
	for _, lead := range r.process.Leads {
		if l.room() {
			width := l.x(lead.To) - l.x(lead.From)
			in.rect("leader", l.x(lead.From), r.y, width, barHeight,
				fmt.Sprintf("%s leads from %s to %s", r.name, moment(lead.From), moment(lead.To)))
			if fits("leader", width) {
				in.text("inlay inverse", l.x(lead.From)+5, r.y+11, "leader")
			}
		}
	}
	for i, row := range r.attempts {
		y := r.y + barHeight + 1 + attemptRow*float64(i)
		for _, a := range row {
			for _, st := range a.States {
				if l.room() {
					in.rect("a-"+attemptClass(st.State), l.x(st.From), y, l.x(st.To)-l.x(st.From), attemptRow-1,
						fmt.Sprintf("%v %s from %s to %s, then %s", a.ID, st.State, moment(st.From), moment(st.To), a.next()))
				}
			}
		}
	}
	for _, at := range r.process.Fenced {
		if l.room() {
			in.dot("fenced", l.x(at), r.y+barHeight/2, "a call was refused here: fenced at "+moment(at))
		}
	}
}

func (a attempt) next() string {
	if a.End == "" {
		return "on"
	}
	return a.End
}

func attemptClass(state string) string {
	switch state {
	case "RUNNING":
		return "running"
	case "CANCELING":
		return "canceling"
	}
	return "starting"
}

func (l *lanes) transactions(in *svg, r lane) {
	for i, row := range r.writes {
		y := r.y + txnRow*float64(i)
		for _, t := range row {
			if !l.room() {
				continue
			}
			tip := transactionTip(t)
			flushed := t.Ended
			if t.Precommitted >= 0 {
				flushed = min(t.Precommitted, t.Ended)
			}
			in.rect("t-open", l.x(t.Opened), y, l.x(flushed)-l.x(t.Opened), txnRow-3, tip)
			if t.Precommitted >= 0 {
				in.rect("t-precommitted", l.x(flushed), y, l.x(t.Ended)-l.x(flushed), txnRow-3, tip)
			}
			switch {
			case t.Lost != "":
				in.dot("t-lost", l.x(t.Ended), y+(txnRow-3)/2, tip)
			case t.Fate != "open":
				in.dot("t-"+t.Fate, l.x(t.Ended), y+(txnRow-3)/2, tip)
			}
		}
	}
}

func transactionTip(t transaction) string {
	tip := fmt.Sprintf("%s opened %s", t.ID, moment(t.Opened))
	if t.Precommitted >= 0 {
		tip += fmt.Sprintf(", pre-committed for checkpoint %d %s", t.Checkpoint, moment(t.Precommitted))
	}
	if t.Fate != "open" {
		tip += fmt.Sprintf(", %s %s", t.Fate, moment(t.Ended))
	}
	if t.Cause != "" {
		tip += " (" + t.Cause + ")"
	}
	if t.Lost != "" {
		tip += ", its commit was answered " + t.Lost
	}
	return tip
}

// barriers draws each checkpoint as a ribbon from the coordinator through the processes that it reached.
func (l *lanes) barriers(in *svg, s *story) {
	at := map[string]lane{}
	for _, r := range l.rows {
		at[r.name] = r
	}
	shown := s.checkpoints
	if len(shown) > ribbonsMax {
		l.notes = append(l.notes, fmt.Sprintf("The first %d of %s checkpoints have ribbons.", ribbonsMax, count(len(shown))))
		shown = shown[:ribbonsMax]
	}
	for _, c := range shown {
		var down, back []string
		for _, p := range c.Reach {
			r, ok := at[p.Process]
			if !ok {
				continue
			}
			left, right := l.x(p.From), max(l.x(p.To), l.x(p.From)+0.8)
			down = append(down, px(left)+","+px(r.y), px(left)+","+px(r.y+r.h))
			back = append(back, px(right)+","+px(r.y), px(right)+","+px(r.y+r.h))
		}
		if len(down) == 0 || !l.room() {
			continue
		}
		slices.Reverse(back)
		in.raw(`<polygon class="b-%s" points="%s %s"`, c.Result, strings.Join(down, " "), strings.Join(back, " "))
		in.tipped("polygon", checkpointTip(c))
	}
}

// shortened keeps the end of a name, which tells one process from the next.
func shortened(name string, runes int) string {
	r := []rune(name)
	if len(r) <= runes {
		return name
	}
	return "…" + string(r[len(r)-runes+1:])
}
