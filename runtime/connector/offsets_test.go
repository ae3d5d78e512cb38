package connector

import (
	"fmt"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// commits compares what the group is told: "watchers in: 0@7 2@9" is two partitions.
func (r *reading) commits(want ...string) {
	r.t.Helper()
	r.env.Tell(r.t, func(effect any) string {
		mail, _ := effect.(mailboxtest.Mail)
		switch m := mail.M.(type) {
		case wire.KafkaFetch:
			r.req[m.Partition] = m.Req
		case wire.KafkaCommitOffsets:
			text := m.Group + " " + m.Topic + ":"
			for i, n := range m.Partitions {
				text += fmt.Sprintf(" %d@%d", n, m.Next[i])
			}
			return text
		}
		return ""
	}, want...)
}

// A group hears where the source stood in a checkpoint, when that is complete and not before. What was read since then
// is not in it, and a checkpoint that was aborted never is.
func TestAGroupHearsOfCompletedCheckpoints(t *testing.T) {
	r := read(t, wire.Split{Partition: 0, Offset: 5}, wire.Split{Partition: 2, Offset: 9})
	r.op.Group = "watchers"
	r.commits()
	r.fetched(0, 8, 5, 6, 7)
	r.emits(2, "[0@5 0@6]", "[0@7 2@9]")
	r.Snapshot(1)
	r.emits(9, "[0@7]", "[0@8 2@9]")
	r.Snapshot(2) // is going to be aborted
	r.commits()
	r.fetched(0, 9, 8)
	r.emits(9, "[0@8]", "[0@9 2@9]")
	r.Snapshot(3)
	r.Complete(r.env, 1)
	r.commits("watchers in: 0@7 2@9")
	r.Complete(r.env, 3)
	r.commits("watchers in: 0@9 2@9")
	for _, again := range []id.Checkpoint{3, 2, 7} { // heard of already, aborted, and of another attempt
		r.Complete(r.env, again)
	}
	r.commits()
}

// Without a group there is nobody to tell, and a source without partitions has nothing to say.
func TestAGroupThatHearsNothing(t *testing.T) {
	r := read(t, wire.Split{Partition: 0, Offset: 5})
	r.Snapshot(1)
	r.Complete(r.env, 1)
	r.commits()
	r = readAs(t, plan.ReadCommitted)
	r.op.Group = "watchers"
	r.Snapshot(1)
	r.Complete(r.env, 1)
	r.commits()
}
