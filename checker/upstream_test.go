package checker

import (
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// fed is a job whose input an application has written in transactions, and that has read all of it.
func fed() *build {
	b := job(plan.KeyedSum)
	b.Upstream = &Upstream{Topic: "orders", Timeout: time.Minute}
	return b
}

// tells is what the application was told at a second of a transaction of its records first up to next.
func (b *build) tells(at float64, transaction int32, first, next int64, outcome string) *build {
	b.note(at-1, "producer-0", history.ProducerBegan{TransactionalID: "app", Transaction: transaction, First: first})
	return b.note(at, "producer-0", history.ProducerTold{TransactionalID: "app", Transaction: transaction, First: first, Next: next, Outcome: outcome})
}

// wrote writes records of a transaction to the topic, each decided at the given second: "0 1" are their numbers.
func (b *build) wrote(at float64, transaction int32, fate Fate, records string) *build {
	for _, n := range strings.Fields(records) {
		b.Upstream.Rows = append(b.Upstream.Rows, Output{Offset: int64(len(b.Upstream.Rows)), Origin: record.Origin{Partition: transaction, Offset: number(n)},
			Transaction: "app", ProducerID: 9, Fate: fate, Appended: seconds(at - 1), Decided: seconds(at), Visible: seconds(at)})
	}
	return b
}

func TestUpstreamExactlyOnce(t *testing.T) {
	committed, aborted, unknown := history.ToldCommitted, history.ToldAborted, history.ToldUnknown
	tell(t, "upstreamExactlyOnce",
		story{"an aborted transaction is written again", fed().
			tells(2, 1, 0, 2, committed).wrote(2, 1, Committed, "0 1").
			tells(4, 2, 2, 4, aborted).wrote(4, 2, Aborted, "2 3").
			tells(6, 3, 2, 4, committed).wrote(6, 3, Committed, "2 3"), Holds, "", 0, "6 records in 3 transactions"},
		story{"one of which the outcome became known later", fed().
			tells(2, 1, 0, 1, unknown).tells(4, 1, 0, 1, committed).wrote(2, 1, Committed, "0"), Holds, "", 0, ""},
		story{"one of which the outcome never became known", fed().
			tells(2, 1, 0, 2, unknown).wrote(2, 1, Committed, "0 1"), Holds, "", 0, ""},
		story{"a late abort took half of the next transaction", fed().
			tells(2, 1, 0, 2, aborted).wrote(2, 1, Aborted, "0 1").
			tells(4, 2, 0, 2, committed).wrote(3, 2, Aborted, "0").wrote(4, 2, Committed, "1"), Broken, "lost-write", 4, "1 of its 2 records"},
		story{"a late commit did", fed().
			tells(2, 1, 0, 2, aborted).wrote(5, 1, Committed, "0").wrote(6, 1, Aborted, "1"), Broken, "aborted-read", 5, "1 of its 2 records"},
		story{"the instance died, and half of what it had written is there", fed().
			wrote(2, 1, Committed, "0").wrote(3, 1, Aborted, "1"), Broken, "torn", 2, "1 of 2 records"},
		story{"two instances wrote the same", fed().
			tells(2, 1, 0, 1, committed).wrote(2, 1, Committed, "0").
			tells(4, 2, 0, 1, committed).wrote(4, 2, Committed, "0"), Broken, "duplicate", 4, "record 0"},
		story{"it was stored twice", fed().
			tells(2, 1, 0, 1, committed).wrote(2, 1, Committed, "0 0"), Broken, "duplicate", 2, "record 0"},
		story{"the position was committed without its records", fed().
			tells(2, 1, 0, 1, unknown).wrote(2, 1, Aborted, "0").
			tells(4, 2, 1, 2, committed).wrote(4, 2, Committed, "1"), Broken, "lost-write", 100, "record 0"},
		story{"the end of the run comes in between", fed().
			tells(2, 1, 0, 1, committed).wrote(2, 1, Committed, "0").wrote(4, 2, Open, "1"), NotDecided, "", 0, "1 records"},
		story{"no application", job(plan.KeyedSum), NotDecided, "", 0, "no application"},
	)
}

// The job's own output is in order, and it waits for its input for ever.
func TestAHangingTransactionInTheInput(t *testing.T) {
	step := history.Transaction{ID: "app", ProducerID: 9, State: "Ongoing"}
	ready := history.ProducerReady{TransactionalID: "app", ProducerID: 9}
	stuck := func(b *build) *build {
		b.Drained, b.End = false, seconds(300)
		return b
	}
	tell(t, "noHangingTransaction",
		story{"all ended", fed().commit(5, "t1", "0@0=1").wrote(5, 1, Committed, "0"), Holds, "", 0, "2 records"},
		story{"a late record opened one that its coordinator knows nothing of",
			stuck(fed().note(1, "producer-0", ready).commit(5, "t1", "0@0=1").wrote(5, 1, Open, "0").wrote(6, 2, Committed, "1 2")),
			Broken, "hang", 300, "app (producer 9, epoch 0) on partition 0 of orders, which the job reads, is open at the end, with records from 4s on: " +
				"it holds the last stable offset at 0, and 2 committed records behind that"},
		story{"its coordinator cannot end it", stuck(fed().note(1, "producer-0", ready).note(4, "kafka-0", step)), Broken, "hang", 300, "app is Ongoing"},
		story{"nothing to look at", fed(), NotDecided, "", 0, ""},
	)
}
