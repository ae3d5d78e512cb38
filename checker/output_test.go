package checker

import (
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// Two keys in one partition, summed: the output of a run without faults is 1, 2, 4, 6.
func orders() *build { return job(plan.KeyedSum).in(0, "a+1 b+2 a+3 b+4") }

// The same job, of which nothing can be known: two operators write to the sink's topic.
func twoSinks() *build {
	b := orders()
	b.Pipeline.Operators = append(b.Pipeline.Operators, plan.Operator{Name: "other", Kind: plan.KafkaSink, Inputs: []id.Operator{"source"}})
	return b
}

func TestExactlyOnce(t *testing.T) {
	undrained := orders().commit(5, "t1", "0@0=1 0@1=2")
	undrained.Drained = false
	madeUp, dropped := orders(), orders()
	madeUp.op(plan.KafkaSource).Kind = plan.DataGen
	dropped.op(plan.KafkaSink).Kind = plan.Blackhole
	tell(t, "exactlyOnce",
		story{"every record is there once", orders().commit(5, "t1", "0@0=1 0@1=2").commit(9, "t2", "0@2=4 0@3=6"), Holds, "", 0, "4 expected, 4 committed"},
		story{"an aborted copy is not counted", orders().abort(4, "t0", "0@0=1").commit(5, "t1", "0@0=1 0@1=2 0@2=4 0@3=6"), Holds, "", 0, "0 duplicated"},
		story{"keys may overtake each other", orders().commit(5, "t1", "0@1=2 0@0=1 0@3=6 0@2=4"), Holds, "", 0, ""},
		story{"a transaction timed out after its checkpoint",
			orders().commit(5, "t1", "0@0=1 0@1=2").abort(70, "t2", "0@2=4 0@3=6"), Broken, Lost, 70, "transaction t2 (producer 7, epoch 1), which was aborted"},
		story{"a record never came", orders().commit(5, "t1", "0@0=1 0@1=2 0@2=4"), Broken, Lost, 100, "never reached the sink"},
		story{"a replay was committed too", orders().commit(5, "t1", "0@0=1 0@1=2 0@2=4 0@3=6").commit(8, "t2", "0@2=4"), Broken, Duplicated, 8, "record 0@2"},
		story{"a record nobody sent", orders().commit(5, "t1", "0@0=1 0@9=2"), Broken, Unexpected, 5, "no source record has this origin"},
		story{"a record of another key", orders().commit(5, "t1", "b:0@0=1"), Broken, Unexpected, 5, `its key is "b"`},
		story{"a record that the filter drops", job(plan.Filter).in(0, "a+1 a+2").commit(5, "t1", "0@0=1 0@1=2"), Broken, Unexpected, 5, "filters this source record out"},
		story{"out of order within a key", orders().commit(5, "t1", "0@2=3 0@0=4 0@1=2 0@3=6"), Broken, OutOfOrder, 5, "comes after 0@2"},
		story{"the run ended too early to tell", undrained, NotDecided, "", 0, "not drained"},
		story{"two sinks", twoSinks(), NotDecided, "", 0, "2 sinks"},
		story{"records that the job makes up itself", madeUp, NotDecided, "", 0, "no input to compare"},
		story{"records that go nowhere", dropped, NotDecided, "", 0, "no output to look at"},
		story{"no input", job(plan.KeyedSum), NotDecided, "", 0, "nothing to look at"},
	)
}

// A weaker guarantee is held to what it promises, and what it allows is still counted.
func TestWeakerGuaranteesAllowWhatTheySay(t *testing.T) {
	twice := func(g plan.Guarantee) *build {
		return orders().guarantee(g).commit(5, "", "0@0=1 0@1=2 0@2=4 0@3=6").commit(8, "", "0@2=4 0@3=6")
	}
	some := func(g plan.Guarantee) *build { return orders().guarantee(g).commit(5, "", "0@0=1") }
	tell(t, "deliveryGuarantee",
		story{"at least once, twice", twice(plan.AtLeastOnce), Holds, "", 0, "2 duplicated"},
		story{"at least once, lost", some(plan.AtLeastOnce), Broken, Lost, 100, "3 lost"},
		story{"none, twice", twice(plan.None), Holds, "", 0, "2 duplicated"},
		story{"none, lost", some(plan.None), Holds, "", 0, "3 lost"},
		story{"none, invented", orders().guarantee(plan.None).commit(5, "", "0@8=1"), Broken, Unexpected, 5, ""},
		story{"no input", job(plan.KeyedSum).guarantee(plan.None), NotDecided, "", 0, ""},
	)
	tell(t, "exactlyOnce",
		story{"a weaker sink is no excuse", twice(plan.AtLeastOnce), Broken, Duplicated, 8, "record 0@2"},
		story{"exactly once by luck", orders().guarantee(plan.AtLeastOnce).commit(5, "", "0@0=1 0@1=2 0@2=4 0@3=6"), Holds, "", 0, "4 expected"},
		story{"no input", job(plan.KeyedSum).guarantee(plan.None), NotDecided, "", 0, ""},
	)
}

func TestAuditCountsWhatReadersSaw(t *testing.T) {
	b := orders().abort(3, "t0", "0@0=1 0@1=2").commit(5, "t1", "0@0=1 0@1=2 0@2=4").open(9, "t2", "0@3=6")
	e := Audit(&b.Run)
	got := [...]int{e.Expected, e.Committed, e.Lost, e.Recovered, e.AbortedRead, e.OpenRead}
	if want := [...]int{4, 3, 1, 2, 2, 1}; got != want {
		t.Errorf("expected, committed, lost, recovered, aborted and open: %v, want %v", got, want)
	}
}

// A record that reaches the sink on two ways must come out twice.
func TestDiamondsMultiply(t *testing.T) {
	diamond := func() *build {
		b := job(plan.Map, plan.Filter).in(0, "a+1 a+2")
		b.op(plan.Filter).Inputs = []id.Operator{"source"}
		b.op(plan.KafkaSink).Inputs = []id.Operator{"map-1", "filter-2"}
		return b
	}
	tell(t, "exactlyOnce",
		story{"both ways", diamond().commit(5, "t1", "0@0=11 0@1=21 0@1=2"), Holds, "", 0, "3 expected"},
		story{"one way is missing", diamond().commit(5, "t1", "0@0=11 0@1=21"), Broken, Lost, 100, "record 0@1"},
		story{"a way too many", diamond().commit(5, "t1", "0@0=11 0@1=21 0@1=2 0@0=11"), Broken, Duplicated, 5, "record 0@0"},
		story{"no input", job(), NotDecided, "", 0, ""},
	)
	tell(t, "stateMatchesReplay",
		story{"the values of both ways", diamond().commit(5, "t1", "0@0=11 0@1=21 0@1=2"), Holds, "", 0, ""},
		story{"one way twice, the other not", diamond().commit(5, "t1", "0@0=11 0@1=21 0@1=21"), Broken, WrongValue, 5, "[21 2]"},
		story{"nothing committed", diamond(), NotDecided, "", 0, ""},
	)
}

func TestStateMatchesReplay(t *testing.T) {
	// Key a comes from two partitions: only the committed order says in which order it was summed.
	both := func() *build { return job(plan.KeyedSum).in(0, "a+1 a+3").in(1, "a+10") }
	bypass := orders()
	bypass.op(plan.KafkaSink).Inputs = []id.Operator{"keyed-sum-1", "source"}
	// The sink has fewer subtasks than the sum and gets its records in turn: those of a key are in no order.
	overtaken := func() *build {
		b := orders()
		b.op(plan.KafkaSink).Parallelism = 1
		return b
	}
	fanOut := job(plan.KeyedSum, plan.Map, plan.Map).in(0, "a+1")
	fanOut.Pipeline.Operators[3].Inputs = fanOut.Pipeline.Operators[2].Inputs
	fanOut.op(plan.KafkaSink).Inputs = []id.Operator{"map-2", "map-3"}
	tell(t, "stateMatchesReplay",
		story{"every sum is right", orders().commit(5, "t1", "0@0=1 0@1=2 0@2=4 0@3=6"), Holds, "", 0, "4 committed values"},
		story{"a lost output is not the state's fault", orders().commit(5, "t1", "0@0=1 0@1=2 0@3=6"), Holds, "", 0, ""},
		story{"a duplicate with the right value is not either", orders().commit(5, "t1", "0@0=1 0@2=4 0@2=4"), Holds, "", 0, ""},
		story{"an increment went missing", orders().commit(5, "t1", "0@0=1 0@1=2").commit(8, "t2", "0@2=3"), Broken, WrongValue, 8, `recomputing key "a" gives 4`},
		story{"a record was summed twice", orders().commit(5, "t1", "0@0=1 0@1=2 0@2=7"), Broken, WrongValue, 5, "its value is 7"},
		story{"two partitions, one order", both().commit(5, "t1", "0@0=1 1@0=11 0@1=14"), Holds, "", 0, ""},
		story{"two partitions, the other order", both().commit(5, "t1", "1@0=10 0@0=11 0@1=14"), Holds, "", 0, ""},
		story{"two partitions, an order that gives other sums", both().commit(5, "t1", "0@0=1 1@0=10 0@1=14"), Broken, WrongValue, 5, "gives 11"},
		story{"two partitions, a duplicate is not summed again", both().commit(5, "t1", "0@0=1 1@0=11").commit(6, "t2", "1@0=11 0@1=14"), Holds, "", 0, "3 committed values"},
		story{"two partitions, an aborted copy is not summed", both().abort(4, "t0", "1@0=10").commit(5, "t1", "0@0=1 1@0=11 0@1=14"), Holds, "", 0, "3 committed values"},
		story{"what nobody sent, and what has another key, is not its business", both().commit(5, "t1", "0@0=1 0@9=7 z:1@0=5 1@0=11"), Holds, "", 0, "2 committed values"},
		story{"counted, then mapped", job(plan.KeyedCount, plan.Map).in(0, "a+7 a+7").commit(5, "t1", "0@0=11 0@1=21"), Holds, "", 0, ""},
		story{"mapped, then summed", job(plan.Map, plan.KeyBy, plan.KeyedSum).in(0, "a+7 a+7").commit(5, "t1", "0@0=71 0@1=142"), Holds, "", 0, ""},
		story{"no state at all", job(plan.Map).in(0, "a+1").commit(5, "t1", "0@0=12"), Broken, WrongValue, 5, "its value is 12"},
		story{"two ways that cannot be told apart", bypass.commit(5, "t1", "0@0=1"), NotDecided, "", 0, "other operators with state"},
		story{"at least once, from two partitions", both().guarantee(plan.AtLeastOnce).commit(5, "", "0@0=1"), NotDecided, "", 0, "tells nothing of the order"},
		story{"overtaken after the sum, from one partition", overtaken().commit(5, "t1", "0@2=4 0@1=2 0@0=1"), Holds, "", 0, "3 committed values"},
		story{"overtaken after the sum, and wrong", overtaken().commit(5, "t1", "0@2=5"), Broken, WrongValue, 5, "gives 4"},
		story{"overtaken after the sum, from two partitions", overtaken().in(1, "a+10").commit(5, "t1", "0@0=1"), NotDecided, "", 0, "tells nothing of the order"},
		story{"the sums reach the sink on two ways", fanOut.commit(5, "t1", "0@0=1"), NotDecided, "", 0, "on several ways"},
		story{"a filter after the sum", job(plan.KeyedSum, plan.Filter).in(0, "a+1"), NotDecided, "", 0, "after an operator with state"},
	)
}

// One transaction on two partitions; the second one's leader is down, and its marker comes a minute later.
// Kafka allows that, and a checker that fires is wrong.
func partitionsOutOfStep() *build {
	b := orders().commit(5, "t1", "0@0=1 0@2=4").commit(65, "t1", "0@1=2 0@3=6")
	for i := range b.Output {
		b.Output[i].Partition, b.Output[i].Appended = int32(i/2), seconds(4)
	}
	return b
}

func TestMovingCut(t *testing.T) {
	prepared := func(b *build, next int64) *build {
		return b.note(3, "tm", history.SourcePosition{Checkpoint: 1, Partitions: []int32{0}, Next: []int64{next}}).
			note(4, "tm", history.SinkPrecommitted{Checkpoint: 1, Transaction: "t1", ProducerID: 7, Epoch: 1})
	}
	tell(t, "movingCut",
		story{"it moves on with every commit", orders().commit(5, "t1", "0@0=1 0@1=2").commit(8, "t2", "0@2=4 0@3=6"), Holds, "", 0, "2 commits"},
		story{"two partitions learn of one commit at different times", partitionsOutOfStep(), Holds, "", 0, "2 commits"},
		story{"what is still to come is not lost", orders().commit(5, "t1", "0@0=1"), Holds, "", 0, "1 commits"},
		story{"a commit jumps over a record", orders().abort(5, "t1", "0@0=1 0@1=2").commit(8, "t2", "0@2=4 0@3=6"), Broken, Lost, 8, "0@0 of the same key must come before"},
		story{"a commit goes back", orders().commit(5, "t1", "0@0=1 0@2=4").commit(8, "t2", "0@2=4"), Broken, Duplicated, 8, "transaction t2"},
		story{"at least once may go back", orders().guarantee(plan.AtLeastOnce).commit(5, "", "0@0=1 0@2=4").commit(8, "", "0@0=1 0@2=4"), Holds, "", 0, ""},
		story{"at least once may not jump", orders().guarantee(plan.AtLeastOnce).commit(5, "", "0@2=4"), Broken, Lost, 5, ""},
		story{"two records change places", orders().commit(5, "t1", "0@2=3 0@0=4"), Broken, Lost, 5, "must come before"},
		story{"an invented record", orders().commit(5, "t1", "0@7=3"), Broken, Unexpected, 5, ""},
		story{"what the filter drops is not waited for", job(plan.Filter).in(0, "a+1 a+2 a+3 a+4").commit(5, "t1", "0@1=2").commit(6, "t2", "0@3=4"), Holds, "", 0, "2 commits"},
		story{"what the filter drops is committed", job(plan.Filter).in(0, "a+1 a+2").commit(5, "t1", "0@0=1"), Broken, Unexpected, 5, "filters"},
		story{"within the checkpoint's cut", prepared(orders().commit(5, "t1", "0@0=1 0@1=2"), 2), Holds, "", 0, ""},
		story{"beyond the checkpoint's cut", prepared(orders().commit(5, "t1", "0@0=1 0@1=2 0@2=4"), 2), Broken, BeyondCut, 5, "before offset 2"},
		story{"a sink that promises nothing", orders().guarantee(plan.None), NotDecided, "", 0, "promises no cut"},
	)
}

func TestMovingCutWithoutOrder(t *testing.T) {
	rebalanced := func() *build {
		b := job(plan.Map).in(0, "a+1 a+2")
		b.op(plan.Map).Parallelism = 3
		return b
	}
	tell(t, "movingCut",
		story{"records of a key may overtake", rebalanced().commit(5, "t1", "0@1=21 0@0=11"), Holds, "", 0, "does not keep the order"},
		story{"and still come once", rebalanced().commit(5, "t1", "0@1=21").commit(6, "t2", "0@1=21"), Broken, Duplicated, 6, ""},
		story{"nothing committed", rebalanced(), NotDecided, "", 0, ""},
	)
}

// Windows of 10 ms: key a has 1+2 in the first and 5 in the second, key b has 4 in the first. The last
// record only moves the watermark.
func windows() *build { return oneReader().in(0, "a+1@1 a+2@8 b+4@9 a+5@12 z+0@40") }

func oneReader() *build {
	b := job(plan.Tumble)
	b.op(plan.KafkaSource).Parallelism = 1
	return b
}

// A checkpoint is taken when the source stands at an offset, and later restored.
func (b *build) restoredAt(offset int64) *build {
	return b.note(3, "tm", history.SourcePosition{Checkpoint: 1, Partitions: []int32{0}, Next: []int64{offset}}).
		note(4, "jm", history.RestoreStarted{Checkpoint: 1, Global: true})
}

func TestWindows(t *testing.T) {
	undrained := windows().commit(5, "t1", "a/10=3*2")
	undrained.Drained = false
	idleReader := windows().commit(5, "t1", "a/10=3*2")
	idleReader.op(plan.KafkaSource).Parallelism = 2
	late := func() *build { return oneReader().in(0, "a+1@1 b+1@25 a+2@8 z+0@40") }
	tell(t, "exactlyOnce",
		story{"each window once", windows().commit(5, "t1", "a/10=3*2 b/10=4*1 a/20=5*1"), Holds, "", 0, "4 expected, 4 committed"},
		story{"the last window is not due", windows().commit(5, "t1", "a/10=3*2 b/10=4*1 a/20=5*1 z/50=0*1"), Holds, "", 0, ""},
		story{"the last window is due when the input has ended",
			windows().commit(5, "t1", "a/10=3*2 b/10=4*1 a/20=5*1").note(9, "jm", history.JobStatus{Status: "FINISHED"}), Broken, Lost, 100, "z/50"},
		story{"a partition without records holds every window back",
			windows().in(1, "").commit(5, "t1", "a/10=3*2"), NotDecided, "", 0, "nothing to look at"},
		story{"so does a reader without a partition", idleReader, NotDecided, "", 0, "nothing to look at"},
		story{"event time begins anew at a restore: nothing is due that was not due before it",
			windows().restoredAt(5).commit(5, "t1", "a/10=3*2 b/10=4*1 a/20=5*1"), Holds, "", 0, "4 expected"},
		story{"what the checkpoint had not seen moves it again",
			windows().restoredAt(1).commit(5, "t1", "a/10=3*2 a/20=5*1"), Broken, Lost, 100, "record b/10: the window never came out"},
		story{"a checkpoint at the end, after one that had seen nothing, leaves nothing due",
			oneReader().in(0, "a+1@1 z+0@5").restoredAt(2), NotDecided, "", 0, "nothing to look at"},
		story{"a window never fired", windows().commit(5, "t1", "a/10=3*2 a/20=5*1"), Broken, Lost, 100, "record b/10: the window never came out"},
		story{"a window fired twice", windows().commit(5, "t1", "a/10=3*2 b/10=4*1 a/20=5*1").commit(8, "t2", "b/10=4*1"), Broken, Duplicated, 8, "b/10"},
		story{"a window lost a record", windows().commit(5, "t1", "a/10=2*1 b/10=4*1 a/20=5*1"), Broken, Lost, 5, "counted 1 records of 2"},
		story{"a window counted a record twice", windows().commit(5, "t1", "a/10=4*3 b/10=4*1 a/20=5*1"), Broken, Duplicated, 5, "counted 3 records of 2"},
		story{"a window of nothing", windows().commit(5, "t1", "c/10=4*1"), Broken, Unexpected, 5, "no such window"},
		story{"windows in the wrong order", windows().commit(5, "t1", "a/20=5*1 a/10=3*2 b/10=4*1"), Broken, OutOfOrder, 5, "a/10"},
		story{"a late record was dropped", late().commit(5, "t1", "a/10=1*1 b/30=1*1"), Holds, "", 0, ""},
		story{"a late record was in time", late().commit(5, "t1", "a/10=3*2 b/30=1*1"), Holds, "", 0, ""},
		story{"the run ended too early", undrained, NotDecided, "", 0, ""},
	)
	tell(t, "stateMatchesReplay",
		story{"sums and counts", windows().commit(5, "t1", "a/10=3*2 b/10=4*1"), Holds, "", 0, "2 committed windows"},
		story{"a wrong sum", windows().commit(5, "t1", "a/10=4*2"), Broken, WrongValue, 5, "recomputing gives 3 of 2"},
		story{"a late record", late().commit(5, "t1", "a/10=1*1"), Holds, "", 0, ""},
		story{"too many late records", late().commit(5, "t1", "a/10=1*3"), Broken, WrongValue, 5, "between 1 and 2"},
		story{"no window", windows(), NotDecided, "", 0, ""},
	)
	tell(t, "movingCut",
		story{"window after window", windows().commit(5, "t1", "a/10=3*2").commit(8, "t2", "a/20=5*1"), Holds, "", 0, "2 commits"},
		story{"a commit jumps over a window", windows().abort(5, "t1", "a/10=3*2").commit(8, "t2", "a/20=5*1"), Broken, Lost, 8, "window a/10 must come before"},
		story{"a window comes back", windows().commit(5, "t1", "a/10=3*2 a/20=5*1").commit(8, "t2", "a/10=3*2"), Broken, Duplicated, 8, ""},
		story{"no window", windows(), NotDecided, "", 0, ""},
	)
}

// The cut shows the commit that jumped, and what became of the record that it jumped over.
func TestTheCutShowsBothTransactions(t *testing.T) {
	b := orders().abort(5, "t1", "0@0=1").commit(8, "t2", "0@2=3").
		note(5, "kafka", history.MarkerAppended{ID: "t1", ProducerID: 7}).
		note(8, "kafka", history.MarkerAppended{ID: "t2", ProducerID: 7, Commit: true})
	r := movingCut(&b.Run)
	if len(r.Evidence) != 2 || strings.Join(r.Records, " ") != "0@2 0@0" {
		t.Errorf("%v %v", r.Records, r.Evidence)
	}
	w := windows().commit(8, "t2", "a/20=5*1")
	if r := movingCut(&w.Run); strings.Join(r.Records, " ") != "a/20 a/10" {
		t.Errorf("%v", r.Records)
	}
}

// The evidence of a loss is what a person would look up: the fault, the transaction's steps, its checkpoint.
func TestEvidenceTellsTheStoryOfALoss(t *testing.T) {
	b := orders().commit(5, "t1", "0@0=1 0@1=2").abort(70, "t2", "0@2=4 0@3=6").
		note(1, "jm", history.CheckpointCompleted{Checkpoint: 1}).
		note(7, "tm", history.SinkPrecommitted{Checkpoint: 2, Transaction: "t2", ProducerID: 7, Epoch: 1}).
		note(8, "jm", history.CheckpointCompleted{Checkpoint: 2}).
		note(9, "world", history.FaultStarted{Fault: "down-90s", Inject: "cluster.pause"}).
		note(60, "kafka", history.Transaction{ID: "t1", ProducerID: 9, State: "CompleteCommit"}).
		note(69, "kafka", history.Transaction{ID: "t2", ProducerID: 7, State: "PrepareAbort", Cause: "timeout"}).
		note(70, "kafka", history.MarkerAppended{ID: "t2", ProducerID: 7})
	var kinds []string
	for _, e := range Judge(&b.Run, []string{"exactlyOnce"})[0].Evidence {
		kinds = append(kinds, e.Event.Kind())
	}
	want := "sink.precommitted checkpoint.completed fault.started txn.prepareabort marker.appended"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
