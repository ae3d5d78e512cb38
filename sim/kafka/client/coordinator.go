package client

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// busyBackoff is the wait while the transaction before is being ended, which takes no time as a rule.
const busyBackoff = 20 * time.Millisecond

// retry tries once more if a coordinator's answer leaves the matter open, and says whether it does. Where it is to
// be asked may have changed, too.
func (c *Client) retry(env mailbox.Env, j *job, key string, code int16, try func(mailbox.Env)) bool {
	switch code {
	case protocol.ConcurrentTransactions:
		later(env, busyBackoff, try)
	case protocol.NotCoordinator, protocol.CoordinatorNotAvailable, protocol.NetworkException:
		delete(c.coordinators, key)
		c.again(env, &j.tries, try)
	case protocol.CoordinatorLoadInProgress, protocol.RequestTimedOut:
		c.again(env, &j.tries, try)
	default:
		return false
	}
	return true
}

// withCoordinator finds out who coordinates a group or a transactional id, and goes on if the job does.
func (c *Client) withCoordinator(env mailbox.Env, j *job, kind int8, key string, then func(env mailbox.Env, node int32)) {
	if j.over {
		return
	}
	if node, ok := c.coordinators[key]; ok {
		then(env, node)
		return
	}
	again := func(env mailbox.Env) { c.withCoordinator(env, j, kind, key, then) }
	req := kmsg.NewPtrFindCoordinatorRequest()
	req.CoordinatorType, req.CoordinatorKeys = kind, []string{key}
	c.sendAny(env, 4, req, func(env mailbox.Env, resp kmsg.Response) {
		found, ok := resp.(*kmsg.FindCoordinatorResponse)
		if !ok || found.Coordinators[0].ErrorCode != protocol.None {
			c.again(env, &j.tries, again)
			return
		}
		c.coordinators[key] = found.Coordinators[0].NodeID
		again(env)
	})
}
