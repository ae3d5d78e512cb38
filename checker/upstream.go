package checker

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// Upstream is what an application before the job has written in transactions.
type Upstream struct {
	Topic   string
	Timeout time.Duration // its transaction.timeout.ms
	// Rows are all that the source's topic holds, partition by partition, in log order. Origin is the number of the
	// transaction in which the application wrote it, and the number of the record.
	Rows []Output
}

// upstreamExactlyOnce holds the source's topic to what the application before the job was told of its transactions. The
// anomalies have the names of the field. A lost-write is committed, as it was told, and cannot be read; an aborted-read is the
// other way round; of a torn transaction, whose end it was not told, a part can be read; a duplicate is one record in two
// committed transactions, or twice in one.
func upstreamExactlyOnce(run *Run) Result {
	if run.Upstream == nil {
		return notDecided("no application writes the source's topic in transactions: give pipeline.source.producer")
	}
	u := newUpstreamAudit(run)
	for _, look := range []func() (Result, bool){u.lost, u.abortedRead, u.torn, u.duplicate} {
		if r, broken := look(); broken {
			r.Looked = len(run.Upstream.Rows)
			return r
		}
	}
	if u.open > 0 {
		return notDecided("%d records are of transactions that nobody has ended", u.open)
	}
	return holds(len(run.Upstream.Rows), "%d records in %d transactions, each as the application was told", len(run.Upstream.Rows), len(u.transactions))
}

// upstreamTransaction is one of the application's transactions: what it was told, and what there is.
type upstreamTransaction struct {
	number  int32
	told    history.ProducerTold
	entry   history.Entry // where it was told so
	rows    int           // of it that are in the log
	visible []*Output     // those that are committed
	open    int
}

type upstreamAudit struct {
	run          *Run
	transactions []*upstreamTransaction // as they were told of
	byNumber     map[int32]*upstreamTransaction
	readable     map[int64]*Output // by the record's number: the first that is committed
	again        *Output           // the first that is committed although another one of its number is
	highest      int64             // number that can be read
	open         int
}

func newUpstreamAudit(run *Run) *upstreamAudit {
	u := &upstreamAudit{run: run, byNumber: map[int32]*upstreamTransaction{}, readable: map[int64]*Output{}, highest: -1}
	for _, e := range run.Events {
		if told, ok := e.Event.(history.ProducerTold); ok {
			t := u.transaction(told.Transaction)
			t.told, t.entry = told, e // the last word counts
		}
	}
	for i := range run.Upstream.Rows {
		row := &run.Upstream.Rows[i]
		t := u.transaction(row.Origin.Partition)
		t.rows++
		switch row.Fate {
		case Open:
			t.open++
			u.open++
		case Committed:
			t.visible = append(t.visible, row)
			n := row.Origin.Offset
			u.highest = max(u.highest, n)
			if u.readable[n] == nil {
				u.readable[n] = row
			} else if u.again == nil {
				u.again = row
			}
		}
	}
	return u
}

func (u *upstreamAudit) transaction(number int32) *upstreamTransaction {
	t := u.byNumber[number]
	if t == nil {
		t = &upstreamTransaction{number: number}
		u.byNumber[number] = t
		u.transactions = append(u.transactions, t)
	}
	return t
}

// lost finds what was told to be committed and is not, and numbers that the application has passed over.
func (u *upstreamAudit) lost() (Result, bool) {
	for _, t := range u.transactions {
		if t.told.Outcome != history.ToldCommitted || t.open > 0 && !u.run.Drained {
			continue
		}
		there := map[int64]bool{}
		for _, row := range t.visible {
			there[row.Origin.Offset] = true
		}
		var missing []int64
		for n := t.told.First; n < t.told.Next; n++ {
			if !there[n] {
				missing = append(missing, n)
			}
		}
		if len(missing) > 0 {
			return u.breach("lost-write", t, missing, "the application was told at %s that transaction %d of %s is committed, and %d of its %d records cannot be read",
				moment(t.entry.At), t.number, t.told.TransactionalID, len(missing), t.told.Next-t.told.First), true
		}
	}
	for n := range u.highest {
		if u.readable[n] == nil && u.open == 0 {
			r := brokenAt("lost-write", nil,
				"record %d of the application cannot be read, and later ones can: it went on as if it were committed", n)
			r.Records, r.At = recordNumbers([]int64{n}), u.run.End
			return r, true
		}
	}
	return Result{}, false
}

func (u *upstreamAudit) abortedRead() (Result, bool) {
	for _, t := range u.transactions {
		if t.told.Outcome == history.ToldAborted && len(t.visible) > 0 {
			return u.breach("aborted-read", t, numbersOf(t.visible),
				"the application was told at %s that transaction %d of %s is aborted, and %d of its %d records can be read",
				moment(t.entry.At), t.number, t.told.TransactionalID, len(t.visible), t.told.Next-t.told.First), true
		}
	}
	return Result{}, false
}

// torn finds transactions of which nobody was told the outcome, or nothing at all, and which are there in part.
func (u *upstreamAudit) torn() (Result, bool) {
	for _, t := range u.transactions {
		known := t.told.Outcome == history.ToldCommitted || t.told.Outcome == history.ToldAborted
		if !known && t.open == 0 && len(t.visible) > 0 && len(t.visible) < t.rows {
			return u.breach("torn", t, numbersOf(t.visible), "of transaction %d, whose outcome nobody was told, %d of %d records can be read",
				t.number, len(t.visible), t.rows), true
		}
	}
	return Result{}, false
}

func (u *upstreamAudit) duplicate() (Result, bool) {
	if u.again == nil {
		return Result{}, false
	}
	n := u.again.Origin.Offset
	first, second := u.byNumber[u.readable[n].Origin.Partition], u.byNumber[u.again.Origin.Partition]
	r := u.breach("duplicate", second, []int64{n}, "record %d of the application can be read twice: at %d@%d from %s, and at %d@%d from %s", n,
		u.readable[n].Partition, u.readable[n].Offset, writerOf(u.readable[n]), u.again.Partition, u.again.Offset, writerOf(u.again))
	r.Evidence = tidy(append(r.Evidence, u.about(first)...))
	return r, true
}

func writerOf(row *Output) string {
	return fmt.Sprintf("%s (transaction %d)", row.Transaction, row.Origin.Partition)
}

// breach is broken at the time when the application was told, or when what it was not told of became visible.
func (u *upstreamAudit) breach(anomaly string, t *upstreamTransaction, numbers []int64, detail string, args ...any) Result {
	r := brokenAt(anomaly, u.about(t), detail, args...)
	r.Records = recordNumbers(numbers)
	r.At = t.entry.At
	for _, row := range t.visible {
		r.At = max(r.At, row.Decided)
	}
	return r
}

// about is what the history says of a transaction, from its beginning until the application was told of its end.
func (u *upstreamAudit) about(t *upstreamTransaction) []history.Entry {
	var found []history.Entry
	began, since := false, time.Duration(0)
	for _, e := range u.run.Events {
		switch ev := e.Event.(type) {
		case history.ProducerBegan:
			if ev.Transaction == t.number {
				began, since = true, e.At
				found = append(found, e)
			}
		case history.Transaction:
			if began && ev.ID == t.told.TransactionalID && e.At >= since && e.At <= t.entry.At {
				found = append(found, e)
			}
		case history.ProducerTold:
			if ev.Transaction == t.number {
				found = append(found, e)
			}
		}
	}
	if fault, ok := faultBefore(u.run, since); ok {
		found = append(found, fault)
	}
	return tidy(found)
}

func numbersOf(rows []*Output) []int64 {
	var all []int64
	for _, row := range rows {
		all = append(all, row.Origin.Offset)
	}
	return all
}

// recordNumbers are the first ten, as a result names them.
func recordNumbers(numbers []int64) []string {
	var names []string
	for _, n := range numbers[:min(len(numbers), 10)] {
		names = append(names, fmt.Sprintf("record %d", n))
	}
	return names
}
