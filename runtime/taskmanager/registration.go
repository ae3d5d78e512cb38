package taskmanager

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// registration is the connection to the ResourceManager.
type registration struct {
	leader     wire.Leader // the one we mean to be registered with; Addr is empty while nobody leads
	registered bool
	instance   id.Instance
	tries      int
	timer      uint64 // of the next try
	deadline   uint64 // of taskmanager.registration.timeout, while not registered
	silence    uint64 // of heartbeat.timeout, while registered
}

// managerChanged moves to a new ResourceManager leader. Running tasks are not touched by it.
func (t *TaskManager) managerChanged(env mailbox.Env, l wire.Leader) {
	if l == t.manager.leader && t.manager.registered {
		return
	}
	t.manager.leader = l
	t.disconnect(env, "another ResourceManager leads")
}

// disconnect gives up the registration and starts to look for the next. If that takes longer than
// taskmanager.registration.timeout, the process ends.
func (t *TaskManager) disconnect(env mailbox.Env, _ string) {
	m := &t.manager
	if m.registered || m.deadline == 0 {
		m.deadline = t.timer()
		env.After(t.conf.TaskManager.RegistrationTimeout, giveUp{m.deadline})
	}
	m.registered, m.silence, m.tries = false, 0, 0
	t.register(env)
}

func (t *TaskManager) register(env mailbox.Env) {
	m := &t.manager
	m.timer = t.timer()
	if m.registered || m.leader.Addr == "" {
		return
	}
	env.Send(mailbox.Addr(m.leader.Addr), wire.Fenced{Token: m.leader.Token,
		M: wire.RegisterTaskManager{TaskManager: t.self, Slots: t.report()}})
	env.After(t.backoff(m.tries), retryRegistration{m.timer})
	m.tries++
}

func (t *TaskManager) registered(env mailbox.Env, from mailbox.Addr, r wire.TaskManagerRegistered) {
	m := &t.manager
	if string(from) != m.leader.Addr || r.Token != m.leader.Token || m.registered {
		return
	}
	m.registered, m.instance, m.timer, m.deadline = true, r.Instance, 0, 0
	t.hearManager(env)
}

func (t *TaskManager) hearManager(env mailbox.Env) {
	t.manager.silence = t.timer()
	env.After(t.conf.Heartbeat.Timeout, managerSilent{t.manager.silence})
}

func (t *TaskManager) heartbeatFromManager(env mailbox.Env, from mailbox.Addr, h wire.HeartbeatFromResourceManager) {
	if m := &t.manager; m.registered && string(from) == m.leader.Addr && h.Token == m.leader.Token {
		t.hearManager(env)
		env.Send(from, wire.HeartbeatToResourceManager{Token: h.Token, Slots: t.report()})
	}
}

// tellManager sends a fenced message to the ResourceManager, if there is one.
func (t *TaskManager) tellManager(env mailbox.Env, m mailbox.Msg) {
	if t.manager.registered {
		env.Send(mailbox.Addr(t.manager.leader.Addr), wire.Fenced{Token: t.manager.leader.Token, M: m})
	}
}
