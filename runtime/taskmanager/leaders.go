package taskmanager

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// leaders is what the HA service says of who leads: a long poll over everything that leaders publish.
type leaders struct {
	req     uint64
	version uint64
	known   map[string]wire.Leader // by component
}

// A watch is answered at the latest after watchWait; without an answer it is asked again after watchOverdue.
const (
	watchWait  = 30 * time.Second
	watchGrace = 5 * time.Second
	watchRetry = time.Second
)

func (t *TaskManager) watch(env mailbox.Env) {
	t.leaders.req++
	env.Send(t.cfg.HA, wire.CoordWatch{Req: t.leaders.req, Prefix: wire.LeaderKey(t.conf.HighAvailability.ClusterID, ""),
		After: t.leaders.version, Wait: watchWait})
	env.After(watchWait+watchGrace, watchOverdue{t.leaders.req})
}

// observe takes the answer to a watch, and moves to new leaders.
func (t *TaskManager) observe(env mailbox.Env, m wire.CoordEntries) {
	if m.Req != t.leaders.req {
		return
	}
	if m.Err != "" {
		t.leaders.req++
		env.After(watchRetry, watchOverdue{t.leaders.req})
		return
	}
	before := t.leaders.known
	t.leaders.known = map[string]wire.Leader{}
	t.leaders.version = m.Version
	prefix := wire.LeaderKey(t.conf.HighAvailability.ClusterID, "")
	for _, e := range m.Entries {
		var l wire.Leader
		if json.Unmarshal(e.Value, &l) != nil {
			continue // not a leader's record; whoever leads will write it again
		}
		component := strings.TrimPrefix(e.Key, prefix)
		t.leaders.known[component] = l
		if before[component] == l {
			continue
		}
		if component == "resourcemanager" {
			t.managerChanged(env, l)
		} else if job, ok := strings.CutPrefix(component, "job/"); ok {
			t.jobMasterChanged(env, id.Job(job), l)
		}
	}
	t.watch(env)
}
