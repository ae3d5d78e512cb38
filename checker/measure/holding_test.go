package measure

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// topic is a log that a test writes by hand, and what coordinators and writers note meanwhile. A transaction has a
// producer of its own.
type topic struct {
	checker.Run
	producers map[string]int64
}

func newTopic(end float64) *topic { return &topic{checker.Run{End: seconds(end)}, map[string]int64{}} }

// writes appends records of a transaction, at some seconds, decided at another; decided at 0 they are open.
func (l *topic) writes(partition int32, transaction string, decided float64, ats ...float64) *topic {
	if l.producers[transaction] == 0 {
		l.producers[transaction] = int64(len(l.producers)) + 1
	}
	for _, at := range ats {
		out := checker.Output{Partition: partition, Offset: int64(len(l.Output)), Count: 1, Transaction: transaction,
			ProducerID: l.producers[transaction], Appended: seconds(at), Decided: seconds(decided), Visible: seconds(decided)}
		if decided == 0 {
			out.Fate, out.Decided, out.Visible = checker.Open, never, never
		}
		l.Output = append(l.Output, out)
	}
	return l
}

// is notes a state of a transaction at its coordinator.
func (l *topic) is(at float64, transaction, state string) *topic {
	l.Events = append(l.Events, history.Entry{At: seconds(at), Event: history.Transaction{ID: transaction, State: state}})
	return l
}

// holds compares who held the last stable offsets: "0@7 a 1..5 of sink-0" is transaction a, on partition 0 with the last
// stable offset at 7, between two seconds, and by whom. A decision and a time from when on it hangs follow if there are.
func (l *topic) holds(t *testing.T, want ...string) []Holding {
	t.Helper()
	all := Holdings("out", l.Output, l.Events, l.End)
	var got []string
	for _, h := range all {
		text := fmt.Sprintf("%d@%d %s %v..%v", h.Partition, h.Offset, h.Transaction, h.From.Seconds(), h.To.Seconds())
		if h.Writer != (id.Subtask{}) {
			text += fmt.Sprintf(" of %v", h.Writer)
		}
		if h.Decided < h.Hanging {
			text += fmt.Sprintf(" decided %v", h.Decided.Seconds())
		}
		if h.Hanging < h.To {
			text += fmt.Sprintf(" hanging %v", h.Hanging.Seconds())
		}
		if h.From > h.Decided || h.Decided > h.Hanging || h.Hanging > h.To {
			t.Errorf("the times of %+v are not in order", h)
		}
		got = append(got, text)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("held:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return all
}

// Two transactions after each other: nobody holds anything between them, nor on a partition that neither wrote to.
func TestALoneTransactionHoldsTheLastStableOffset(t *testing.T) {
	newTopic(100).writes(0, "a", 5, 1, 2).writes(0, "b", 9, 7).writes(2, "a", 6, 3).holds(t,
		"0@0 a 1..5", "0@2 b 7..9", "2@3 a 3..6")
}

// The oldest holds, and the next one only from the moment when the oldest is decided. One that comes and goes
// meanwhile has kept nobody waiting.
func TestTheOldestUndecidedHolds(t *testing.T) {
	newTopic(100).writes(0, "slow", 20, 1).writes(0, "quick", 6, 2).writes(0, "next", 25, 3).writes(0, "slow", 20, 4).holds(t,
		"0@0 slow 1..20", "0@2 next 20..25")
}

// One transaction on two partitions holds both, although one moment decides it on both.
func TestATransactionHoldsEveryPartitionOfIts(t *testing.T) {
	newTopic(100).writes(0, "a", 5, 1).writes(1, "a", 5, 2).holds(t, "0@0 a 1..5", "1@1 a 2..5")
}

// A record without a transaction is decided as it is written.
func TestPlainRecordsHoldNothing(t *testing.T) {
	l := newTopic(100).writes(0, "", 1, 1).writes(0, "a", 5, 2)
	l.Output[0].Decided = l.Output[0].Appended
	l.holds(t, "0@1 a 2..5")
}

// One producer, one transaction after another under the same epoch, as before transaction version 2: their markers
// tell them apart.
func TestOneProducerHoldsAgainAndAgain(t *testing.T) {
	newTopic(100).writes(0, "a", 5, 1, 2).writes(0, "a", 9, 6, 7).writes(0, "a", 0, 30).holds(t,
		"0@0 a 1..5", "0@2 a 6..9", "0@4 a 30..100")
}

// A transaction is open until its coordinator has decided, and prepared until its marker is there.
func TestWhyATransactionHolds(t *testing.T) {
	l := newTopic(100).is(1, "a", "Ongoing").is(4, "a", "PrepareCommit").writes(0, "a", 9, 1)
	if h := l.holds(t, "0@0 a 1..9 decided 4")[0]; h.Why() != "prepared" || h.Took() != seconds(8) {
		t.Errorf("it held for %s, %s", h.Took(), h.Why())
	}
	l.is(9.1, "a", "CompleteCommit").is(10, "a", "Ongoing").is(19, "a", "Fenced").is(19, "a", "PrepareAbort").writes(0, "a", 20, 10)
	if h := l.holds(t, "0@0 a 1..9 decided 4", "0@1 a 10..20 decided 19")[1]; h.Why() != "open" {
		t.Errorf("the second held, %s", h.Why())
	}
}

// A request of a producer arrives when its transaction is over: nobody will ever decide what it has written. It hangs
// from the start, and so does a partition that was forgotten when the others got their markers.
func TestWhatNobodyWillDecideHangs(t *testing.T) {
	l := newTopic(100).is(1, "late", "Ongoing").is(4, "late", "PrepareAbort").is(5, "late", "CompleteAbort").
		is(20, "missed", "Ongoing").is(24, "missed", "PrepareCommit").is(25, "missed", "CompleteCommit").
		writes(0, "late", 4.5, 2).writes(0, "late", 0, 6).
		writes(1, "missed", 0, 21)
	all := l.holds(t, "0@0 late 2..4.5 decided 4", "0@1 late 6..100 hanging 6", "1@2 missed 21..100 decided 24 hanging 25")
	for _, h := range all[1:] {
		if h.Why() != "hanging" {
			t.Errorf("%s held, %s", h.Transaction, h.Why())
		}
	}
}

// Who is followed through a real Kafka sees a marker somewhat later than the coordinator's last word.
func TestALateMarkerIsNotAHangingTransaction(t *testing.T) {
	newTopic(100).is(1, "a", "Ongoing").is(4, "a", "PrepareCommit").is(5, "a", "CompleteCommit").writes(0, "a", 5.9, 2).
		holds(t, "0@0 a 2..5.9 decided 4")
}

// A history may begin after its transactions, or miss a beginning: what is written belongs to the decision that follows.
func TestABeginningThatNobodyNoted(t *testing.T) {
	newTopic(100).is(4, "a", "PrepareCommit").is(5, "a", "CompleteCommit").is(8, "a", "PrepareCommit").is(9, "a", "CompleteCommit").
		writes(0, "a", 4.5, 2).writes(0, "a", 8.5, 6).holds(t, "0@0 a 2..4.5 decided 4", "0@1 a 6..8.5 decided 8")
}

// Names go from one writer to another after a restart: what counts is who had it then.
func TestTheWriterIsNamed(t *testing.T) {
	l := newTopic(100).writes(0, "a", 5, 1).writes(0, "b", 9, 6).writes(0, "a", 15, 11)
	by := func(subtask int) id.Attempt { return id.Attempt{Vertex: "sink", Subtask: subtask} }
	l.Events = history.History{
		{At: seconds(1), Event: history.SinkWrite{Attempt: by(0), Transaction: "a"}},
		{At: seconds(11), Event: history.SinkPrecommitted{Attempt: by(1), Transaction: "a"}}}
	l.holds(t, "0@0 a 1..5 of "+by(0).Of().String(), "0@1 b 6..9", "0@2 a 11..15 of "+by(1).Of().String())
}

// A job that died at 42 s has written for two seconds what was aborted, and writes it again later: a reader of
// uncommitted records sees it, and sees it twice; and all else up to a checkpoint's interval before the others.
func TestWhatReadersOfUncommittedRecordsSaw(t *testing.T) {
	b := killed()
	m := Of(&b.Run, seconds(1))
	u := m.Uncommitted
	if u.Records != len(b.Output) || u.Undecided != 0 {
		t.Errorf("%+v of %d records", u, len(b.Output))
	}
	if u.Dirty < 199 || u.Dirty > 201 || u.Twice != u.Dirty {
		t.Errorf("%d records were of aborted transactions and %d came twice, want 200", u.Dirty, u.Twice)
	}
	near(t, "the median lead", u.AheadP50, seconds(5.5), 0.5)
	near(t, "the longest lead", u.AheadMax, seconds(10.5), 0.1)
	for name, want := range map[string]float64{"uncommitted.dirty": float64(u.Dirty), "uncommitted.ahead.max": u.AheadMax.Seconds()} {
		if got, ok := m.Metrics.Of(name, Whole); !ok || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	b.Output[7].Fate = checker.Open
	if u := Of(&b.Run, seconds(1)).Uncommitted; u.Undecided != 1 {
		t.Errorf("%+v", u)
	}
}

// Where there are no transactions, nobody is ahead of anybody, and nothing is said.
func TestWithoutTransactionsNothingIsHeld(t *testing.T) {
	b := killed()
	for i := range b.Output {
		b.Output[i].Transaction = ""
	}
	m := Of(&b.Run, seconds(1))
	if len(m.Holdings) != 0 {
		t.Errorf("held: %+v", m.Holdings)
	}
	if _, ok := m.Metrics.Of("lastStableOffset.held", Whole); ok {
		t.Error("there is a metric of it")
	}
}
