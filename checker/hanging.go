package checker

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/record"
)

// What is allowed beyond a transaction's timeout: the coordinator looks every 10 s, and the markers must get
// to their partitions, perhaps after a broker came back.
const openSlack = 60 * time.Second

// defaultTransactionTimeout is that of Flink's Kafka sink.
const defaultTransactionTimeout = time.Hour

// noHangingTransaction (O4): no transaction stays undecided for longer than its timeout and some slack, neither in the
// output nor in an input that is written in transactions; and when a run has been drained, none that holds records is
// open: readers would wait for it for ever.
func noHangingTransaction(run *Run) Result {
	limits := openLimits(run)
	looked := 0
	for _, log := range transactionLogs(run) {
		for i := range log.rows {
			row := &log.rows[i]
			if row.Transaction == "" {
				continue
			}
			looked++
			switch limit, age := limits.of(row.Transaction), run.End-row.Appended; {
			case row.Fate == Open && (run.Drained || age > limit):
				r := brokenAt("hang", aboutTransaction(run, row), "transaction %s on partition %d%s is open at the end, with records from %s on: %s",
					transactionOf(row), row.Partition, log.of, moment(row.Appended), behind(log.rows[i:]))
				r.At, r.Records, r.Looked = run.End, []string{log.name(row)}, looked
				return r
			case row.Fate != Open && row.Decided-row.Appended > limit:
				r := brokenAt("hang", aboutTransaction(run, row), "transaction %s was open on partition %d%s from %s to %s; its timeout and %s of slack allow %s",
					transactionOf(row), row.Partition, log.of, moment(row.Appended), moment(row.Decided), openSlack, limit)
				r.At, r.Records, r.Looked = row.Decided, []string{log.name(row)}, looked
				return r
			}
		}
	}
	steps, hanging := undecided(run, limits)
	if looked += steps; hanging != nil {
		return *hanging
	}
	return holds(looked, "%d records and steps of transactions, none undecided for more than %s", looked, limits.longest())
}

// limits are how long transactions may be undecided: those of the sink, and those of the application before the job.
type limits struct {
	sink, upstream time.Duration
	applications   map[string]bool // transactional ids of the latter
}

func openLimits(run *Run) limits {
	l := limits{sink: defaultTransactionTimeout + openSlack, applications: map[string]bool{}}
	for _, op := range run.Pipeline.Operators {
		if op.Kind.Sink() && op.TransactionTimeout > 0 {
			l.sink = op.TransactionTimeout + openSlack
		}
	}
	if run.Upstream == nil {
		return l
	}
	l.upstream = run.Upstream.Timeout + openSlack
	for _, e := range run.Events {
		if ready, ok := e.Event.(history.ProducerReady); ok {
			l.applications[ready.TransactionalID] = true
		}
	}
	return l
}

func (l limits) of(transactionalID string) time.Duration {
	if l.applications[transactionalID] {
		return l.upstream
	}
	return l.sink
}

func (l limits) longest() time.Duration { return max(l.sink, l.upstream) }

// transactionLog is a log that holds transactions; of says which, in a sentence.
type transactionLog struct {
	of   string
	rows []Output
}

// name is how results name a record: by where it is in the job's input.
func (l transactionLog) name(row *Output) string {
	if l.of == "" {
		return row.Origin.String()
	}
	return record.Origin{Partition: row.Partition, Offset: row.Offset}.String()
}

func transactionLogs(run *Run) []transactionLog {
	logs := []transactionLog{{rows: run.Output}}
	if run.Upstream != nil {
		logs = append(logs, transactionLog{" of " + run.Upstream.Topic + ", which the job reads,", run.Upstream.Rows})
	}
	return logs
}

// behind says what the first of some rows, which is open, keeps from read_committed readers: it holds the last stable
// offset, so that is all that the partition has after it.
func behind(rows []Output) string {
	n := 0
	for i := range rows {
		if rows[i].Partition == rows[0].Partition && rows[i].Fate == Committed {
			n++
		}
	}
	return fmt.Sprintf("it holds the last stable offset at %d, and %d committed records behind that cannot be read", rows[0].Offset, n)
}

// undecided follows the steps of transactions at their coordinators, and finds one that came to no end in time. A
// transaction that is fenced ends under another epoch and perhaps another producer id; but a transactional id has one
// transaction at a time.
func undecided(run *Run, limits limits) (looked int, hanging *Result) {
	first := map[string]history.Entry{} // step that has not been answered by an end
	last := map[string]history.Entry{}
	var order []string
	for _, e := range run.Events {
		ev, ok := e.Event.(history.Transaction)
		if !ok {
			continue
		}
		looked++
		if _, seen := last[ev.ID]; !seen {
			order = append(order, ev.ID)
		}
		last[ev.ID] = e
		began, open := first[ev.ID]
		if open && e.At-began.At > limits.of(ev.ID) {
			r := brokenAt("hang", []history.Entry{began, e}, "transaction %s was undecided from %s to %s", ev.ID, moment(began.At), moment(e.At))
			return looked, &r
		}
		switch ev.State {
		case "Ongoing", "PrepareCommit", "PrepareAbort":
			if !open {
				first[ev.ID] = e
			}
		case "Fenced": // it goes on to PrepareAbort
		default:
			delete(first, ev.ID)
		}
	}
	for _, name := range order {
		began, open := first[name]
		if open && (run.Drained || run.End-began.At > limits.of(name)) {
			r := brokenAt("hang", tidy([]history.Entry{began, last[name]}), "transaction %s is %s at the end, undecided since %s",
				name, last[name].Event.(history.Transaction).State, moment(began.At))
			r.At = run.End
			return looked, &r
		}
	}
	return looked, nil
}
