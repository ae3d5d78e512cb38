package client

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// muteKey is a broker with one kind of requests to it. In life a producer and a consumer are two clients, each with a
// connection of its own, so what one of them was told does not bind the other.
type muteKey struct {
	node int32
	key  int16
}

// throttled heeds the time for which a broker wants to hear nothing (throttle_time_ms).
func (c *Client) throttled(env mailbox.Env, broker mailbox.Addr, resp kmsg.Response) {
	t, ok := resp.(kmsg.ThrottleResponse)
	if !ok {
		return
	}
	if wait, heed := t.Throttle(); heed && wait > 0 {
		node := slices.Index(c.cfg.Brokers, broker)
		c.muted[muteKey{int32(node), resp.Key()}] = env.Now().Add(time.Duration(wait) * time.Millisecond)
	}
}

// silence is how long nothing may be sent.
func (c *Client) silence(env mailbox.Env, node int32, key int16) time.Duration {
	if len(c.muted) == 0 {
		return 0
	}
	m := muteKey{node, key}
	until, muted := c.muted[m]
	if !muted {
		return 0
	}
	wait := until.Sub(env.Now())
	if wait <= 0 {
		delete(c.muted, m)
	}
	return wait
}
