package taskmanager

import (
	"maps"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// stopped ends the process, stopGrace after it was asked to stop: what it has said by then has left.
type stopped struct{}

func (stopped) Word() string { return "stopped" }

const stopGrace = 500 * time.Millisecond

// stop says good-bye: the jobs fail over at once instead of waiting for heartbeat.timeout.
func (t *TaskManager) stop(env mailbox.Env) {
	t.stopping = true
	const cause = "the TaskManager is shutting down"
	for _, job := range slices.Sorted(maps.Keys(t.jobs)) {
		if c := t.jobs[job]; c.leader.Addr != "" {
			env.Send(mailbox.Addr(c.leader.Addr), wire.Fenced{Token: c.leader.Token, M: wire.DisconnectTaskManager{Job: job, Token: c.leader.Token, Cause: cause}})
		}
	}
	t.tellManager(env, wire.DisconnectTaskManager{Token: t.manager.leader.Token, Cause: cause})
	env.After(stopGrace, stopped{})
}

// whileStopping takes no part in anything any more.
func (t *TaskManager) whileStopping(m mailbox.Msg) error {
	if _, over := m.(stopped); over {
		return mailbox.ErrDone
	}
	return nil
}
