package jobmanager_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/jobmanager"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/blobs"
	"github.com/flinch-dev/flinch/sim/lease"
)

// stage is a world with real JobManagers, a coordination service and an object store, and with TaskManagers
// that only play their part: their tasks do nothing but change states and acknowledge checkpoints.
type stage struct {
	*sim.World
	t        *testing.T
	lease    *lease.Service
	blobs    *blobs.Store
	managers map[string]*actorTM
	earliest []int64 // of every topic, by partition
	// What the tasks do, if not the usual.
	silent  func(a id.Attempt) bool         // does not acknowledge
	reason  func(a id.Attempt) string       // declines with it
	started func(m mailbox.Msg, at string)  // sees every message that reaches a TaskManager
	slow    func(a id.Attempt) bool         // does not end when it is cancelled
	bounded bool                            // tasks are at the end of their data, and finish after a checkpoint
	answers map[uint64]mailbox.Msg          // to the test's own calls, by request
	seen    func(e history.Entry, s *stage) // sees every note as it happens
}

var flink = map[string]string{
	"taskmanager.numberOfTaskSlots":                               "2",
	"execution.checkpointing.interval":                            "10 s",
	"execution.checkpointing.timeout":                             "20 s",
	"execution.checkpointing.dir":                                 "s3://flink/checkpoints",
	"high-availability.type":                                      "kubernetes",
	"high-availability.storageDir":                                "s3://flink/ha",
	"execution.checkpointing.tolerable-failed-checkpoints":        "1",
	"restart-strategy.type":                                       "fixed-delay",
	"restart-strategy.fixed-delay.attempts":                       "10",
	"restart-strategy.fixed-delay.delay":                          "1 s",
	"job-result-store.delete-on-commit":                           "false",
	"high-availability.kubernetes.leader-election.retry-period":   "5 s",
	"high-availability.kubernetes.leader-election.renew-deadline": "15 s",
}

// orders is source ─hash─▶ sum and sink, two subtasks each: one region, two slots.
func orders() *plan.Job {
	return &plan.Job{ID: "job", Name: "orders", MaxParallelism: 128,
		Vertices: []plan.Vertex{
			{ID: "source", Parallelism: 2, Chain: []plan.Operator{{Name: "source", Kind: plan.KafkaSource, Topic: "orders"}}},
			{ID: "sum", Parallelism: 2, Chain: []plan.Operator{{Name: "sum", Kind: plan.KeyedSum}, {Name: "sink", Kind: plan.KafkaSink, Topic: "out"}}},
		},
		Edges: []plan.Edge{{From: "source", To: "sum", Partitioner: plan.Hash}}}
}

// pairs is two pipelines side by side: source-i ─forward─▶ sink-i. Two regions.
func pairs() *plan.Job {
	j := orders()
	j.Edges[0].Partitioner = plan.Forward
	return j
}

type setting struct {
	job         *plan.Job // nil: session mode
	jobManagers int
	flink       map[string]string // on top of the usual
	restart     time.Duration     // of JobManagers that die
}

func play(t *testing.T, c setting) *stage {
	s := &stage{World: sim.New(sim.Config{Seed: 7, RoundTrip: true}), t: t, lease: lease.New(), blobs: blobs.New(),
		managers: map[string]*actorTM{}, earliest: make([]int64, 4), answers: map[uint64]mailbox.Msg{}}
	one := func(name string, a mailbox.Actor) {
		s.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: a}} }})
	}
	one("ha", s.lease)
	one("objectstore", s.blobs)
	one("client", client{s})
	conf := map[string]string{}
	for _, from := range []map[string]string{flink, c.flink} {
		for k, v := range from {
			conf[k] = v
		}
	}
	for i := range max(c.jobManagers, 1) {
		name := fmt.Sprintf("jobmanager-%d", i)
		s.Add(sim.Process{Name: name, BootTime: -1, RestartAfter: c.restart, Boot: func(int) []sim.Resident {
			return []sim.Resident{
				{Actor: jobmanager.New(jobmanager.Config{Name: name, Flink: conf, HA: "ha", ObjectStore: "objectstore",
					Kafka: mailbox.Addr(name).In("kafka"), Job: c.job})},
				{Name: "kafka", Actor: topic{s}},
			}
		}})
	}
	for i := range 2 {
		name := fmt.Sprintf("taskmanager-%d", i)
		s.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident {
			tm := &actorTM{s: s, name: name, slots: make([]wire.Slot, 2), tasks: map[id.Attempt]*actorTask{}, leaders: map[string]wire.Leader{}}
			s.managers[name] = tm
			return []sim.Resident{{Actor: tm}}
		}})
	}
	s.Observe(func(e history.Entry) {
		if s.seen != nil {
			s.seen(e, s)
		}
	})
	return s
}

// until runs to a note of this kind that was not there before.
func (s *stage) until(kind string, within time.Duration) history.Entry {
	s.t.Helper()
	from := len(s.History())
	found := func() bool {
		return slices.ContainsFunc(s.History()[from:], func(e history.Entry) bool { return e.Event.Kind() == kind })
	}
	if !s.RunUntil(found, s.Now()+within) {
		s.t.Fatalf("no %s within %s; the last notes:\n%s", kind, within, s.tale(s.History()[max(0, len(s.History())-25):]))
	}
	s.mustBeSound()
	return s.last(kind)
}

func (s *stage) last(kind string) history.Entry {
	for i := len(s.History()) - 1; i >= 0; i-- {
		if s.History()[i].Event.Kind() == kind {
			return s.History()[i]
		}
	}
	s.t.Fatalf("no %s in the history", kind)
	return history.Entry{}
}

func (s *stage) mustBeSound() {
	s.t.Helper()
	if len(s.Panics()) > 0 {
		s.t.Fatalf("an assertion failed: %s", s.Panics()[0])
	}
}

func (s *stage) count(kind string) int {
	n := 0
	for _, e := range s.History() {
		if e.Event.Kind() == kind {
			n++
		}
	}
	return n
}

func (s *stage) tale(h history.History) string {
	var b strings.Builder
	for _, e := range h {
		if _, op := e.Event.(history.Operation); !op {
			fmt.Fprintf(&b, "%8.3f %-32s %-22s %+v\n", e.At.Seconds(), e.Actor, e.Event.Kind(), e.Event)
		}
	}
	return b.String()
}

// kinds lists the kinds of notes since an entry, but for those that do not matter to a story.
func (s *stage) kinds(since int, only ...string) []string {
	var kinds []string
	for _, e := range s.History()[since:] {
		kind := e.Event.Kind()
		for _, prefix := range only {
			if strings.HasPrefix(kind, prefix) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

func (s *stage) pointers() []string {
	var keys []string
	for _, e := range s.lease.Entries("/default/jobs/job/checkpoints/") {
		keys = append(keys, strings.TrimLeft(strings.TrimPrefix(e.Key, "/default/jobs/job/checkpoints/"), "0"))
	}
	return keys
}

func (s *stage) leader() string { return s.last("leader.elected").Event.(history.LeaderElected).Holder }

// call sends a fenced call to a component of the leader, and returns the answer.
func (s *stage) call(component string, req uint64, m mailbox.Msg) mailbox.Msg {
	s.t.Helper()
	to := s.published(component)
	s.Send("client", mailbox.Addr(to.Addr), wire.Fenced{Token: to.Token, M: m})
	s.RunUntil(func() bool { return s.answers[req] != nil }, s.Now()+time.Minute)
	return s.answers[req]
}

func (s *stage) published(component string) wire.Leader {
	var l wire.Leader
	for _, e := range s.lease.Entries(wire.LeaderKey("/default", component)) {
		if err := json.Unmarshal(e.Value, &l); err != nil {
			s.t.Fatal(err)
		}
	}
	return l
}

// client keeps the answers to the test's own calls.
type client struct{ s *stage }

func (c client) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case wire.JobSubmitted:
		c.s.answers[m.Req] = m
	case wire.JobStatusIs:
		c.s.answers[m.Req] = m
	case wire.JobCancelling:
		c.s.answers[m.Req] = m
	case wire.TaskManagersAre:
		c.s.answers[m.Req] = m
	case wire.JobsAre:
		c.s.answers[m.Req] = m
	case wire.JobIs:
		c.s.answers[m.Req] = m
	}
	return nil
}

// topic is a Kafka client that only knows how many partitions every topic has.
type topic struct{ s *stage }

func (k topic) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	if q, ok := m.(wire.KafkaPartitions); ok {
		env.Send(from, wire.KafkaPartitionsAre{Req: q.Req, Topic: q.Topic, Earliest: slices.Clone(k.s.earliest), Latest: make([]int64, len(k.s.earliest))})
	}
	return nil
}

// actorTM plays a TaskManager.
type actorTM struct {
	s        *stage
	name     string
	slots    []wire.Slot
	tasks    map[id.Attempt]*actorTask
	leaders  map[string]wire.Leader
	version  uint64
	job      wire.Leader // of the JobMaster that we are connected to
	deaf     bool        // to heartbeats
	got      []mailbox.Msg
	instance id.Instance
}

type actorTask struct {
	task wire.Deployment
}

func (tm *actorTM) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	tm.got = append(tm.got, m)
	if tm.s.started != nil {
		tm.s.started(m, tm.name)
	}
	self := mailbox.Addr(tm.name)
	fenced := func(l wire.Leader, m mailbox.Msg) {
		env.Send(mailbox.Addr(l.Addr), wire.Fenced{Token: l.Token, M: m})
	}
	switch m := m.(type) {
	case mailbox.Started:
		env.Send("ha", wire.CoordWatch{Prefix: "/default/leader/", After: 0, Wait: 30 * time.Second})
	case wire.CoordEntries:
		tm.version = m.Version
		for _, e := range m.Entries {
			var l wire.Leader
			if json.Unmarshal(e.Value, &l) != nil {
				continue
			}
			component := strings.TrimPrefix(e.Key, "/default/leader/")
			if tm.leaders[component] == l {
				continue
			}
			tm.leaders[component] = l
			switch component {
			case "resourcemanager":
				fenced(l, wire.RegisterTaskManager{TaskManager: self, Slots: slices.Clone(tm.slots)})
			case "job/job":
				if tm.job != l && (tm.slots[0].Job != "" || tm.slots[1].Job != "") {
					tm.connect(env, l)
				}
			}
		}
		env.Send("ha", wire.CoordWatch{Prefix: "/default/leader/", After: tm.version, Wait: 30 * time.Second})
	case wire.RequestSlot:
		tm.slots[m.Slot] = wire.Slot{Index: m.Slot, Job: m.Job, Allocation: m.Allocation}
		env.Send(from, wire.Fenced{Token: m.Token, M: wire.SlotRequested{Slot: m.Slot, Allocation: m.Allocation}})
		l := wire.Leader{Addr: string(m.JobMaster), Token: m.JobToken}
		if tm.job != l {
			tm.connect(env, l)
		} else {
			tm.offer(env)
		}
	case wire.SlotsAccepted:
		for i, slot := range tm.slots {
			if slot.Allocation != "" && slices.Contains(m.Offered, slot.Allocation) && !slices.Contains(m.Accepted, slot.Allocation) {
				tm.slots[i] = wire.Slot{Index: i}
				fenced(tm.leaders["resourcemanager"], wire.SlotAvailable{TaskManager: self, Instance: tm.instance, Slot: i, Allocation: slot.Allocation})
			}
		}
	case wire.TaskManagerRegistered:
		tm.instance = m.Instance
	case wire.RegisteredAtJobMaster:
		tm.offer(env)
	case wire.SubmitTask:
		tm.tasks[m.Task.Attempt] = &actorTask{task: m.Task}
		fenced(tm.job, wire.TaskSubmitted{Attempt: m.Task.Attempt})
		for _, state := range []string{"INITIALIZING", "RUNNING"} {
			fenced(tm.job, wire.TaskStateChanged{Job: "job", Attempt: m.Task.Attempt, State: state})
		}
		if m.Task.Chain[0].Kind.Source() {
			fenced(tm.job, wire.RegisterReader{Job: "job", Attempt: m.Task.Attempt, Operator: m.Task.Chain[0].Name})
		}
		if tm.s.bounded {
			fenced(tm.job, wire.EndOfData{Job: "job", Attempt: m.Task.Attempt})
		}
	case wire.CancelTask:
		if tm.s.slow != nil && tm.s.slow(m.Attempt) {
			return nil
		}
		delete(tm.tasks, m.Attempt)
		fenced(tm.job, wire.TaskStateChanged{Job: "job", Attempt: m.Attempt, State: "CANCELED"})
	case wire.AssignSplits:
		fenced(tm.job, wire.SplitsAssigned{Job: "job", Req: m.Req, Attempt: m.Attempt})
	case wire.TriggerCheckpoint:
		tm.trigger(env, m)
	case wire.NotifyCheckpointComplete:
		if t := tm.tasks[m.Attempt]; t != nil && tm.s.bounded {
			delete(tm.tasks, m.Attempt)
			fenced(tm.job, wire.TaskStateChanged{Job: "job", Attempt: m.Attempt, State: "FINISHED"})
		}
	case wire.HeartbeatFromJobMaster:
		if !tm.deaf {
			env.Send(from, wire.HeartbeatToJobMaster{Job: m.Job, Token: m.Token, Attempts: tm.attempts()})
		}
	case wire.HeartbeatFromResourceManager:
		if !tm.deaf {
			env.Send(from, wire.HeartbeatToResourceManager{Token: m.Token, Slots: slices.Clone(tm.slots)})
		}
	case wire.DisconnectTaskManager:
		if m.Token == tm.job.Token && m.Job != "" {
			tm.job = wire.Leader{}
			clear(tm.tasks)
		}
	case wire.FreeSlot:
		for i, s := range tm.slots {
			if s.Allocation == m.Allocation {
				tm.slots[i] = wire.Slot{Index: i}
			}
		}
	}
	return nil
}

// trigger lets every task of the cluster acknowledge when the first source is triggered: the barriers between
// them are none of the JobMaster's business.
func (tm *actorTM) trigger(env mailbox.Env, m wire.TriggerCheckpoint) {
	for _, name := range []string{"taskmanager-0", "taskmanager-1"} {
		other := tm.s.managers[name]
		for _, a := range other.attempts() {
			if a.Vertex == m.Attempt.Vertex && a != m.Attempt || a.Vertex != m.Attempt.Vertex && a.Subtask != m.Attempt.Subtask {
				continue // each source's trigger takes along the subtask of its own number
			}
			answer := mailbox.Msg(wire.AcknowledgeCheckpoint{Job: m.Job, Attempt: a, Checkpoint: m.Checkpoint, State: stateOf(a, m.Checkpoint)})
			if tm.s.reason != nil && tm.s.reason(a) != "" {
				answer = wire.DeclineCheckpoint{Job: m.Job, Attempt: a, Checkpoint: m.Checkpoint, Reason: tm.s.reason(a), Cause: "the test says so"}
			}
			if tm.s.silent == nil || !tm.s.silent(a) {
				env.Send(mailbox.Addr(tm.job.Addr), wire.Fenced{Token: tm.job.Token, M: answer})
			}
		}
	}
}

// stateOf is what a task would have to say: which checkpoint this is.
func stateOf(a id.Attempt, n id.Checkpoint) snapshot.Task {
	groups := snapshot.GroupsOf(a.Subtask, 128, 2)
	return snapshot.Task{Operators: []snapshot.Operator{{Operator: id.Operator(a.Vertex),
		Keyed: []snapshot.Handle{{Inline: fmt.Appendf(nil, "%d", n), Size: 1, Groups: groups}}}}}
}

func (tm *actorTM) connect(env mailbox.Env, l wire.Leader) {
	tm.job = l
	clear(tm.tasks)
	env.Send(mailbox.Addr(l.Addr), wire.Fenced{Token: l.Token, M: wire.RegisterAtJobMaster{Job: "job", TaskManager: mailbox.Addr(tm.name)}})
}

func (tm *actorTM) offer(env mailbox.Env) {
	var offered []wire.Slot
	for _, s := range tm.slots {
		if s.Job != "" {
			offered = append(offered, s)
		}
	}
	env.Send(mailbox.Addr(tm.job.Addr), wire.Fenced{Token: tm.job.Token, M: wire.OfferSlots{Job: "job", TaskManager: mailbox.Addr(tm.name), Slots: offered}})
}

func (tm *actorTM) attempts() []id.Attempt {
	var all []id.Attempt
	for a := range tm.tasks {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b id.Attempt) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// task returns the deployment of a subtask that runs now, and where.
func (s *stage) task(vertex id.Vertex, subtask int) (*actorTM, wire.Deployment) {
	s.t.Helper()
	for _, name := range []string{"taskmanager-0", "taskmanager-1"} {
		for a, t := range s.managers[name].tasks {
			if a.Vertex == vertex && a.Subtask == subtask {
				return s.managers[name], t.task
			}
		}
	}
	s.t.Fatalf("%s-%d does not run", vertex, subtask)
	return nil, wire.Deployment{}
}

// say sends a fenced message to the JobMaster, as if from a task.
func (s *stage) say(m mailbox.Msg) {
	l := s.published("job/job")
	s.Send("taskmanager-0", mailbox.Addr(l.Addr), wire.Fenced{Token: l.Token, M: m})
}

// fail lets a task report its failure.
func (s *stage) fail(vertex id.Vertex, subtask int, cause string) {
	tm, d := s.task(vertex, subtask)
	delete(tm.tasks, d.Attempt)
	s.say(wire.TaskStateChanged{Job: "job", Attempt: d.Attempt, State: "FAILED", Cause: cause})
}
