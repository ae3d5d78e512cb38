package reports

import (
	"fmt"
	"math"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// stage writes a history by hand: a clock that the story sets, and notes at it.
type stage struct {
	h  history.History
	at time.Duration
}

func (s *stage) to(seconds float64) { s.at = time.Duration(seconds * float64(time.Second)) }

func (s *stage) note(process string, events ...history.Event) {
	for _, e := range events {
		s.h = append(s.h, history.Entry{N: len(s.h) + 1, At: s.at, Process: process, Actor: process, Event: e})
		s.at += time.Millisecond
	}
}

// failover is a run in which the leading JobManager dies while checkpoint 3 is in flight and the standby
// finishes the job: eight attempts on three TaskManagers, a checkpoint every ten seconds, 150 seconds.
func failover() *Document {
	s := &stage{}
	s.note("", history.ProcessStarted{Name: "objectstore", Boot: 1}, history.ProcessStarted{Name: "kafka-0", Boot: 1},
		history.ProcessStarted{Name: "lease", Boot: 1})
	for _, p := range []string{"jobmanager-0", "jobmanager-1", "taskmanager-0", "taskmanager-1", "taskmanager-2"} {
		s.note("", history.ProcessStarted{Name: p, Boot: 1})
	}
	s.to(0.4)
	s.note("jobmanager-0", history.LeaderElected{Holder: "jobmanager-0", Token: "3fa0c1"})
	s.deploy("jobmanager-0", "3fa0c1", 0, 1.1)
	s.checkpoint("jobmanager-0", "3fa0c1", 1, 12, true)
	s.checkpoint("jobmanager-0", "3fa0c1", 2, 22, true)
	s.checkpoint("jobmanager-0", "3fa0c1", 3, 32.2, false)
	s.to(32.4)
	s.note("", history.FaultStarted{Fault: "kill-leader", Inject: "jobmanager.kill", Targets: []string{"jobmanager-0"},
		Asked: "checkpoint.triggered, 3rd, plus 200ms", Why: "jobmanager-0 held the leader lease"},
		history.ProcessStopped{Name: "jobmanager-0", Cause: "killed"})
	s.to(36.5)
	s.note("taskmanager-1", history.HeartbeatTimeout{Watcher: "taskmanager-1", Target: "jobmanager-0", Unreachable: true})
	s.to(42.4)
	s.note("", history.ProcessStarted{Name: "jobmanager-0", Boot: 2})
	s.to(47.6)
	s.note("jobmanager-1", history.LeaderElected{Holder: "jobmanager-1", Token: "b81e77"})
	s.deploy("jobmanager-1", "b81e77", 2, 50.1)
	for n := 4; n <= 13; n++ {
		s.checkpoint("jobmanager-1", "b81e77", n, 52.5+10*float64(n-4), n != 7)
	}
	s.to(150)
	s.note("jobmanager-1", history.JobStatus{Job: "orders", Status: "FINISHED"})

	d := &Document{
		Scenario: Scenario{Name: "jm-failover", Seed: 7, Backend: "sim", Labels: map[string]string{"tier": "critical"},
			Description:  "The leading JobManager dies while checkpoint 3 is in flight; the standby must finish the job.",
			ResolvedYAML: "apiVersion: chaos/v1alpha1\nkind: Scenario\nmetadata: {name: jm-failover}\nseed: 7\n",
			ReproCommand: "chaos run scenarios/jm-failover.yaml --seed 7",
			Faults: []AskedFault{{Name: "kill-leader", Inject: "jobmanager.kill", Trigger: "checkpoint.triggered, 3rd, plus 200ms",
				Target: "role jobmanager, pick leader"}}},
		Run: checker.Run{Events: s.h, Drained: true, End: 150 * time.Second},
		Results: []checker.Result{
			{Check: "exactlyOnce", Verdict: checker.Holds, Detail: "all 12 000 source records are in the committed output once", Looked: 12000},
			{Check: "stateMatchesReplay", Verdict: checker.Holds, Detail: "the sums of 100 keys equal a replay in committed order", Looked: 100},
			{Check: "checkpointIdsIncrease", Verdict: checker.Holds, Detail: "13 checkpoint ids grow strictly over 2 leaders", Looked: 13},
			{Check: "oneLeader", Verdict: checker.Holds, Detail: "no two leases overlap", Looked: 2},
		},
		Recoveries: []measure.Recovery{{Fault: "kill-leader", At: ms(32400), Detect: ms(4100), Restart: ms(13600), Restore: ms(2100),
			CatchUp: ms(11400), Total: ms(31200), Reprocessed: 41213, Checkpoint: 2, Steps: []measure.Step{
				{Name: "detect", From: ms(32400), To: ms(36500), Bound: "heartbeat.interval"},
				{Name: "elect", From: ms(36500), To: ms(47600), Bound: "high-availability.kubernetes.leader-election.lease-duration"},
				{Name: "back-off", From: ms(47600), To: ms(48600), Bound: "restart-strategy.exponential-delay.initial-backoff"},
				{Name: "slots", From: ms(48600), To: ms(49300), Bound: "slot.request.timeout"},
				{Name: "deploy", From: ms(49300), To: ms(50100)},
				{Name: "restore", From: ms(50100), To: ms(52200)},
				{Name: "first record", From: ms(52200), To: ms(52500)},
				{Name: "catch up", From: ms(52500), To: ms(63600)}}}},
		Checkpoints: measure.Checkpoints{Completed: 11, Failed: 2, DurationP50: ms(640), DurationP99: ms(910), BytesMax: 41 << 20},
		Series:      failoverSeries(),
		ExactlyOnce: Counts{Expected: 12000, Committed: 12000},
		SLO: []SLO{{Name: "recovery.total", Value: 31.2, Limit: 60, Unit: "s", Passed: true},
			{Name: "recovery.detection", Value: 4.1, Limit: 20, Unit: "s", Passed: true},
			{Name: "output.latency.p99", During: "after", Value: 11.8, Limit: 15, Unit: "s", Passed: true},
			{Name: "reprocessedRecords", Value: 41213, Limit: 100000, Passed: true}},
		MustHappen: []MustHappen{{Event: "leader.elected after kill-leader", Happened: true, At: ms(47600), Evidence: "jobmanager-1 leads"},
			{Event: "restore.completed after kill-leader", Happened: true, At: ms(52200), Evidence: "restore from checkpoint 2 completed"}},
		Config: []Setting{
			{"execution.checkpointing.interval", "10 s", "base/orders.yaml:12", false},
			{"heartbeat.interval", "2 s", "scenarios/jm-failover.yaml:16", false},
			{"high-availability.kubernetes.leader-election.lease-duration", "15 s", "scenarios/jm-failover.yaml:18", false},
			{"restart-strategy.exponential-delay.initial-backoff", "1 s", "scenarios/jm-failover.yaml:22", false},
			{"execution.checkpointing.timeout", "10 min", "default", true}, {"slot.request.timeout", "5 min", "default", true}},
		Warnings:    []string{"heartbeat.interval is below 5 s: a long garbage collection may look like a death"},
		Environment: Environment{Version: "v0.1.0", Commit: "38b6051", GoVersion: "go1.26.8", OS: "linux", Arch: "amd64"},
		TraceHash:   "9c1f2ab04d77e310", VirtualSeconds: 150, WallSeconds: 0.84, Verdict: "PASS", Passed: true,
		Folder: "store/jm-failover/latest",
	}
	d.Run.Input, d.Run.Output = failoverRecords()
	measured := measure.Of(&d.Run, time.Second)
	d.Holdings, d.Uncommitted = measured.Holdings, measured.Uncommitted
	return d
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// deploy notes what a JobMaster does from its status to RUNNING.
func (s *stage) deploy(leader string, token id.Token, checkpoint id.Checkpoint, running float64) {
	s.note(leader, history.JobStatus{Job: "orders", Status: "RESTARTING", Cause: "recovered by a new leader"})
	if checkpoint > 0 {
		s.at += time.Second
		s.note(leader, history.RestartScheduled{Job: "orders", Attempt: 1, Backoff: 1000, Cause: "JobManager failover", Regions: []string{"source", "sum"}})
	}
	s.note(leader, history.RestoreStarted{Job: "orders", Checkpoint: checkpoint, Global: true})
	s.to(running - 0.8)
	for i := range 8 {
		s.note(leader, history.ExecutionState{Job: "orders", Attempt: attemptOf(token, i), State: "DEPLOYING", TaskManager: host(i)})
	}
	s.to(running)
	for i := range 8 {
		s.note(leader, history.ExecutionState{Job: "orders", Attempt: attemptOf(token, i), State: "INITIALIZING", TaskManager: host(i)})
	}
	s.to(running + 2.1)
	for i := range 8 {
		s.note(host(i), history.TaskRestored{Attempt: attemptOf(token, i), Checkpoint: checkpoint, Bytes: 9 << 20})
		if i < 4 && checkpoint > 0 {
			s.note(host(i), history.SourcePosition{Checkpoint: checkpoint, Attempt: attemptOf(token, i), Restored: true,
				Partitions: []int32{int32(i)}, Next: []int64{22 * 20}})
		}
		s.note(leader, history.ExecutionState{Job: "orders", Attempt: attemptOf(token, i), State: "RUNNING", TaskManager: host(i)})
	}
	s.note(leader, history.RestoreCompleted{Job: "orders", Checkpoint: checkpoint}, history.JobStatus{Job: "orders", Status: "RUNNING"})
}

func attemptOf(token id.Token, i int) id.Attempt {
	if i < 4 {
		return id.Attempt{Graph: token, Vertex: "source", Subtask: i, Number: 1}
	}
	return id.Attempt{Graph: token, Vertex: "sum", Subtask: i - 4, Number: 1}
}

func host(i int) string { return fmt.Sprintf("taskmanager-%d", i%3) }

// checkpoint notes one from its trigger on, to its end or to where its coordinator falls silent.
func (s *stage) checkpoint(leader string, token id.Token, n int, at float64, ends bool) {
	c := id.Checkpoint(n)
	s.to(at)
	s.note(leader, history.CheckpointTriggered{Job: "orders", Checkpoint: c})
	s.at += ms(20)
	for i := range 8 {
		s.note(host(i), history.SnapshotTaken{Checkpoint: c, Attempt: attemptOf(token, i)})
		if i < 4 {
			s.note(host(i), history.SourcePosition{Checkpoint: c, Attempt: attemptOf(token, i), Partitions: []int32{int32(i)}, Next: []int64{int64(at * 20)}})
		} else {
			txn := fmt.Sprintf("store-sol-%d-%d", i-4, n)
			s.note("kafka-0", history.Transaction{ID: fmt.Sprintf("store-sol-%d-%d", i-4, n+1), ProducerID: int64(1000 + i), State: "Ongoing"})
			s.note(host(i), history.SinkPrecommitted{Checkpoint: c, Attempt: attemptOf(token, i), Transaction: txn, ProducerID: int64(1000 + i), Records: 500})
		}
	}
	if n == 3 {
		return
	}
	s.at += ms(400 + 37*n)
	if !ends {
		s.note(leader, history.CheckpointAborted{Job: "orders", Checkpoint: c, Reason: "CHECKPOINT_DECLINED", Counted: true})
		return
	}
	for i := range 8 {
		s.note(leader, history.CheckpointAcked{Job: "orders", Checkpoint: c, Attempt: attemptOf(token, i), Missing: 7 - i})
	}
	s.note(leader, history.CheckpointStored{Job: "orders", Checkpoint: c},
		history.CheckpointCompleted{Job: "orders", Checkpoint: c, Bytes: int64(n+20) << 20, DurationMs: int64(s.at.Milliseconds()) - int64(at*1000)})
	for i := range 4 {
		txn := fmt.Sprintf("store-sol-%d-%d", i, n)
		s.note("kafka-0", history.Transaction{ID: txn, ProducerID: int64(1004 + i), State: "PrepareCommit"})
		s.at += ms(30)
		s.note("kafka-0", history.Transaction{ID: txn, ProducerID: int64(1004 + i), State: "CompleteCommit"})
		s.note(host(i+4), history.SinkCommitted{Checkpoint: c, Attempt: attemptOf(token, i+4), Transaction: txn})
	}
	if n == 4 { // what checkpoint 3 left behind
		for i := range 4 {
			s.note("kafka-0", history.Transaction{ID: fmt.Sprintf("store-sol-%d-3", i), State: "CompleteAbort", Cause: "init"})
		}
	}
}

func failoverSeries() []measure.Series {
	const n = 301
	step := ms(500)
	s := map[string][]float64{}
	for _, name := range []string{"offered", "consumed", "committed", "latency.p50", "latency.p99", "lag"} {
		s[name] = make([]float64, n)
	}
	lag := 0.0
	for i := range n {
		t := float64(i) / 2
		wave := 1 + 0.03*math.Sin(float64(i))
		consumed := 5000 * wave
		switch {
		case t < 2.5 || t >= 34 && t < 52.4:
			consumed = 0
		case t >= 52.4 && t < 63.6:
			consumed = 14800 * wave
		}
		s["offered"][i] = 5000
		s["consumed"][i] = consumed
		lag = max(0, lag+(5000-consumed)/2)
		if t < 3 {
			lag = 120
		}
		s["lag"][i] = lag
		s["committed"][i] = math.NaN()
		s["latency.p50"][i], s["latency.p99"][i] = math.NaN(), math.NaN()
		if t > 12 && (t < 33 || t > 52) {
			age := math.Mod(t-2, 10)
			s["committed"][i] = 5000 + 900*math.Sin(age)
			s["latency.p50"][i] = 4.6 + 0.5*math.Sin(t)
			s["latency.p99"][i] = 10.2 + 0.4*math.Cos(t)
			if t > 52 && t < 66 {
				s["latency.p99"][i] = 31 - (t-52)*1.45
				s["latency.p50"][i] = 20 - (t - 52)
				s["committed"][i] = 13800
			}
		}
	}
	return []measure.Series{
		{Name: "offered", Unit: "records/s", Step: step, Value: s["offered"]},
		{Name: "consumed", Unit: "records/s", Step: step, Value: s["consumed"]},
		{Name: "committed", Unit: "records/s", Step: step, Value: s["committed"]},
		{Name: "latency.p50", Unit: "seconds", Step: step, Value: s["latency.p50"]},
		{Name: "latency.p99", Unit: "seconds", Step: step, Value: s["latency.p99"]},
		{Name: "lag", Unit: "records", Step: step, Value: s["lag"]},
	}
}

// failoverRecords has twenty records a second on each of four partitions.
func failoverRecords() ([]checker.InputLog, []checker.Output) {
	var in []checker.InputLog
	var out []checker.Output
	for p := range int32(4) {
		log := checker.InputLog{Partition: p}
		for o := range int64(3000) {
			at := time.Duration(o) * 50 * time.Millisecond
			key := fmt.Sprintf("customer-%02d", (o*7+int64(p))%100)
			log.Records = append(log.Records, checker.Input{Offset: o, Key: key, Value: o % 9, Appended: at})
			n := int(at/(10*time.Second)) + 1
			out = append(out, checker.Output{Partition: p, Offset: o, Key: key, Value: o % 9, Count: 1,
				Origin: record.Origin{Partition: p, Offset: o}, Transaction: fmt.Sprintf("store-sol-%d-%d", p, n), ProducerID: int64(1004 + p),
				Appended: at + ms(30), Visible: time.Duration(n)*10*time.Second + ms(2700), Decided: time.Duration(n)*10*time.Second + ms(2600)})
		}
		in = append(in, log)
	}
	return in, out
}

// lossy is the failover gone wrong: two records are lost and one comes twice.
func lossy() *Document {
	d := failover()
	d.Run.Pipeline = plan.Pipeline{Name: "orders"}
	d.Run.Output = append(d.Run.Output[:500], d.Run.Output[502:]...)
	again := d.Run.Output[700]
	again.Offset, again.Visible = 3001, again.Visible+5*time.Second
	d.Run.Output = append(d.Run.Output, again)
	d.Results[0] = checker.Result{Check: "exactlyOnce", Verdict: checker.Broken, Anomaly: "lost", At: ms(62700), Looked: 12000,
		Detail: "2 records are lost and 1 is duplicated", Records: []string{"0@500", "0@501", again.Origin.String()},
		Evidence: d.Run.Events[40:46]}
	d.Results[3].Verdict, d.Results[3].Detail, d.Results[3].Looked = checker.NotDecided, "the history holds no lease operation", 0
	d.ExactlyOnce.Lost, d.ExactlyOnce.Duplicated, d.ExactlyOnce.Committed = 2, 1, 11998
	d.SLO[2] = SLO{Name: "output.latency.p99", During: "after", Value: 19.4, Limit: 15, Unit: "s"}
	d.MustHappen[1].Happened, d.MustHappen[1].Evidence = false, ""
	d.Verdict, d.Passed, d.ExitCode = "FAIL", false, 1
	return d
}
