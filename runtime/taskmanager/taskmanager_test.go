package taskmanager

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
)

// The other side of a TaskManager, as one scripted actor per service: each writes down what it hears.

type actorFunc func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg)

func (f actorFunc) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	f(env, from, m)
	return nil
}

// stage is a world with one TaskManager, whose leader is "jm" for everything.
type stage struct {
	*sim.World
	t      *testing.T
	heard  []string          // by the JobManager, but for heartbeats
	acks   []snapshot.Task   // of checkpoints
	kafka  []string          // what the client was asked
	commit map[string]string // how to answer a commit, by transaction; "" is success
	token  id.Token
	accept bool
}

const job id.Job = "job"

func newStage(t *testing.T) *stage {
	s := &stage{World: sim.New(sim.Config{Profile: sim.Profiles["go-process"]}), t: t, token: "token-1", accept: true,
		commit: map[string]string{}}
	s.Add(sim.Process{Name: "ha", BootTime: -1, Boot: s.resident(s.ha)})
	s.Add(sim.Process{Name: "jm", BootTime: -1, Boot: s.resident(s.jobManager)})
	s.Add(sim.Process{Name: "store", BootTime: -1, Boot: s.resident(func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
		if put, ok := m.(wire.BlobPut); ok {
			env.Send(from, wire.BlobDone{Req: put.Req})
		}
	})})
	s.Add(sim.Process{Name: "tm", BootTime: -1, Boot: func(int) []sim.Resident {
		root, err := New(Config{Flink: map[string]string{"taskmanager.numberOfTaskSlots": "2"}, HA: "ha", ObjectStore: "store", Kafka: "tm/kafka"})
		if err != nil {
			t.Fatal(err)
		}
		return []sim.Resident{{Actor: root}, {Name: "kafka", Actor: actorFunc(s.client)}}
	}})
	return s
}

func (s *stage) resident(f actorFunc) func(int) []sim.Resident {
	return func(int) []sim.Resident { return []sim.Resident{{Actor: f}} }
}

func (s *stage) ha(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
	w, ok := m.(wire.CoordWatch)
	if !ok || w.After > 0 {
		return
	}
	leader, _ := json.Marshal(wire.Leader{Addr: "jm", Token: s.token})
	env.Send(from, wire.CoordEntries{Req: w.Req, Version: 1, Entries: []wire.Entry{
		{Key: w.Prefix + "resourcemanager", Value: leader}, {Key: w.Prefix + "job/" + string(job), Value: leader}}})
}

// jobManager is ResourceManager and JobMaster in one.
func (s *stage) jobManager(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
	f, ok := m.(wire.Fenced)
	if !ok || f.Token != s.token {
		return
	}
	switch m := f.M.(type) {
	case wire.RegisterTaskManager:
		s.hear("register with %d slots", len(m.Slots))
		env.Send(from, wire.TaskManagerRegistered{Token: s.token, Instance: "i"})
	case wire.RegisterAtJobMaster:
		s.hear("register at job master")
		env.Send(from, wire.RegisteredAtJobMaster{Job: job, Token: s.token})
	case wire.SlotRequested:
		s.hear("slot %d %s", m.Slot, cmpOr(m.Refused, "given"))
	case wire.OfferSlots:
		answer := wire.SlotsAccepted{Job: job, Token: s.token}
		for _, slot := range m.Slots {
			s.hear("offer %s", slot.Allocation)
			answer.Offered = append(answer.Offered, slot.Allocation)
			if s.accept {
				answer.Accepted = append(answer.Accepted, slot.Allocation)
			}
		}
		env.Send(from, answer)
	case wire.TaskSubmitted:
		s.hear("submit %s", cmpOr(m.Refused, "accepted"))
	case wire.TaskStateChanged:
		s.hear("task %s %s", m.State, m.Cause)
	case wire.RegisterReader:
		s.hear("reader with %d splits", len(m.Restored))
	case wire.AcknowledgeCheckpoint:
		s.hear("ack %d", m.Checkpoint)
		s.acks = append(s.acks, m.State)
	case wire.DeclineCheckpoint:
		s.hear("decline %d %s", m.Checkpoint, m.Reason)
	case wire.TriggerRefused:
		s.hear("trigger refused: %s", m.Cause)
	case wire.DisconnectTaskManager:
		s.hear("good-bye %s", m.Job)
	}
}

// client is a Kafka in which partition 0 has five records.
func (s *stage) client(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
	switch m := m.(type) {
	case wire.KafkaFetch:
		answer := wire.KafkaFetched{Req: m.Req, Partition: m.Partition, Next: 5}
		for o := m.Offset; o < 5; o++ {
			answer.Records.Append(record.Record{Key: []byte("k"), Value: 1, Count: 1, Origin: record.Origin{Offset: o}})
		}
		if answer.Records.N > 0 {
			env.Send(from, answer)
		}
	case wire.KafkaInitProducer:
		s.kafka = append(s.kafka, "init "+m.TransactionalID)
		env.Send(from, wire.KafkaProducerReady{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: 7})
	case wire.KafkaProduce:
		s.kafka = append(s.kafka, fmt.Sprintf("produce %d in %s", m.Records.N, m.TransactionalID))
		env.Send(from, wire.KafkaProduced{TransactionalID: m.TransactionalID, Records: m.Records.N})
	case wire.KafkaFlush:
		s.kafka = append(s.kafka, "flush "+m.TransactionalID)
		env.Send(from, wire.KafkaFlushed{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: 7, Records: 5})
	case wire.KafkaEndTxn:
		s.kafka = append(s.kafka, "commit "+m.TransactionalID)
		env.Send(from, wire.KafkaTxnEnded{Req: m.Req, TransactionalID: m.TransactionalID, Err: s.commit[m.TransactionalID]})
	case wire.KafkaDescribeTxn:
		env.Send(from, wire.KafkaTxnIs{Req: m.Req, TransactionalID: m.TransactionalID, Err: "TRANSACTIONAL_ID_NOT_FOUND"})
	}
}

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

func (s *stage) hear(format string, args ...any) {
	s.heard = append(s.heard, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// after mails the TaskManager as the JobManager, and lets time pass.
func (s *stage) after(wait time.Duration, mail ...mailbox.Msg) {
	for _, m := range mail {
		s.Send("jm", "tm", m)
	}
	s.Run(s.Now() + wait)
}

// expect compares what was heard since the last time.
func (s *stage) expect(got *[]string, want ...string) {
	s.t.Helper()
	if !slices.Equal(*got, want) {
		s.t.Errorf("got  %q\nwant %q", *got, want)
	}
	*got = nil
}

func (s *stage) request(slot int, allocation id.Allocation) wire.RequestSlot {
	return wire.RequestSlot{Token: s.token, Slot: slot, Job: job, Allocation: allocation, JobMaster: "jm", JobToken: s.token}
}

var attempt = id.Attempt{Graph: "graph", Vertex: "source", Number: 1}

// deployment is a source of partition 0, chained to an exactly-once sink.
func (s *stage) deployment(restore id.Checkpoint, state snapshot.Task) wire.SubmitTask {
	return wire.SubmitTask{Token: s.token, Task: wire.Deployment{Job: job, Attempt: attempt, Allocation: "a", Parallelism: 1,
		MaxParallelism: 128, Restore: restore, State: state, Chain: []plan.Operator{
			{Name: "source", Kind: plan.KafkaSource, Topic: "in"},
			{Name: "sum", Kind: plan.KeyedSum},
			{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.ExactlyOnce, TransactionPrefix: "p", TransactionTimeout: time.Minute}}}}
}

func (s *stage) running() {
	s.Run(time.Second)
	s.after(time.Second, s.request(0, "a"))
	s.after(time.Second, s.deployment(0, snapshot.Task{}))
	s.after(time.Second, wire.AssignSplits{Req: 1, Attempt: attempt, Operator: "source", Splits: []wire.Split{{Partition: 0}}})
	s.heard, s.kafka = nil, nil
}

func TestASlotIsRequestedOfferedAndFilled(t *testing.T) {
	s := newStage(t)
	s.Run(time.Second)
	s.expect(&s.heard, "register with 2 slots")
	s.after(time.Second, s.request(0, "a"))
	s.expect(&s.heard, "slot 0 given", "register at job master", "offer a")
	s.after(time.Second, s.request(0, "b"))
	s.expect(&s.heard, "slot 0 the slot is taken")
	s.after(time.Second, s.deployment(0, snapshot.Task{}))
	s.expect(&s.heard, "submit accepted", "task INITIALIZING", "reader with 0 splits", "task RUNNING")
}

func TestAnUnwantedSlotIsFreeAgain(t *testing.T) {
	s := newStage(t)
	s.accept = false
	s.Run(time.Second)
	s.after(time.Second, s.request(0, "a"))
	s.after(time.Second, s.request(0, "b"))
	s.expect(&s.heard, "register with 2 slots", "slot 0 given", "register at job master", "offer a", "slot 0 given", "register at job master", "offer b")
}

func TestDeploymentsThatDoNotBelongHereAreRefused(t *testing.T) {
	s := newStage(t)
	s.Run(time.Second)
	s.after(time.Second, s.deployment(0, snapshot.Task{}))
	s.after(time.Second, s.request(0, "a"))
	stale := s.deployment(0, snapshot.Task{})
	stale.Token = "old"
	s.heard = nil
	s.after(time.Second, stale)
	other := s.deployment(0, snapshot.Task{})
	other.Task.Allocation = "elsewhere"
	s.after(time.Second, other)
	s.expect(&s.heard, "submit no slot here has allocation elsewhere for the job")
	fenced := 0
	for _, e := range s.History() {
		if _, ok := e.Event.(history.AttemptFenced); ok {
			fenced++
		}
	}
	if fenced != 3 {
		t.Errorf("%d deployments were noted as fenced, want 3", fenced)
	}
}

// The order of an exactly-once sink: flush before the barrier, ack with what is owed, the next transaction
// on another id, and the commit only once the checkpoint is complete.
func TestAnEpochFromFirstRecordToCommit(t *testing.T) {
	s := newStage(t)
	s.running()
	s.after(time.Second, wire.TriggerCheckpoint{Job: job, Attempt: attempt, Checkpoint: 1})
	s.expect(&s.heard, "ack 1")
	s.expect(&s.kafka, "flush p-0-1", "init p-0-2")
	s.after(time.Second, wire.NotifyCheckpointComplete{Attempt: attempt, Checkpoint: 1})
	s.after(time.Second, wire.NotifyCheckpointComplete{Attempt: attempt, Checkpoint: 1})
	s.expect(&s.kafka, "commit p-0-1")

	var kinds []string
	for _, e := range s.History() {
		switch e.Event.(type) {
		case history.SinkPrecommitted, history.SnapshotTaken, history.SnapshotStored, history.CheckpointNotified, history.SinkCommitted:
			kinds = append(kinds, e.Event.Kind())
		}
	}
	if want := []string{"sink.precommitted", "snapshot.taken", "snapshot.stored", "checkpoint.notified", "sink.committed"}; !slices.Equal(kinds, want) {
		t.Errorf("steps %q, want %q", kinds, want)
	}
}

// An aborted checkpoint's transaction is not aborted: its records are in the stream before the next barrier,
// and the next completion commits both. The abort also carries the newest completion, which a lost
// notification may be hidden in.
func TestAnAbortedCheckpointJoinsTheNext(t *testing.T) {
	s := newStage(t)
	s.running()
	s.after(time.Second, wire.TriggerCheckpoint{Job: job, Attempt: attempt, Checkpoint: 1})
	s.after(time.Second, wire.NotifyCheckpointAborted{Attempt: attempt, Checkpoint: 1})
	s.after(time.Second, wire.TriggerCheckpoint{Job: job, Attempt: attempt, Checkpoint: 3})
	s.kafka = nil
	s.after(time.Second, wire.NotifyCheckpointAborted{Attempt: attempt, Checkpoint: 4, LatestCompleted: 3})
	s.expect(&s.kafka, "commit p-0-1", "commit p-0-2")
}

// A restore goes on from the state: the sum, the position, and first of all what is owed; then it looks for
// transactions that were left open, from the id after the restored checkpoint on.
func TestARestoreCommitsBeforeItOpensAnything(t *testing.T) {
	s := newStage(t)
	s.running()
	s.after(time.Second, wire.TriggerCheckpoint{Job: job, Attempt: attempt, Checkpoint: 4})
	s.after(time.Second, wire.CancelTask{Attempt: attempt})
	s.expect(&s.heard, "ack 4", "task CANCELED")
	s.kafka = nil
	s.after(time.Second, s.deployment(4, s.acks[0]))
	s.expect(&s.heard, "submit accepted", "task INITIALIZING", "reader with 1 splits", "task RUNNING")
	s.expect(&s.kafka, "commit p-0-1", "init p-0-5", "init p-0-5")
}

func TestALostCommitIsSaidAndTheJobGoesOn(t *testing.T) {
	s := newStage(t)
	s.running()
	s.commit["p-0-1"] = "PRODUCER_FENCED"
	s.after(time.Second, wire.TriggerCheckpoint{Job: job, Attempt: attempt, Checkpoint: 1})
	s.after(time.Second, wire.NotifyCheckpointComplete{Attempt: attempt, Checkpoint: 1})
	s.expect(&s.heard, "ack 1")
	if last := s.History()[len(s.History())-1].Event; last.Kind() != "sink.commit-lost" {
		t.Errorf("the last event is %q", last.Kind())
	}
}

func TestANewLeaderEndsTheTasksOfTheOld(t *testing.T) {
	s := newStage(t)
	s.running()
	s.token = "token-2"
	leader, _ := json.Marshal(wire.Leader{Addr: "jm", Token: s.token})
	// The watch under way is the second: the first told of token-1.
	s.Send("ha", "tm", wire.CoordEntries{Req: 2, Version: 2, Entries: []wire.Entry{{Key: "/default/leader/job/job", Value: leader}}})
	s.Run(s.Now() + time.Second)
	s.expect(&s.heard, "register at job master", "offer a")
	s.after(time.Second, s.deployment(0, snapshot.Task{}))
	s.expect(&s.heard, "submit accepted", "task INITIALIZING", "reader with 0 splits", "task RUNNING")
}

func TestSilenceOfTheJobMasterEndsItsTasks(t *testing.T) {
	s := newStage(t)
	s.running()
	s.Run(s.Now() + 2*time.Minute)
	if !slices.ContainsFunc(s.History(), func(e history.Entry) bool { return e.Event.Kind() == "heartbeat.timeout" }) {
		t.Error("nobody noted a heartbeat timeout")
	}
	s.heard = nil
	s.after(time.Second, wire.TriggerCheckpoint{Job: job, Attempt: attempt, Checkpoint: 1})
	if len(s.acks) > 0 {
		t.Error("a task went on without its JobMaster")
	}
}

// A TaskManager that is asked to stop says good-bye to its JobMasters and its ResourceManager, and does nothing more:
// what a task would still say could be taken for news of the job.
func TestATaskManagerThatStopsSaysGoodBye(t *testing.T) {
	s := newStage(t)
	s.running()
	s.after(100*time.Millisecond, mailbox.Stop{}, mailbox.Stop{}, s.request(0, "b"))
	s.expect(&s.heard, "good-bye "+string(job), "good-bye")
	s.Run(s.Now() + time.Minute)
	s.expect(&s.heard)
	if last := s.History()[len(s.History())-1].Event; last.Kind() != "process.stopped" {
		t.Errorf("the last event is %q", last.Kind())
	}
}
