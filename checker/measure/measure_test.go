package measure

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// A job that reads 100 records/s and could read 400. Every 10 s a checkpoint is triggered, completed half a
// second later, and what was written before it becomes visible.

const (
	rate     = 100
	capacity = 400
)

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

type build struct{ checker.Run }

func steady(end float64) *build {
	b := &build{checker.Run{Drained: true, End: seconds(end)}}
	b.Pipeline = plan.Pipeline{Parallelism: 1, Operators: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource},
		{Name: "sink", Kind: plan.KafkaSink, Inputs: []id.Operator{"source"}, Guarantee: plan.ExactlyOnce},
	}}
	var log checker.InputLog
	for i := range int64(end * rate) {
		log.Records = append(log.Records, checker.Input{Offset: i, Key: "a", Appended: seconds(float64(i) / rate)})
	}
	b.Input = []checker.InputLog{log}
	b.note(0, history.RestoreStarted{})
	b.note(0, history.JobStatus{Status: "RUNNING"})
	for at := 10.0; at < end; at += 10 {
		b.note(at, history.CheckpointTriggered{Checkpoint: id.Checkpoint(at / 10)})
	}
	return b
}

func (b *build) note(at float64, e history.Event) *build {
	place := len(b.Events)
	for place > 0 && b.Events[place-1].At > seconds(at) {
		place--
	}
	b.Events = append(b.Events[:place], append(history.History{{At: seconds(at), Event: e}}, b.Events[place:]...)...)
	for i := range b.Events {
		b.Events[i].N = i + 1
	}
	return b
}

// reads writes output from one second to another, from an offset on, as fast as input and capacity allow.
// What is written after keep is lost in an aborted transaction; the rest is visible with the checkpoint that
// follows.
func (b *build) reads(from, to float64, offset int64, keep float64) int64 {
	at := from
	for ; offset < int64(len(b.Input[0].Records)); offset++ {
		at = max(at+1.0/capacity, b.Input[0].Records[offset].Appended.Seconds()+0.005)
		if at > to {
			return offset
		}
		out := checker.Output{Offset: int64(len(b.Output)), Key: "a", Count: 1, Origin: record.Origin{Offset: offset}, Transaction: "t", Appended: seconds(at)}
		visible := math.Floor(at/10)*10 + 10.5
		if at > keep {
			out.Fate = checker.Aborted
		}
		out.Visible, out.Decided = seconds(visible), seconds(visible)
		b.Output = append(b.Output, out)
	}
	return offset
}

func (b *build) completes(ats ...float64) *build {
	for _, at := range ats {
		b.note(at+0.5, history.CheckpointCompleted{Checkpoint: id.Checkpoint(at / 10), Bytes: int64(at) * 1000})
	}
	return b
}

// killed is the run that most tests look at: a TaskManager dies at 42 s, is noticed at 47 s, and the job is
// RUNNING again at 52 s, from checkpoint 4, taken at 40 s.
func killed() *build {
	b := steady(100)
	b.reads(0, 42, 0, 40)
	b.reads(52, 100, b.offsetAt(40), 100)
	b.note(42, history.FaultStarted{Fault: "lose-tm", Inject: "taskmanager.kill", Targets: []string{"taskmanager-1"}})
	b.note(47, history.HeartbeatTimeout{Watcher: "jobmanager-0", Target: "taskmanager-1"})
	b.note(47, history.JobStatus{Status: "RESTARTING", Cause: "taskmanager-1 is lost"})
	b.note(47, history.RestartScheduled{Backoff: 1000, Attempt: 1})
	b.note(48, history.RestoreStarted{Checkpoint: 4})
	b.note(49, history.ExecutionState{State: "DEPLOYING"})
	b.note(49.5, history.TaskRestored{Checkpoint: 4})
	b.note(52, history.RestoreCompleted{Checkpoint: 4})
	b.note(52, history.JobStatus{Status: "RUNNING"})
	return b.completes(10, 20, 30, 40, 60, 70, 80, 90)
}

// offsetAt is the next offset to read at a checkpoint.
func (b *build) offsetAt(at float64) int64 {
	n := int64(0)
	for i := range b.Output {
		if b.Output[i].Appended <= seconds(at) {
			n = b.Output[i].Origin.Offset + 1
		}
	}
	return n
}

func near(t *testing.T, what string, got, want time.Duration, by float64) {
	t.Helper()
	if math.Abs((got - want).Seconds()) > by {
		t.Errorf("%s is %s, want %s", what, got, want)
	}
}

// The phases of a recovery, and the law that the catch-up follows: rho/(1-rho) times (down + age of the
// checkpoint), here 1/3 of (10 + 2) s.
func TestARecoveryIsCutIntoItsPhases(t *testing.T) {
	all := Recoveries(&killed().Run)
	if len(all) != 1 {
		t.Fatalf("%d recoveries", len(all))
	}
	r := all[0]
	near(t, "detect", r.Detect, seconds(5), 0)
	near(t, "restart", r.Restart, seconds(2), 0)
	near(t, "restore", r.Restore, seconds(3), 0)
	near(t, "catch-up", r.CatchUp, seconds(4), 0.1)
	near(t, "total", r.Total, r.Detect+r.Restart+r.Restore+r.CatchUp, 0)
	if r.Checkpoint != 4 || r.Fault != "lose-tm" || r.At != seconds(42) {
		t.Errorf("%+v", r)
	}
	if r.Reprocessed < 199 || r.Reprocessed > 201 { // 2 s at 100 records/s
		t.Errorf("%d records were read again", r.Reprocessed)
	}
}

// The waterfall has no gaps, and every bar names the key to turn.
func TestTheWaterfallHasNoGaps(t *testing.T) {
	var got []string
	at := seconds(42)
	for _, s := range Recoveries(&killed().Run)[0].Steps {
		if s.From != at || s.To <= s.From {
			t.Errorf("step %s goes from %s to %s, want from %s", s.Name, s.From, s.To, at)
		}
		at = s.To
		got = append(got, fmt.Sprintf("%s %.1f %s", s.Name, (s.To-s.From).Seconds(), s.Bound))
	}
	want := []string{
		"detect 5.0 heartbeat.timeout",
		"back-off 1.0 restart-strategy.exponential-delay.initial-backoff",
		"slots 1.0 slot.request.timeout",
		"deploy 0.5 taskmanager.network.partition-request-timeout",
		"restore 2.5 execution.state-recovery.from-local",
		"first record 0.0 execution.buffer-timeout.interval",
		"catch up 4.0 parallelism.default",
		"first checkpoint 4.5 execution.checkpointing.interval",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A leader that dies notes nothing: the election of the standby is the first sign, bounded by the lease.
func TestTheElectionOfAStandbyIsDetection(t *testing.T) {
	b := steady(100)
	b.reads(0, 42, 0, 40)
	b.reads(60, 100, b.offsetAt(40), 100)
	b.note(42, history.FaultStarted{Fault: "kill-leader", Targets: []string{"jobmanager-0"}})
	b.note(55, history.LeaderElected{Holder: "jobmanager-1", Token: "y"})
	b.note(57, history.RestoreStarted{Checkpoint: 4})
	b.note(58, history.ExecutionState{State: "DEPLOYING"})
	b.note(60, history.RestoreCompleted{Checkpoint: 4})
	r := Recoveries(&b.Run)[0]
	if r.Detect != seconds(13) || r.Restart != seconds(3) || r.Restore != seconds(2) || !strings.Contains(r.Steps[0].Bound, "lease-duration") {
		t.Errorf("%+v", r)
	}
	b.Flink = map[string]string{"high-availability.type": "zookeeper"}
	if r := Recoveries(&b.Run)[0]; r.Steps[0].Bound != "high-availability.zookeeper.client.session-timeout" {
		t.Errorf("with ZooKeeper %s bounds the election", r.Steps[0].Bound)
	}
}

// A standby dies: nobody needs to recover, and the next fault's recovery is not put down to it.
func TestAFaultWithoutEffectCostsNothing(t *testing.T) {
	b := killed().note(30, history.FaultStarted{Fault: "kill-standby", Targets: []string{"jobmanager-1"}})
	all := Recoveries(&b.Run)
	if r := all[0]; r.Total != 0 || r.Detect != 0 || len(r.Steps) != 0 || r.Reprocessed != 0 {
		t.Errorf("the standby: %+v", r)
	}
	if r := all[1]; r.Detect != seconds(5) || r.Restore != seconds(3) {
		t.Errorf("the TaskManager: %+v", r)
	}
}

// Something slow is noticed only after the next fault has come and gone; it names its target.
func TestANoticeGoesToTheFaultThatItNames(t *testing.T) {
	b := killed().note(39, history.FaultStarted{Fault: "pause-tm-10", Targets: []string{"taskmanager-10"}}).
		note(70, history.HeartbeatTimeout{Target: "taskmanager-10"}).
		note(71, history.RestoreStarted{Checkpoint: 6}).
		note(73, history.RestoreCompleted{Checkpoint: 6})
	all := Recoveries(&b.Run)
	if all[0].Detect != seconds(31) || all[0].Restore != seconds(2) || all[1].Detect != seconds(5) {
		t.Errorf("%+v\n%+v", all[0], all[1])
	}
}

// Kafka is away for 5 s: nothing restarts, but records wait.
func TestAFaultThatOnlyHoldsUp(t *testing.T) {
	b := steady(100)
	next := b.reads(0, 42, 0, 100)
	b.reads(47, 100, next, 100)
	b.note(42, history.FaultStarted{Fault: "broker-away", Targets: []string{"kafka-0"}}).note(47, history.FaultEnded{Fault: "broker-away"})
	r := Recoveries(&b.Run)[0]
	near(t, "total", r.Total, seconds(5+5.0/3), 0.1)
	if r.CatchUp != r.Total || r.Detect != 0 || r.Restart != 0 {
		t.Errorf("%+v", r)
	}
}

// What was not reached is -1, and no limit holds for it.
func TestWhatWasNotReached(t *testing.T) {
	never := steady(100)
	never.reads(0, 42, 0, 40)
	never.note(42, history.FaultStarted{Fault: "f"}).note(47, history.JobStatus{Status: "RESTARTING"}).note(48, history.RestoreStarted{Checkpoint: 4})
	r := Recoveries(&never.Run)[0]
	if r.Detect != seconds(5) || r.Restart != seconds(1) || r.Restore != -1 || r.CatchUp != -1 || r.Total != -1 {
		t.Errorf("never restored: %+v", r)
	}
	if last := r.Steps[len(r.Steps)-1]; last.To != never.End {
		t.Errorf("the last bar ends at %s", last.To)
	}

	slow := steady(100)
	slow.reads(0, 42, 0, 40)
	slow.reads(99, 100, slow.offsetAt(40), 100)
	slow.note(42, history.FaultStarted{Fault: "f"}).note(47, history.JobStatus{Status: "RESTARTING"}).note(48, history.RestoreStarted{Checkpoint: 4}).
		note(99, history.RestoreCompleted{Checkpoint: 4})
	r = Recoveries(&slow.Run)[0]
	if r.Restore != seconds(51) || r.CatchUp != -1 || r.Total != -1 {
		t.Errorf("never caught up: %+v", r)
	}
	m := MetricsOf(&slow.Run)
	if !math.IsInf(m["recovery.total"], 1) || m["recovery.restore"] != 51 || m["downtime"] != 57 {
		t.Errorf("%v", m)
	}
}

// A second fault during the recovery: the first is not over before the second is.
func TestAFaultDuringARecovery(t *testing.T) {
	b := steady(100)
	b.reads(0, 42, 0, 40)
	b.reads(60, 100, b.offsetAt(40), 100)
	b.note(42, history.FaultStarted{Fault: "one", Targets: []string{"taskmanager-1"}}).
		note(45, history.ExecutionState{State: "FAILED", TaskManager: "taskmanager-1"}).
		note(46, history.RestoreStarted{Checkpoint: 4}).
		note(47, history.FaultStarted{Fault: "two", Targets: []string{"taskmanager-2"}}).
		note(50, history.ExecutionState{State: "FAILED", TaskManager: "taskmanager-2"}).
		note(55, history.RestoreStarted{Checkpoint: 4}).
		note(60, history.RestoreCompleted{Checkpoint: 4})
	all := Recoveries(&b.Run)
	if all[0].Detect != seconds(3) || all[0].Restart != seconds(10) || all[1].Detect != seconds(3) || all[1].Restart != seconds(5) {
		t.Errorf("%+v\n%+v", all[0], all[1])
	}
	near(t, "the end of both", all[0].At+all[0].Total, all[1].At+all[1].Total, 0)
}

// A second fault right after the restore had no part in what is read again.
func TestWhatIsReadAgainBelongsToItsRestore(t *testing.T) {
	b := killed().note(51, history.FaultStarted{Fault: "harmless", Targets: []string{"kafka-0"}})
	all := Recoveries(&b.Run)
	if all[0].Reprocessed == 0 || all[0].Checkpoint != 4 || all[1].Reprocessed != 0 {
		t.Errorf("%+v\n%+v", all[0], all[1])
	}
}

func TestCheckpointStats(t *testing.T) {
	b := killed().note(50.5, history.CheckpointAborted{Checkpoint: 5, Reason: "SUSPEND"}).note(51, history.CheckpointAborted{Checkpoint: 5, Reason: "SUSPEND"})
	c := CheckpointStats(&b.Run)
	if c.Completed != 8 || c.Failed != 1 || c.BytesMax != 90_000 {
		t.Errorf("%+v", c)
	}
	near(t, "p50", c.DurationP50, seconds(0.5), 0.001)
	near(t, "p99", c.DurationP99, seconds(0.5), 0.001)
}

func TestMetrics(t *testing.T) {
	m := MetricsOf(&killed().Run)
	for name, want := range map[string]float64{
		"recovery.total": 14, "recovery.detection": 5, "recovery.restart": 2, "recovery.restore": 3, "recovery.catchUp": 4,
		"downtime": 10, "numRestarts": 1, "reprocessedRecords": 200, "duplicates": 0, "lost": 0,
		"completedCheckpoints": 8, "checkpointAge": 20, "checkpointAge@before": 10.5, "checkpointAge@fault": 15.5, "silence": 20,
		// Records become visible 0.5 to 10.5 s after they come, the ones that the fault held up later.
		"output.latency.p50@before": 5.5, "output.latency.p99@before": 10.4, "output.latency.max@fault": 20.5, "output.latency.p99@after": 10.4,
	} {
		if got, ok := m[name]; !ok || math.Abs(got-want) > 0.15+want/100 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if _, ok := m.Of("recovery.total", Whole); !ok {
		t.Error("no recovery.total")
	}
	if v, ok := m.Of("output.latency.p99", After); !ok || v > 10.6 {
		t.Errorf("latency after the fault: %v", v)
	}
	for _, name := range Names {
		if _, ok := m[name]; !ok {
			t.Errorf("no metric %s", name)
		}
	}
	for name := range m {
		base, _, _ := strings.Cut(name, "@")
		if !strings.Contains(strings.Join(Names, " ")+" ", base+" ") {
			t.Errorf("metric %s is not in Names", name)
		}
	}
}

// Reading slows down to a half while a checkpoint is under way, a twentieth of the time.
func TestCheckpointOverhead(t *testing.T) {
	b := steady(100)
	at := 0.0
	for offset := range int64(9000) {
		step := 0.01
		if m := math.Mod(at, 10); m < 0.5 && at > 1 {
			step = 0.02
		}
		at += step
		b.Output = append(b.Output, checker.Output{Offset: offset, Key: "a", Origin: record.Origin{Offset: offset}, Appended: seconds(at)})
	}
	b.completes(10, 20, 30, 40, 50, 60, 70, 80, 90)
	if got := MetricsOf(&b.Run)["checkpointOverhead"]; math.Abs(got-0.5*4.5/100) > 0.003 {
		t.Errorf("overhead %v", got)
	}
}

func TestSeries(t *testing.T) {
	b := killed()
	b.note(1, history.Transaction{ID: "t", State: "Ongoing"}).note(2, history.Transaction{ID: "t", State: "PrepareCommit"}).note(3, history.Transaction{ID: "t", State: "CompleteCommit"})
	by := map[string]Series{}
	for _, s := range SeriesOf(&b.Run, time.Second) {
		if len(s.Value) != 100 || s.Step != time.Second {
			t.Errorf("%s has %d samples of %s", s.Name, len(s.Value), s.Step)
		}
		by[s.Name] = s
	}
	for name, at := range map[string]map[int]float64{
		"offered":             {10: 100, 45: 100},
		"consumed":            {10: 100, 45: 0, 53: 400, 80: 100},
		"committed":           {5: 0, 10: 1000},
		"lag":                 {10: 1, 51: 1000, 80: 1},
		"restarts":            {10: 0, 47: 0, 60: 1},
		"openTransactions":    {0: 0, 1: 1, 2: 1, 4: 0},
		"checkpoint.duration": {10: 0.5},
		"latency.p50":         {10: 5.5},
	} {
		for i, want := range at {
			if got := by[name].Value[i]; math.Abs(got-want) > 2+want/50 || want == 0 && got != 0 {
				t.Errorf("%s at %d s is %v, want %v", name, i, got, want)
			}
		}
	}
	if !math.IsNaN(by["latency.p50"].Value[5]) || !math.IsNaN(by["checkpoint.duration"].Value[11]) {
		t.Error("where there is nothing to say, something is said")
	}
}

// A window's records are through when the window comes out; what is not due is no lag.
func TestWindowsHaveLagAndLatency(t *testing.T) {
	b := &build{checker.Run{Drained: true, End: seconds(10)}}
	b.Pipeline = plan.Pipeline{Parallelism: 1, Operators: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource},
		{Name: "w", Kind: plan.Tumble, Window: time.Second, Inputs: []id.Operator{"source"}},
		{Name: "sink", Kind: plan.KafkaSink, Inputs: []id.Operator{"w"}, Guarantee: plan.ExactlyOnce},
	}}
	b.Input = []checker.InputLog{{Records: []checker.Input{
		{Offset: 0, Key: "a", Value: 1, Time: 100, Appended: seconds(1)},
		{Offset: 1, Key: "a", Value: 2, Time: 900, Appended: seconds(2)},
		{Offset: 2, Key: "a", Value: 4, Time: 2500, Appended: seconds(3)},
	}}}
	b.Output = []checker.Output{{Key: "a", Time: 1000, Value: 3, Count: 2, Appended: seconds(4), Visible: seconds(5)}}
	for _, s := range SeriesOf(&b.Run, time.Second) {
		if s.Name == "lag" && (s.Value[2] != 2 || s.Value[5] != 0) {
			t.Errorf("lag %v", s.Value)
		}
		if s.Name == "latency.p50" && math.Abs(s.Value[5]-3) > 0.01 {
			t.Errorf("latency %v", s.Value)
		}
	}
}

// Nothing, or a pipeline that cannot be followed, is measured without a fuss.
func TestEmptyRuns(t *testing.T) {
	Of(&checker.Run{}, 0)
	b := killed()
	b.Pipeline.Operators = append(b.Pipeline.Operators, plan.Operator{Name: "second", Kind: plan.KafkaSink, Inputs: []id.Operator{"source"}})
	m := Of(&b.Run, time.Second)
	if r := m.Recoveries[0]; r.Detect != seconds(5) || r.CatchUp != 0 {
		t.Errorf("%+v", r)
	}
	if _, ok := m.Metrics["duplicates"]; ok {
		t.Error("duplicates of a run that cannot be audited")
	}
}
