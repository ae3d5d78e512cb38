package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// What lineages show at most.
const (
	lineagesMax = 24
	copiesMax   = 12
)

// lineage follows one source record from its offset to what became of it.
type lineage struct {
	ID     string // "3@48213"
	Anchor string
	Why    string // the check that named it
	Steps  []lineageStep
}

type lineageStep struct {
	When string
	What string
	Bad  bool
}

func anchor(record string) string {
	return "record-" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, record)
}

// lineages are those of the records that the checks named, or of one record as an example.
func lineages(d *Document, s *story) []lineage {
	var all []lineage
	seen := map[record.Origin]bool{}
	for _, r := range d.Results {
		if r.Verdict != checker.Broken || r.Application != "" { // whose records are in the report of that application
			continue
		}
		for _, name := range r.Records {
			o, ok := parseOrigin(name)
			if ok && !seen[o] && len(all) < lineagesMax {
				seen[o] = true
				all = append(all, trace(d, s, o, name, because(r.Check, r.Anomaly)))
			}
		}
	}
	if len(all) == 0 {
		if o, ok := example(d); ok {
			all = append(all, trace(d, s, o, o.String(), "an example; nothing is wrong with it"))
		}
	}
	return all
}

func parseOrigin(name string) (record.Origin, bool) {
	left, right, ok := strings.Cut(name, "@")
	p, err1 := strconv.ParseInt(left, 10, 32)
	o, err2 := strconv.ParseInt(right, 10, 64)
	return record.Origin{Partition: int32(p), Offset: o}, ok && err1 == nil && err2 == nil
}

// example is a record that was read before the first fault and committed after it, if there is one: it shows
// most of the machinery.
func example(d *Document) (record.Origin, bool) {
	var best *checker.Output
	hit := time.Duration(-1)
	for _, e := range d.Run.Events {
		if _, ok := e.Event.(history.FaultStarted); ok {
			hit = e.At
			break
		}
	}
	if windowed(d.Run.Pipeline) {
		return record.Origin{}, false
	}
	for i := range d.Run.Output {
		o := &d.Run.Output[i]
		if o.Fate != checker.Committed || o.Origin == (record.Origin{}) {
			continue
		}
		if best == nil || hit >= 0 && o.Visible >= hit && best.Visible < hit {
			best = o
		}
	}
	if best == nil {
		return record.Origin{}, false
	}
	return best.Origin, true
}

func trace(d *Document, s *story, o record.Origin, name, why string) lineage {
	t := tracer{d: d, s: s, origin: o}
	t.source()
	t.withhold()
	t.reads()
	copies := t.outputs()
	if copies == 0 {
		t.suspects()
	}
	slices.SortStableFunc(t.steps, func(a, b timedStep) int { return cmp.Compare(a.at, b.at) })
	l := lineage{ID: name, Anchor: anchor(name), Why: why}
	for _, st := range t.steps {
		l.Steps = append(l.Steps, lineageStep{moment(st.at), st.what, st.bad})
	}
	l.Steps = append(l.Steps, t.fate())
	return l
}

type timedStep struct {
	at   time.Duration
	what string
	bad  bool
}

type tracer struct {
	d         *Document
	s         *story
	origin    record.Origin
	steps     []timedStep
	covered   id.Checkpoint // the first checkpoint whose cut includes the record
	committed int
	known     bool // it is in the input
	withheld  bool // it is in the source's topic, and its transaction keeps it from the source
}

func (t *tracer) say(at time.Duration, bad bool, format string, args ...any) {
	t.steps = append(t.steps, timedStep{at, fmt.Sprintf(format, args...), bad})
}

func (t *tracer) source() {
	for _, log := range t.d.Run.Input {
		if log.Partition != t.origin.Partition {
			continue
		}
		i, ok := slices.BinarySearchFunc(log.Records, t.origin.Offset, func(in checker.Input, o int64) int {
			return cmp.Compare(in.Offset, o)
		})
		if ok {
			in := log.Records[i]
			t.known = true
			t.say(in.Appended, false, "appended to source partition %d at offset %d: key %s, value %d",
				t.origin.Partition, in.Offset, in.Key, in.Value)
		}
	}
}

// withhold finds a record that an application before the job has written, and not committed.
func (t *tracer) withhold() {
	if t.known || t.d.Run.Upstream == nil {
		return
	}
	for _, row := range t.d.Run.Upstream.Rows {
		if row.Partition != t.origin.Partition || row.Offset != t.origin.Offset {
			continue
		}
		t.withheld = true
		t.say(row.Appended, true, "appended to source partition %d at offset %d, in transaction %s (producer %d, epoch %d)",
			row.Partition, row.Offset, row.Transaction, row.ProducerID, row.Epoch)
	}
}

// reads finds the source attempts that went past the record, and the checkpoints that have it behind them.
func (t *tracer) reads() {
	said := 0
	for _, e := range t.d.Run.Events {
		p, ok := e.Event.(history.SourcePosition)
		if !ok {
			continue
		}
		i := slices.Index(p.Partitions, t.origin.Partition)
		if i < 0 || i >= len(p.Next) || said >= 6 {
			continue
		}
		switch {
		case p.Restored && p.Next[i] <= t.origin.Offset && t.covered > 0 && p.Checkpoint < t.covered:
			said++
			t.say(e.At, false, "%v goes back to offset %d of checkpoint %d: the record is read again", p.Attempt, p.Next[i], p.Checkpoint)
			t.covered = 0
		case !p.Restored && p.Next[i] > t.origin.Offset && t.covered == 0:
			said++
			t.covered = p.Checkpoint
			t.say(e.At, false, "%v has read up to offset %d, past the record: checkpoint %d covers it%s", p.Attempt, p.Next[i],
				p.Checkpoint, t.outcome(p.Checkpoint))
		}
	}
}

func windowed(p plan.Pipeline) bool {
	return slices.ContainsFunc(p.Operators, func(o plan.Operator) bool { return o.Kind == plan.Tumble })
}

// outcome adds what became of a checkpoint.
func (t *tracer) outcome(n id.Checkpoint) string {
	for _, c := range t.s.checkpoints {
		if c.ID == n {
			return ", and was " + because(c.Result, c.Reason)
		}
	}
	return ""
}

func (t *tracer) outputs() int {
	copies := 0
	if windowed(t.d.Run.Pipeline) { // a window stands for many records and has no origin of its own
		return 0
	}
	for _, o := range t.d.Run.Output {
		if o.Origin != t.origin || copies == copiesMax {
			continue
		}
		copies++
		where := fmt.Sprintf("partition %d offset %d", o.Partition, o.Offset)
		if o.Transaction == "" {
			t.say(o.Appended, false, "written to output %s with value %d, without a transaction", where, o.Value)
		} else {
			t.say(o.Appended, false, "written to output %s with value %d, in transaction %s (producer %d, epoch %d)%s", where,
				o.Value, o.Transaction, o.ProducerID, o.Epoch, t.writer(o))
		}
		switch o.Fate {
		case checker.Committed:
			t.committed++
			t.say(o.Visible, t.committed > 1, "committed: readers see %s from here on", where)
		case checker.Aborted:
			t.say(o.Decided, false, "aborted: no reader ever sees %s", where)
		}
	}
	return copies
}

// writer names the attempt and the checkpoint that a transaction belongs to.
func (t *tracer) writer(o checker.Output) string {
	for _, x := range t.s.transactions {
		if x.ID == o.Transaction && x.Opened <= o.Appended && o.Appended <= x.Ended && x.Attempt != (id.Attempt{}) {
			if x.Checkpoint > 0 {
				return fmt.Sprintf(", by %v for checkpoint %d", x.Attempt, x.Checkpoint)
			}
			return fmt.Sprintf(", by %v", x.Attempt)
		}
	}
	return ""
}

// suspects lists, for a record that reached no output, the transactions of its checkpoint that were not
// committed.
func (t *tracer) suspects() {
	for _, x := range t.s.transactions {
		if x.Checkpoint == t.covered && t.covered > 0 && (x.Fate == "aborted" || x.Lost != "") {
			t.say(x.Ended, true, "transaction %s of checkpoint %d, with %s, ended here: %s", x.ID, x.Checkpoint,
				plural(x.Records, "record", "records"), because(x.Fate, strings.TrimSpace(x.Cause+" "+x.Lost)))
		}
	}
}

func (t *tracer) fate() lineageStep {
	switch {
	case t.withheld:
		return lineageStep{"fate", "its transaction is not committed, so no read_committed reader has it", true}
	case !t.known && t.committed > 0:
		return lineageStep{"fate", "unexpected: the source has no such record, and the output has it", true}
	case !t.known:
		return lineageStep{"fate", "the source has no such record", true}
	case windowed(t.d.Run.Pipeline):
		return lineageStep{"fate", "part of a window; the output of a window does not name its source records", false}
	case t.committed == 0:
		return lineageStep{"fate", "never committed: lost", true}
	case t.committed == 1:
		return lineageStep{"fate", "committed exactly once", false}
	}
	return lineageStep{"fate", fmt.Sprintf("committed %d times: duplicated", t.committed), true}
}
