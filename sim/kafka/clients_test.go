package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
)

// clients is a lab's cluster as package conformance sees it. It knows who leads, and need not ask: stories go on while
// nobody answers.
type clients struct {
	t *testing.T
	*sim.World
	*Cluster
	heard map[uint64]kmsg.Response
	asked uint64 // the last request
}

// Receive is the clients' mailbox.
func (c *clients) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if m, ok := m.(Response); ok {
		if c.heard[m.Corr] != nil {
			c.t.Errorf("at %v: %s is answered twice", c.World.Now(), m.Word())
		}
		c.heard[m.Corr] = m.Resp
	}
	return nil
}

// answered says whether the last request is.
func (c *clients) answered() bool { return c.heard[c.asked] != nil }

func (c *clients) Send(node int32, conn int, req kmsg.Request) (await func() kmsg.Response) {
	c.asked++
	asked := c.asked
	c.World.Send("client", Addr(int(max(node, 0))), Request{Corr: asked, Conn: uint32(conn), Req: req})
	return func() kmsg.Response {
		if !c.RunUntil(func() bool { return c.heard[asked] != nil }, c.World.Now()+conformance.Patience) {
			return nil
		}
		resp := c.heard[asked]
		carried := preview.ResponseFor(resp.Key(), resp.GetVersion())
		carried.SetVersion(resp.GetVersion())
		if err := carried.ReadFrom(resp.AppendTo(nil)); err != nil {
			c.t.Fatalf("answer %s v%d cannot be read: %v", kmsg.NameForKey(resp.Key()), resp.GetVersion(), err)
		}
		return carried
	}
}

// Now is the time of records: of 1970, in whole seconds, so that stories can name it.
func (c *clients) Now() time.Time { return time.UnixMilli(0).Add(c.World.Now().Truncate(time.Second)) }

func (c *clients) Pass(d time.Duration) { c.Run(c.World.Now() + d) }

func (c *clients) Traits() conformance.Traits {
	return conformance.Traits{Brokers: 3, TransactionVersion: c.cfg.TransactionVersion.level()}
}
