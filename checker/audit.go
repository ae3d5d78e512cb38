package checker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// The anomalies of output records.
const (
	Lost       = "lost"         // expected, and not in the committed output of a drained run
	Duplicated = "duplicated"   // there more often than the job says
	Unexpected = "unexpected"   // no source record has this origin, or it has another key
	OutOfOrder = "out-of-order" // behind a later record of its key and source partition
	WrongValue = "wrong-value"  // not what recomputing the operators gives
)

// findingsMax is how many records an audit names for each anomaly.
const findingsMax = 10

// ExactlyOnce is the account of a run's output: what there must be against what there is.
type ExactlyOnce struct {
	Guarantee   plan.Guarantee
	Drained     bool
	Expected    int // output records that the input must become; for windows, source records in windows
	Committed   int // output records that a read_committed reader saw; for windows, source records in them
	Lost        int
	Duplicated  int
	Unexpected  int
	OutOfOrder  int
	Pending     int // expected and not there, in a run that was not drained
	Recovered   int // committed although an earlier copy had been aborted
	AbortedRead int // records that a read_uncommitted reader saw, and that were aborted
	OpenRead    int // the same of transactions that are still open
	Windows     int // windows that must come out, of a windowed job
	Findings    []Finding
	Undecided   string // why nothing can be said, or ""
}

// Finding is one record that is not as it must be.
type Finding struct {
	Anomaly string
	Record  string // "partition@offset" in the source, or "key/end" of a window
	At      time.Duration
	Output  int // its place in Run.Output, or -1
	Detail  string
}

// Broken says whether the delivery guarantee was broken, and by which anomaly first.
func (e *ExactlyOnce) Broken() (anomaly string) {
	switch {
	case e.Undecided != "":
		return ""
	case e.Unexpected > 0:
		return Unexpected
	case e.Guarantee == plan.None:
		return ""
	case e.Lost > 0:
		return Lost
	case e.Guarantee == plan.AtLeastOnce:
		return ""
	case e.Duplicated > 0:
		return Duplicated
	case e.OutOfOrder > 0:
		return OutOfOrder
	}
	return ""
}

// String is the account in one line.
func (e *ExactlyOnce) String() string {
	if e.Undecided != "" {
		return e.Undecided
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d expected, %d committed, %d lost, %d duplicated, %d unexpected, %d out of order",
		e.Expected, e.Committed, e.Lost, e.Duplicated, e.Unexpected, e.OutOfOrder)
	if e.Pending > 0 {
		fmt.Fprintf(&b, ", %d not there yet", e.Pending)
	}
	return b.String()
}

// find keeps the first few findings of each anomaly and forgets the rest; the counts have them all.
func (e *ExactlyOnce) find(f Finding) {
	n := 0
	for _, other := range e.Findings {
		if other.Anomaly == f.Anomaly {
			n++
		}
	}
	if n < findingsMax {
		e.Findings = append(e.Findings, f)
	}
}

// Audit accounts for every output record. It takes time in proportion to the input and output.
func Audit(run *Run) ExactlyOnce {
	e := ExactlyOnce{Drained: run.Drained}
	t, err := interpret(run.Pipeline)
	if err != nil {
		e.Undecided = err.Error()
		return e
	}
	e.Guarantee = t.sink.Guarantee
	if t.shape == windowed {
		auditWindows(run, t, &e)
		return e
	}
	index, err := indexed(run)
	if err != nil {
		e.Undecided = err.Error()
		return e
	}
	auditRecords(run, t, index, &e)
	return e
}

func auditRecords(run *Run, t *topology, index *Index, e *ExactlyOnce) {
	want := make([]uint8, index.Total)
	for p := range index.parts {
		part := &index.parts[p]
		for i := range part.records {
			n := t.copies(part.records[i].Value)
			want[part.start+i] = uint8(n)
			e.Expected += n
		}
	}
	slot, slots := index.slots()
	newest := make([]int, slots) // the latest record of the slot that was seen
	for i := range newest {
		newest[i] = -1
	}
	seen := make([]uint8, index.Total)
	var aborted []uint64 // a bit for every record with an aborted copy; most runs have none
	for i := range run.Output {
		out := &run.Output[i]
		n, in := index.Find(out.Origin)
		if out.Fate != Committed {
			if e.unread(out.Fate); n >= 0 && out.Fate == Aborted {
				if aborted == nil {
					aborted = make([]uint64, index.Total/64+1)
				}
				aborted[n/64] |= 1 << (n % 64)
			}
			continue
		}
		e.Committed++
		if n < 0 || in.Key != out.Key || want[n] == 0 {
			e.Unexpected++
			e.find(Finding{Unexpected, out.Origin.String(), out.Visible, i, whyUnexpected(out, in)})
			continue
		}
		if seen[n] >= want[n] {
			e.Duplicated++
			e.find(Finding{Duplicated, out.Origin.String(), out.Visible, i,
				fmt.Sprintf("committed again in transaction %s", transactionOf(out))})
			continue
		}
		seen[n]++
		if !t.ordered {
			continue
		}
		if s := slot[n]; n < newest[s] {
			e.OutOfOrder++
			e.find(Finding{OutOfOrder, out.Origin.String(), out.Visible, i,
				fmt.Sprintf("comes after %s of the same key", index.Origin(newest[s]))})
		} else {
			newest[s] = n
		}
	}

	missing := 0
	var names []int
	for n := range seen {
		if seen[n] < want[n] {
			missing += int(want[n] - seen[n])
			if len(names) < findingsMax {
				names = append(names, n)
			}
		}
		if aborted != nil && seen[n] > 0 && aborted[n/64]&(1<<(n%64)) != 0 {
			e.Recovered++
		}
	}
	if !run.Drained {
		e.Pending = missing
		return
	}
	e.Lost = missing
	e.explainLost(run, index, names)
}

// unread counts a record that only a read_uncommitted reader saw.
func (e *ExactlyOnce) unread(fate Fate) {
	if fate == Aborted {
		e.AbortedRead++
	} else {
		e.OpenRead++
	}
}

// explainLost says of each lost record where its last copy ended.
func (e *ExactlyOnce) explainLost(run *Run, index *Index, lost []int) {
	copies := map[record.Origin]int{}
	for _, n := range lost {
		copies[index.Origin(n)] = -1
	}
	if len(copies) == 0 {
		return
	}
	for i := range run.Output {
		if _, asked := copies[run.Output[i].Origin]; asked && run.Output[i].Fate != Committed {
			copies[run.Output[i].Origin] = i
		}
	}
	for _, n := range lost {
		origin := index.Origin(n)
		f := Finding{Lost, origin.String(), run.End, copies[origin], "never reached the sink"}
		if f.Output >= 0 {
			out := &run.Output[f.Output]
			f.Detail = fmt.Sprintf("its last copy is in transaction %s, which is still open", transactionOf(out))
			if out.Fate == Aborted {
				f.At = out.Decided
				f.Detail = fmt.Sprintf("its last copy is in transaction %s, which was aborted", transactionOf(out))
			}
		}
		e.find(f)
	}
}

func whyUnexpected(out *Output, in *Input) string {
	switch {
	case in == nil:
		return "no source record has this origin"
	case in.Key != out.Key:
		return fmt.Sprintf("its key is %q, the source record's is %q", out.Key, in.Key)
	}
	return "the job filters this source record out"
}

func transactionOf(out *Output) string {
	if out.Transaction == "" {
		return "(none)"
	}
	return fmt.Sprintf("%s (producer %d, epoch %d)", out.Transaction, out.ProducerID, out.Epoch)
}

// exactlyOnce is the verdict on an audit.
func exactlyOnce(run *Run) Result { return audited(run, plan.ExactlyOnce) }

// deliveryGuarantee holds the output to what the sink promises, which may be less than exactly once.
func deliveryGuarantee(run *Run) Result { return audited(run, "") }

// audited judges the account of a run by a guarantee; "" is the sink's own.
func audited(run *Run, by plan.Guarantee) Result {
	e := Audit(run)
	if e.Undecided != "" {
		return notDecided("%s", e.Undecided)
	}
	if by != "" {
		e.Guarantee = by
	}
	anomaly := e.Broken()
	switch {
	case anomaly != "":
		return e.result(run, anomaly)
	case e.Guarantee != plan.None && !run.Drained && e.Pending > 0:
		return notDecided("the run was not drained: %s", e.String())
	case e.Guarantee == plan.ExactlyOnce:
		return holds(e.Expected, "%s", e.String())
	}
	return holds(e.Expected, "%s, which %s allows", e.String(), e.Guarantee)
}

// result turns the earliest finding of an anomaly into a broken verdict.
func (e *ExactlyOnce) result(run *Run, anomaly string) Result {
	r := Result{Verdict: Broken, Anomaly: anomaly, Looked: e.Expected}
	var first *Finding
	for i := range e.Findings {
		f := &e.Findings[i]
		if f.Anomaly != anomaly {
			continue
		}
		r.Records = append(r.Records, f.Record)
		if first == nil || f.At < first.At {
			first = f
		}
	}
	r.At = first.At
	r.Detail = fmt.Sprintf("%s; record %s: %s", e.String(), first.Record, first.Detail)
	if first.Output >= 0 {
		out := &run.Output[first.Output]
		r.Evidence = aboutTransaction(run, out)
		if anomaly == Duplicated {
			r.Evidence = slices.Concat(aboutTransaction(run, earlierCopy(run, out)), r.Evidence)
		}
		r.Evidence = tidy(r.Evidence)
	} else {
		r.Evidence = restoresBefore(run, first.At)
	}
	return r
}

// earlierCopy returns the first committed record with the same origin and key.
func earlierCopy(run *Run, out *Output) *Output {
	for i := range run.Output {
		if o := &run.Output[i]; o.Fate == Committed && o.Origin == out.Origin && o.Key == out.Key && o.Time == out.Time {
			return o
		}
	}
	return out
}
