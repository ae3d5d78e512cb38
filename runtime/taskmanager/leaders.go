package taskmanager

import (
	"strings"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// follow moves to new leaders.
func (t *TaskManager) follow(env mailbox.Env) func(component string, l wire.Leader) {
	return func(component string, l wire.Leader) {
		if component == "resourcemanager" {
			t.managerChanged(env, l)
		} else if job, ok := strings.CutPrefix(component, "job/"); ok {
			t.jobMasterChanged(env, id.Job(job), l)
		}
	}
}
