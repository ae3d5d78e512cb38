package task

import (
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// io counts the records of this attempt, to be told when somebody asks.
type io struct{ in, out uint64 }

// tellIO answers a question that changes nothing.
func (t *Task) tellIO(env mailbox.Env, from mailbox.Addr, m wire.RequestTaskIO) {
	blocked := false
	for _, o := range t.outputs {
		blocked = blocked || !o.Writable()
	}
	env.Send(from, wire.TaskIOIs{Req: m.Req, RecordsIn: t.io.in, RecordsOut: t.io.out, BackPressured: blocked})
}
