package fault

import (
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

func triggered(n id.Checkpoint) history.Event { return history.CheckpointTriggered{Checkpoint: n} }
func completed(n id.Checkpoint) history.Event { return history.CheckpointCompleted{Checkpoint: n} }

// The leader dies at the third trigger, before anything that follows it: inside Observe.
func TestFiresAtTheStepItself(t *testing.T) {
	w := newFake(t, nil, "jobmanager.kill @checkpoint.triggered#3 target=leader")
	w.note(triggered(1))
	w.note(triggered(2))
	w.wants()
	w.now = 30 * time.Second
	w.note(triggered(3))
	w.wants("30s kill jm-0")
	w.note(triggered(4)) // once is enough
	w.wants("30s kill jm-0")
	w.run(time.Hour)
	w.wants("30s kill jm-0")
}

func TestPlusWaits(t *testing.T) {
	w := newFake(t, nil, "taskmanager.kill @checkpoint.completed#2+45s target=hosting:sink-0")
	w.now = 20 * time.Second
	w.note(completed(1))
	w.note(completed(2))
	w.wants()
	w.run(time.Minute)
	w.wants()
	w.run(2 * time.Minute)
	w.wants("1m5s kill tm-1")
}

func TestEveryMatch(t *testing.T) {
	w := newFake(t, nil, "ha.lease.lose @checkpoint.completed#2/2")
	for n := range 6 {
		w.now = time.Duration(n+1) * time.Second
		w.note(completed(id.Checkpoint(n + 1)))
	}
	w.wants("2s revoke lease of jm-0", "4s revoke lease of jm-0", "6s revoke lease of jm-0")
}

// Two applications on one Kafka: a fault is aimed at one of them, and set off by the events of one of them.
func TestEachApplicationHasFaultsOfItsOwn(t *testing.T) {
	w := newFake(t, nil,
		"taskmanager.kill @checkpoint.completed target=all",
		"taskmanager.kill @checkpoint.completed[application=totals] target=totals/all",
		"jobmanager.kill @30s target=totals/leader")
	w.up[TaskManager] = append(w.up[TaskManager], "tm-totals-0")
	w.now = time.Second
	w.noteOf("tm-totals-0", completed(1))
	w.wants("1s kill tm-totals-0")
	w.now = 2 * time.Second
	w.noteOf("tm-0", completed(1))
	w.wants("1s kill tm-totals-0", "2s kill tm-0", "2s kill tm-1", "2s kill tm-2")
	w.run(time.Minute)
	w.wants("1s kill tm-totals-0", "2s kill tm-0", "2s kill tm-1", "2s kill tm-2", "30s kill jm-totals-0")
}

func TestAtEveryFor(t *testing.T) {
	w := newFake(t, nil, "jobmanager.pause @10s every 1m for 5s target=name:jm-1")
	w.run(80 * time.Second)
	w.wants("10s pause jm-1", "15s resume jm-1", "1m10s pause jm-1", "1m15s resume jm-1")
}

func TestConditionsOnEvents(t *testing.T) {
	w := newFake(t, nil, "taskmanager.kill @snapshot.taken[operator=sum,subtask=1,checkpoint=5] target=name:tm-0")
	taken := func(n id.Checkpoint, subtask int, operators ...id.Operator) history.Event {
		return history.SnapshotTaken{Checkpoint: n, Attempt: id.Attempt{Vertex: "v", Subtask: subtask}, Operators: operators}
	}
	w.note(taken(4, 1, "sum"))
	w.note(taken(5, 0, "sum"))
	w.note(taken(5, 1, "source"))
	w.note(history.CheckpointAborted{Checkpoint: 5})
	w.wants()
	w.note(taken(5, 1, "map", "sum"))
	w.wants("0s kill tm-0")
}

// A fault can wait for another one, by its start or by what comes after it.
func TestFaultDuringAFault(t *testing.T) {
	w := newFake(t, nil,
		"objectstore.outage @1m for 3m name=s3-down operations=PUT,GET",
		"taskmanager.kill @fault.started[fault=s3-down]+45s target=name:tm-0",
		"jobmanager.kill @checkpoint.triggered[after=s3-down]")
	w.note(triggered(1))
	w.run(70 * time.Second)
	w.note(triggered(2))
	w.run(10 * time.Minute)
	w.wants("1m0s objectstore http-503 PUT+GET", "1m10s kill jm-0", "1m45s kill tm-0", "4m0s objectstore is well")
}

// A store that is full takes nothing more, and gives what it has.
func TestAFullStore(t *testing.T) {
	w := newFake(t, nil, "objectstore.full @1m for 1m")
	w.run(10 * time.Minute)
	w.wants("1m0s objectstore http-503 PUT", "2m0s objectstore is well")
}

// What is wrong with a service in two ways stays so in one when the other is over.
func TestWhatIsWrongWithAServiceAddsUp(t *testing.T) {
	w := newFake(t, nil, "kafka.markers.slow @1m for 3m", "kafka.lost-answer @2m for 1m operations=EndTxn", "kafka.lost-answer @2m for 3m operations=Produce",
		"objectstore.full @2m for 1m")
	w.run(10 * time.Minute)
	w.wants("1m0s kafka slow-markers", "2m0s kafka slow-markers, lost-answer EndTxn", "2m0s kafka slow-markers, lost-answer EndTxn, lost-answer Produce",
		"2m0s objectstore http-503 PUT", "3m0s kafka slow-markers, lost-answer Produce", "3m0s objectstore is well", "4m0s kafka lost-answer Produce", "5m0s kafka is well")
}

// Several faults at one event fire in the order of the file, and a fault with no delay that waits for
// another's start sees it complete.
func TestOrderAtOneEvent(t *testing.T) {
	w := newFake(t, nil,
		"taskmanager.kill @fault.started[fault=b] target=name:tm-2",
		"ha.unavailable @checkpoint.completed name=b",
		"taskmanager.kill @checkpoint.completed target=name:tm-0")
	w.note(completed(1))
	w.wants("0s ha unavailable", "0s kill tm-0", "0s kill tm-2")
}

func TestStopUndoesInReverse(t *testing.T) {
	w := newFake(t, nil, "network.partition @1s target=name:tm-0<->name:jm-0", "ha.unavailable @2s", "taskmanager.pause @3s for 1h target=name:tm-1",
		"jobmanager.kill @2h")
	w.run(time.Minute)
	w.log = nil
	if got := w.in.Active(); !slices.Equal(got, []string{"f1", "f2", "f3"}) {
		t.Errorf("in force: %v", got)
	}
	w.in.Stop()
	w.wants("1m0s resume tm-1", "1m0s ha is well", "1m0s heal tm-0->jm-0", "1m0s heal jm-0->tm-0")
	w.run(10 * time.Hour) // neither the timers of undone faults nor the kill do anything now
	if len(w.log) != 4 {
		t.Errorf("after Stop: %q", w.log[4:])
	}
	if got := w.in.Missed(); !slices.Equal(got, []string{"f4"}) {
		t.Errorf("missed %v, want f4", got)
	}
}

func TestPartitionDirections(t *testing.T) {
	for line, want := range map[string][]string{
		"network.partition @0s target=name:tm-0->jobmanager:all":                           {"0s cut tm-0->jm-0", "0s cut tm-0->jm-1"},
		"network.partition @0s target=name:tm-0<-jobmanager:all":                           {"0s cut jm-0->tm-0", "0s cut jm-1->tm-0"},
		"network.partition @0s target=name:tm-0<->name:jm-0":                               {"0s cut jm-0->tm-0", "0s cut tm-0->jm-0"},
		"network.loss @0s target=leader->kafka percent=25":                                 {"0s link jm-0->kafka delay 0s loss 0.25"},
		"network.delay @0s target=jobmanager:name:jm-1->objectstore:all,ha:all delay=10ms": {"0s link jm-1->ha delay 10ms loss 0", "0s link jm-1->store delay 10ms loss 0"},
		"network.reset @0s target=name:tm-0<->jobmanager:all":                              {"0s reset jm-0-tm-0", "0s reset jm-1-tm-0"},
	} {
		w := newFake(t, nil, line)
		w.run(time.Second)
		w.wants(want...)
	}
}

// Without a second side, a process is cut off from everybody else.
func TestIsolation(t *testing.T) {
	w := newFake(t, nil, "network.partition @0s target=kafka")
	w.run(time.Second)
	if len(w.log) != 16 {
		t.Errorf("%d links cut, want both ways to 8 others: %q", len(w.log), w.log)
	}
}

// Two faults may hold the same thing: the end of one must not heal the other.
func TestOverlap(t *testing.T) {
	w := newFake(t, nil,
		"network.partition @1s for 10s target=name:tm-0->name:jm-0",
		"network.delay @5s for 20s target=name:tm-0->name:jm-0 delay=1s",
		"jobmanager.pause @1s for 10s target=name:jm-1", "cluster.pause @5s for 2s")
	w.run(time.Minute)
	var links, pauses []string
	for _, line := range w.log {
		if slices.Contains([]string{"1s pause jm-1", "5s pause jm-1", "7s pause jm-1", "11s resume jm-1", "7s resume jm-1"}, line) {
			pauses = append(pauses, line)
		}
		if len(line) > 10 && line[len(line)-len("jm-0"):] != "jm-0" && line[:2] != "5s" && line[len(line)-4:] != "jm-1" {
			links = append(links, line)
		}
	}
	if !slices.Equal(pauses, []string{"1s pause jm-1", "5s pause jm-1", "7s pause jm-1", "11s resume jm-1"}) {
		t.Errorf("pauses of jm-1: %q", pauses)
	}
	if !slices.Contains(w.log, "11s link tm-0->jm-0 delay 1s loss 0") || !slices.Contains(w.log, "25s heal tm-0->jm-0") {
		t.Errorf("when the partition ends the delay must stay until 25s: %q %q", links, w.log)
	}
}

// A victim that dies takes its fault with it.
func TestVictimDies(t *testing.T) {
	w := newFake(t, nil, "taskmanager.pause @1s for 1m target=name:tm-0", "taskmanager.kill @10s target=name:tm-0")
	w.run(time.Hour)
	w.wants("1s pause tm-0", "10s kill tm-0")
	last := w.history[len(w.history)-1].Event
	if e, ok := last.(history.FaultEnded); !ok || e.Result != "its victim died first" {
		t.Errorf("last event is %+v", last)
	}
	if len(w.in.Failures()) != 0 {
		t.Errorf("failures: %+v", w.in.Failures())
	}
}

// What is wrong with a broker stays wrong when it dies of it, and is undone in the end.
func TestAFullDiskOutlivesItsBroker(t *testing.T) {
	w := newFake(t, nil, "kafka.disk.full @1s for 1m")
	w.run(2 * time.Second)
	w.die("kafka")
	w.run(time.Hour)
	w.wants("1s broker kafka full true produce 0 fetch 0", "1m1s broker kafka full false produce 0 fetch 0")
	last := w.history[len(w.history)-1].Event
	if e, ok := last.(history.FaultEnded); !ok || e.Result != "undone" {
		t.Errorf("last event is %+v", last)
	}
}

// A wrong clock is the machine's: it outlives the process, and is gone with the machine.
func TestAWrongClockOutlivesItsProcess(t *testing.T) {
	for cause, want := range map[string][]string{
		"killed":            {"1s clock kafka 20m0s x1", "1m1s clock kafka 0s x1"},
		history.MachineLost: {"1s clock kafka 20m0s x1"},
	} {
		w := newFake(t, nil, "clock.skew @1s for 1m target=kafka:all jump=20m")
		w.run(2 * time.Second)
		w.note(history.ProcessStopped{Name: "kafka", Cause: cause})
		w.run(time.Hour)
		w.wants(want...)
	}
}

func TestNobodyToHit(t *testing.T) {
	w := newFake(t, nil, "jobmanager.kill @1s", "jobmanager.kill @2s")
	w.run(time.Minute)
	w.wants("1s kill jm-0")
	if f := w.in.Failures(); len(f) != 1 || f[0].Reason != "nobody leads at this moment" || f[0].Refused {
		t.Errorf("failures: %+v", f)
	}
	if got := w.in.Missed(); !slices.Equal(got, []string{"f2"}) {
		t.Errorf("missed %v, want f2", got)
	}
}

func TestMaxAffected(t *testing.T) {
	w := newFake(t, map[Role]int{TaskManager: 1}, "taskmanager.kill @1s target=name:tm-0", "taskmanager.pause @2s for 1s target=name:tm-1",
		"jobmanager.kill @3s", "taskmanager.pause @5s for 1s target=name:tm-2")
	w.run(4 * time.Second)
	w.wants("1s kill tm-0", "3s kill jm-0")
	f := w.in.Failures()
	if len(f) != 1 || !f[0].Refused || f[0].Reason != "safety.maxAffected allows 1 taskmanager at a time; tm-1 would make it 2" {
		t.Fatalf("failures: %+v", f)
	}
	w.note(history.ProcessStarted{Name: "tm-0", Boot: 2}) // it is back: there is room for another
	w.run(time.Minute)
	w.wants("1s kill tm-0", "3s kill jm-0", "5s pause tm-2", "6s resume tm-2")
}

// The same seed picks the same victims; a fault added before it changes nothing.
func TestPicksAreStable(t *testing.T) {
	picks := func(lines ...string) (hit []string) {
		w := newFake(t, nil, lines...)
		w.run(time.Minute)
		for _, e := range w.history {
			if s, ok := e.Event.(history.FaultStarted); ok && s.Fault == "x" {
				hit = append(hit, s.Targets...)
			}
		}
		return hit
	}
	x := "taskmanager.pause @1s..9s every 1s for 10ms target=taskmanager:one name=x"
	alone := picks(x)
	if len(alone) < 50 || !slices.Equal(alone, picks(x)) || !slices.Equal(alone, picks("ha.lease.lose @0s", x)) {
		t.Errorf("picks differ or are few: %v", alone)
	}
	for _, tm := range []string{"tm-0", "tm-1", "tm-2"} {
		if !slices.Contains(alone, tm) {
			t.Errorf("%s was never picked: %v", tm, alone)
		}
	}
	if n := len(picks("taskmanager.pause @1s for 1s target=fixed-percent:50 name=x")); n != 2 {
		t.Errorf("50%% of 3 is %d, want 2", n)
	}
}

// What two faults make wrong with one broker is the sum of it, and the end of one leaves the other in force.
func TestABrokerHasTwoFaults(t *testing.T) {
	w := newFake(t, nil, "kafka.disk.full @1s for 4s", "kafka.throttle @2s for 1s operations=Fetch",
		"kafka.throttle @4s for 3s bytes-per-second=500")
	w.run(10 * time.Second)
	w.wants("1s broker kafka full true produce 0 fetch 0",
		"2s broker kafka full true produce 0 fetch 10000",
		"3s broker kafka full true produce 0 fetch 0",
		"4s broker kafka full true produce 500 fetch 500",
		"5s broker kafka full false produce 500 fetch 500",
		"7s broker kafka full false produce 0 fetch 0")
}

// Two faults that set each other off must end.
func TestMutualTriggersEnd(t *testing.T) {
	w := newFake(t, nil, "ha.lease.lose @fault.started[fault=b]/1 name=a", "ha.lease.lose @fault.started[fault=a]/1 name=b",
		"ha.lease.lose @1s name=a2", "network.reset @fault.started[fault=a2] name=b2", "ha.lease.lose @fault.ended[fault=b2] name=c")
	w.run(time.Second)
	w.note(history.FaultStarted{Fault: "a"})
	if len(w.log) > 3*firingsMax {
		t.Errorf("%d firings", len(w.log))
	}
}

// Every kind in the vocabulary does something to the world, and lasting ones undo it.
func TestEveryKindActs(t *testing.T) {
	for _, k := range Kinds() {
		line := k.Name + " @1s"
		if k.Lasts != AtOnce {
			line += " for 10s"
		}
		w := newFake(t, nil, line)
		w.run(2 * time.Second)
		did := len(w.log)
		w.run(time.Minute)
		if did == 0 {
			t.Errorf("%s did nothing", k.Name)
		}
		if k.Lasts != AtOnce && len(w.log) != 2*did {
			t.Errorf("%s did %d things and undid %d", k.Name, did, len(w.log)-did)
		}
		if len(w.in.Failures()) > 0 {
			t.Errorf("%s: %+v", k.Name, w.in.Failures())
		}
		for _, p := range k.Params {
			if p.Default != "" && p.Check(p.Default) != nil {
				t.Errorf("%s: the default of %s is not allowed: %v", k.Name, p.Name, p.Check(p.Default))
			}
		}
	}
}
