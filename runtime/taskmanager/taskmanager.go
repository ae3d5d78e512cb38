package taskmanager

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/task"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Config is what a TaskManager process is started with.
type Config struct {
	Flink       map[string]string // Flink's configuration keys
	HA          mailbox.Addr      // the coordination service
	ObjectStore mailbox.Addr
	Kafka       mailbox.Addr // this process's Kafka client
}

// TaskManager is the root actor of a TaskManager process.
type TaskManager struct {
	cfg      Config
	conf     config.Config
	self     mailbox.Addr
	leaders  *election.Retrieval
	manager  registration
	slots    []slot
	jobs     map[id.Job]*connection
	tasks    map[id.Attempt]*execution
	stopping bool
	timers   uint64 // numbers timers, so that an old one is told from a new one
}

// New returns a TaskManager. Its configuration has been parsed, so it is valid.
func New(cfg Config) (*TaskManager, error) {
	conf, _, err := config.Parse(cfg.Flink)
	if err != nil {
		return nil, fmt.Errorf("start a TaskManager: %w", err)
	}
	return &TaskManager{cfg: cfg, conf: conf, leaders: election.NewRetrieval(cfg.HA, conf.HighAvailability.ClusterID), slots: make([]slot, conf.TaskManager.NumberOfTaskSlots),
		jobs: map[id.Job]*connection{}, tasks: map[id.Attempt]*execution{}}, nil
}

// Receive handles one message. An error ends the process.
func (t *TaskManager) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	if t.stopping {
		return t.whileStopping(m)
	}
	switch m := m.(type) {
	case mailbox.Started:
		t.self = env.Self()
		t.leaders.Start(env)
		t.disconnect(env, "it has just started")
	case wire.TaskManagerRegistered:
		t.registered(env, from, m)
	case wire.FencingRefused:
		// The watch will say who leads now; the timer of the call tries again.
	case retryRegistration:
		if m.N == t.manager.timer {
			t.register(env)
		}
	case giveUp:
		if m.N == t.manager.deadline {
			return fmt.Errorf("%s could not register at a ResourceManager within %s; see taskmanager.registration.timeout",
				t.self, t.conf.TaskManager.RegistrationTimeout)
		}
	case wire.HeartbeatFromResourceManager:
		t.heartbeatFromManager(env, from, m)
	case managerSilent:
		if m.N == t.manager.silence {
			env.Note(history.HeartbeatTimeout{Watcher: string(t.self), Target: t.manager.leader.Addr})
			t.disconnect(env, "the ResourceManager has not been heard of for heartbeat.timeout")
		}

	case wire.RequestSlot:
		t.requestSlot(env, from, m)
	case wire.FreeSlot:
		t.free(env, m.Allocation, m.Cause)
	case slotTimeout:
		t.slotTimeout(env, m)

	case wire.RegisteredAtJobMaster:
		t.connected(env, from, m)
	case retryConnection:
		if c := t.jobs[m.Job]; c != nil && c.timer == m.N {
			t.connect(env, m.Job, c)
		}
	case wire.SlotsAccepted:
		t.accepted(env, m)
	case retryOffer:
		if c := t.jobs[m.Job]; c != nil && c.offer == m.N {
			t.offer(env, m.Job, c)
		}
	case wire.HeartbeatFromJobMaster:
		t.heartbeatFromJobMaster(env, from, m)
	case jobMasterSilent:
		if c := t.jobs[m.Job]; c != nil && c.silence == m.N {
			env.Note(history.HeartbeatTimeout{Watcher: string(t.self), Target: c.leader.Addr})
			t.lose(env, m.Job, "the JobMaster has not been heard of for heartbeat.timeout")
		}
	case wire.DisconnectTaskManager:
		t.disconnected(env, m)

	case wire.SubmitTask:
		t.submit(env, from, m)
	case wire.CancelTask:
		t.cancel(env, from, m.Attempt)
	case wire.TriggerCheckpoint:
		t.triggerCheckpoint(env, from, m)
	case wire.NotifyCheckpointComplete:
		t.forward(env, m.Attempt, m)
	case wire.NotifyCheckpointAborted:
		t.forward(env, m.Attempt, m)
	case wire.AssignSplits:
		t.forward(env, m.Attempt, m)
	case wire.RequestTasks:
		env.Send(from, wire.TasksAre{Req: m.Req, Tasks: t.listed()})
	case task.Ended:
		t.ended(env, m.Attempt)
	case mailbox.Exited:
		t.exited(env, m)
	case mailbox.Stop:
		t.stop(env)
	case mailbox.Undeliverable, mailbox.Disconnected:
		// Retries and heartbeats find out; a broken connection alone says nothing about the other side.
	default:
		if t.leaders.Handle(env, m, t.follow(env)) {
			return nil
		}
		return fmt.Errorf("task manager %s: no handler for %q from %s", t.self, m.Word(), from)
	}
	return nil
}

// timer numbers a timer that replaces the one before it.
func (t *TaskManager) timer() uint64 {
	t.timers++
	return t.timers
}

// backoff doubles a wait up to cluster.registration.max-timeout.
func (t *TaskManager) backoff(tries int) time.Duration {
	wait := t.conf.Registration.InitialTimeout
	for range tries {
		if wait *= 2; wait >= t.conf.Registration.MaxTimeout {
			return t.conf.Registration.MaxTimeout
		}
	}
	return wait
}

// The timers of a TaskManager. N tells an old one from a new one.
type (
	retryRegistration struct{ N uint64 }
	giveUp            struct{ N uint64 }
	managerSilent     struct{ N uint64 }
	slotTimeout       struct {
		Slot       int
		Allocation id.Allocation
		N          uint64
	}
	retryConnection struct {
		Job id.Job
		N   uint64
	}
	retryOffer struct {
		Job id.Job
		N   uint64
	}
	jobMasterSilent struct {
		Job id.Job
		N   uint64
	}
)

func (retryRegistration) Word() string { return "retry-registration" }
func (giveUp) Word() string            { return "give-up-registration" }
func (managerSilent) Word() string     { return "resource-manager-silent" }
func (slotTimeout) Word() string       { return "slot-timeout" }
func (retryConnection) Word() string   { return "retry-connection" }
func (retryOffer) Word() string        { return "retry-offer" }
func (jobMasterSilent) Word() string   { return "job-master-silent" }
