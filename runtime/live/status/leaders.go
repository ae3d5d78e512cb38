package status

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// leaders is what the HA service says of who leads: a long poll over everything that leaders publish.
type leaders struct {
	req     uint64
	version uint64
	known   map[string]wire.Leader // by component
}

// A watch is answered at the latest after watchWait; without an answer it is asked again after watchGrace more, and
// after watchRetry when the service says that it cannot, or is not there.
const (
	watchWait  = 30 * time.Second
	watchGrace = 5 * time.Second
	watchRetry = time.Second
)

// watchDue is the time to watch again, unless that has happened meanwhile.
type watchDue struct{ Req uint64 }

func (watchDue) Word() string { return "watch-due" }

func (c *Client) watch(env mailbox.Env) {
	if c.cfg.HA == "" {
		return
	}
	l := &c.leaders
	l.req++
	env.Send(c.cfg.HA, wire.CoordWatch{Req: l.req, Prefix: wire.LeaderKey(c.cfg.ClusterID, ""), After: l.version, Wait: watchWait})
	env.After(watchWait+watchGrace, watchDue{l.req})
}

func (c *Client) watchLater(env mailbox.Env) {
	c.leaders.req++
	env.After(watchRetry, watchDue{c.leaders.req})
}

// observe takes the answer to a watch. Who has asked a former leader will hear of it, or not.
func (c *Client) observe(env mailbox.Env, m wire.CoordEntries) {
	l := &c.leaders
	if m.Req != l.req {
		return
	}
	if m.Err != "" {
		c.watchLater(env)
		return
	}
	l.version, l.known = m.Version, map[string]wire.Leader{}
	prefix := wire.LeaderKey(c.cfg.ClusterID, "")
	for _, e := range m.Entries {
		var leader wire.Leader
		if json.Unmarshal(e.Value, &leader) == nil { // else whoever leads will write it again
			l.known[strings.TrimPrefix(e.Key, prefix)] = leader
		}
	}
	c.watch(env)
}
