package reports

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker/measure"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// What is shown of those who held the last stable offset, at most; the page says when something is left out.
const (
	heldPartitionsMax = 16
	holdersMax        = 10
)

// holders are those who held readers back: drawn, and the longest of them named.
type holders struct {
	Sentence string
	Picture  template.HTML
	Longest  table
	Notes    []string
	Stalls   []string // of the job's own sources
}

func holdersOf(a timeAxis, d *Document, s *story, shapesMax int) holders {
	h := holders{Stalls: stalls(d)}
	longest := longestHolders(d, s)
	if len(longest) == 0 {
		return h
	}
	h.Sentence = longest[0].inWords()
	h.Picture, h.Notes = heldLanes(a, d, s, shapesMax)
	h.Longest = holderTable(longest)
	return h
}

// holder is one transaction with all that it held, on whichever partitions.
type holder struct {
	measure.Holding          // the longest one
	On              []heldOn // all that it held, by topic
	Row             string   // of the transaction
	Fate            string
	Waited          time.Duration // of the time in which it was open: pre-committed, and waiting for the sink to go on
}

// longestHolders are the transactions that held the last stable offset of some partition, the longest first.
func longestHolders(d *Document, s *story) []holder {
	type transaction struct {
		id    string
		row   int
		epoch int16
	}
	rows := map[string][]int{} // by transactional id, in the order of time
	for i, t := range s.transactions {
		rows[t.ID] = append(rows[t.ID], i)
	}
	by := map[transaction]*holder{}
	var all []*holder
	for _, held := range d.Holdings {
		key := transaction{held.Transaction, -1, held.Epoch}
		for _, i := range rows[held.Transaction] {
			if s.transactions[i].Opened <= held.From {
				key.row = i
			}
		}
		h := by[key]
		if h == nil {
			h = &holder{Holding: held}
			if key.row >= 0 {
				h.Row, h.Fate = transactionAnchor(key.row), s.transactions[key.row].Fate
			}
			by[key] = h
			all = append(all, h)
		}
		h.add(held)
		if held.Took() > h.Took() {
			h.Holding = held
		}
		if key.row >= 0 {
			if flushed := s.transactions[key.row].Precommitted; flushed >= 0 {
				h.Waited = max(h.Decided-max(h.From, flushed), 0)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *holder) int { return cmp.Compare(b.Took(), a.Took()) })
	out := make([]holder, len(all))
	for i, h := range all {
		out[i] = *h
	}
	return out
}

// heldOn is the partitions of one topic that a transaction held, each perhaps more than once.
type heldOn struct {
	topic      string
	partitions []int32
}

func (h *holder) add(held measure.Holding) {
	at := slices.IndexFunc(h.On, func(o heldOn) bool { return o.topic == held.Topic })
	if at < 0 {
		at = len(h.On)
		h.On = append(h.On, heldOn{topic: held.Topic})
	}
	if o := &h.On[at]; !slices.Contains(o.partitions, held.Partition) {
		o.partitions = append(o.partitions, held.Partition)
	}
}

// partitions says how many it held of each topic, such as "8 partitions of orders and 2 partitions of totals"; "" if it
// held one alone.
func (h holder) partitions() string {
	if len(h.On) == 1 && len(h.On[0].partitions) == 1 {
		return ""
	}
	var each []string
	for _, o := range h.On {
		text := plural(len(o.partitions), "partition", "partitions")
		if o.topic != "" {
			text += " of " + o.topic
		}
		each = append(each, text)
	}
	return strings.Join(each, " and ")
}

// inWords says who held readers back and for how long.
func (h holder) inWords() string {
	text := fmt.Sprintf("%s%s held the last stable offset of %s at %s for %s from %s, %s", h.Transaction, byWriter(h.Writer),
		partitionOf(h.Holding), count(h.Offset), seconds(h.Took()), moment(h.From), whys[h.Why()])
	if h.Waited > h.Took()/2 {
		text += fmt.Sprintf(", of which %s pre-committed", seconds(h.Waited))
	}
	if more := h.partitions(); more != "" {
		text += "; it held " + more
	}
	return text + "."
}

var whys = map[string]string{
	"open":     "while it was open",
	"prepared": "most of it prepared, with its marker under way",
	"hanging":  "hanging: to its coordinator it is over, so nobody ends it",
}

// partitionOf is the name of the partition.
func partitionOf(h measure.Holding) string {
	if h.Topic == "" {
		return fmt.Sprintf("partition %d", h.Partition)
	}
	return fmt.Sprintf("%s-%d", h.Topic, h.Partition)
}

func byWriter(w id.Subtask) string {
	if w == (id.Subtask{}) {
		return ""
	}
	return fmt.Sprintf(" of %v", w)
}

func holderTable(all []holder) table {
	t := table{Name: "Longest holders", Columns: []column{{"held", true}, {"transaction", false}, {"partition", false}, {"last stable offset", true}, {"from", true},
		{"open", true}, {"prepared", true}, {"hanging", true}, {"fate", false}}}
	for _, h := range all[:min(len(all), holdersMax)] {
		r := row{Cells: []cell{took(h.Took()), {Text: h.Transaction, Below: writerText(h.Writer), Link: h.Row}, {Text: partitionOf(h.Holding)}, num(h.Offset), when(h.From)}}
		for _, d := range []time.Duration{h.Decided - h.From, h.Hanging - h.Decided, h.To - h.Hanging} {
			c := took(d)
			if d == 0 {
				c.Text = "–"
			}
			r.Cells = append(r.Cells, c)
		}
		if h.Waited > time.Second {
			r.Cells[5].Below = seconds(h.Waited) + " of it pre-committed"
		}
		if more := h.partitions(); more != "" {
			r.Cells[2].Below = "of " + more
		}
		if h.Why() == "hanging" {
			r.Class = "failed"
		}
		fate := cell{Text: h.Fate}
		if h.Why() == "hanging" {
			fate = cell{Text: "hanging", Below: because("at its coordinator", h.Fate)}
		}
		r.Cells = append(r.Cells, fate)
		t.Rows = append(t.Rows, r)
	}
	if left := len(all) - len(t.Rows); left > 0 {
		t.Note = fmt.Sprintf("%s held a last stable offset for less long.", plural(left, "more transaction", "more transactions"))
	}
	return t
}

func writerText(w id.Subtask) string {
	if w == (id.Subtask{}) {
		return "of an application outside of the job"
	}
	return fmt.Sprint(w)
}

// heldLanes draws a lane for each partition: who held its last stable offset, and why.
func heldLanes(a timeAxis, d *Document, s *story, shapesMax int) (template.HTML, []string) {
	const laneHeight, bar = 16.0, 12.0
	var notes []string
	var partitions []string // those of a topic are in order, and together
	for _, h := range d.Holdings {
		if !slices.Contains(partitions, partitionOf(h)) {
			partitions = append(partitions, partitionOf(h))
		}
	}
	if left := len(partitions) - heldPartitionsMax; left > 0 {
		notes = append(notes, plural(left, "more partition is not shown.", "more partitions are not shown."))
		partitions = partitions[:heldPartitionsMax]
	}
	drawn := slices.DeleteFunc(slices.Clone(d.Holdings), func(h measure.Holding) bool { return !slices.Contains(partitions, partitionOf(h)) })
	if left := len(drawn) - shapesMax; left > 0 {
		slices.SortStableFunc(drawn, func(a, b measure.Holding) int { return cmp.Compare(b.Took(), a.Took()) })
		drawn = drawn[:shapesMax]
		notes = append(notes, fmt.Sprintf("The shortest %s are not shown, to keep the file small.", count(left)))
	}
	height := laneHeight*float64(len(partitions)) + 4
	outside := func(out *svg) {
		for i, p := range partitions {
			out.text("lane-name", plotLeft-8, 4+laneHeight*float64(i)+10, shortened(p, 16))
		}
	}
	inside := func(in *svg) {
		for _, h := range drawn {
			y := 4 + laneHeight*float64(slices.Index(partitions, partitionOf(h)))
			tip := fmt.Sprintf("%s%s held %s at %d for %s from %s, %s", h.Transaction, byWriter(h.Writer), partitionOf(h), h.Offset, seconds(h.Took()), moment(h.From), whys[h.Why()])
			for _, part := range []span{{h.From, h.Decided, "open"}, {h.Decided, h.Hanging, "prepared"}, {h.Hanging, h.To, "hanging"}} {
				if part.To > part.From {
					in.rect("h-"+part.State, a.x(part.From), y, a.x(part.To)-a.x(part.From), bar, tip)
				}
			}
		}
		a.faults(in, d, s, height) // over the bars, which leave little room beside them
	}
	return a.frame(height, "Who held the last stable offset of each partition, over the time of the run", outside, inside), notes
}

// stalls are the transactions before which a source of the job stood still, in words: of each the first partition that
// was noted, and how many others.
func stalls(d *Document) []string {
	type holder struct {
		name     string
		producer int64
	}
	var order []holder
	first, partitions := map[holder]string{}, map[holder]map[string]bool{}
	for _, e := range d.Run.Events {
		if ev, ok := e.Event.(history.SourceStalled); ok {
			h := holder{ev.Transaction, ev.ProducerID}
			if partitions[h] == nil {
				order, partitions[h] = append(order, h), map[string]bool{}
				first[h] = moment(e.At) + " " + words(ev)
			}
			partitions[h][fmt.Sprintf("%s-%d", ev.Topic, ev.Partition)] = true
		}
	}
	var all []string
	for _, h := range order[:min(len(order), holdersMax)] {
		text := first[h]
		if more := len(partitions[h]) - 1; more > 0 {
			text += "; the same of " + plural(more, "more partition", "more partitions")
		}
		all = append(all, text)
	}
	return all
}
