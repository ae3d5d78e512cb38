package task

import (
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The task restores a part that is inlined and one that is a file, and is RUNNING, with its sum, when both are
// there. Barriers of the restored checkpoint and before are old.
func TestATaskRestoresFromHandles(t *testing.T) {
	state := func(key string, inline bool) snapshot.Handle {
		d := summing()
		if !inline {
			d.Config["execution.checkpointing.data-inline-threshold"] = "0"
		}
		s := running(t, d)
		s.in(0, key+"=5")
		s.snapshot(4)
		s.upload(mailbox.Started{})
		if inline {
			return s.ack.Of("sum").Keyed[0]
		}
		s.upload(wire.BlobDone{Req: s.asked})
		h := s.ack.Of("sum").Keyed[0]
		h.Path = "s3://flink/elsewhere"
		return h
	}
	file := running(t, summing())
	file.in(0, "b=7")
	bytes := file.chain.Freeze()[0].Bytes()

	d := summing()
	d.Restore = 4
	d.State = snapshot.Task{Operators: []snapshot.Operator{{Operator: "sum", Keyed: []snapshot.Handle{state("a", true), state("b", false)}}}}
	s := setUp(t, d)
	s.does("INITIALIZING", "get s3://flink/elsewhere")
	s.receive("objectstore", wire.BlobData{Req: s.asked, Data: bytes})
	s.does("* task.restored", "RUNNING", "request source-0", "request source-1")
	s.receive("tm-2/next", wire.RequestPartition{Producer: d.Attempt, Credit: 10})
	s.in(0, "barrier 4")
	s.receive("tm", wire.NotifyCheckpointComplete{Attempt: d.Attempt, Checkpoint: 4})
	s.in(1, "a=1 b=1")
	s.timeout()
	s.does("-> a=6 b=8")
	if s.env.Worked[mailbox.Restore] == 0 {
		t.Error("restoring is work")
	}
}

// State that cannot be had fails the attempt, with the reason: it never starts from less.
func TestARestoreThatFails(t *testing.T) {
	restoring := func(op id.Operator, h snapshot.Handle) *stage {
		d := summing()
		d.Restore = 4
		d.State = snapshot.Task{Operators: []snapshot.Operator{{Operator: op, Keyed: []snapshot.Handle{h}}}}
		return setUp(t, d)
	}
	const where = "task sum-0#1@grap: restore operator sum from checkpoint 4: "
	s := restoring("sum", snapshot.Handle{Path: "s3://flink/gone"})
	s.receive("objectstore", wire.BlobData{Req: s.asked, Err: "not-found"})
	s.fails(where + "object s3://flink/gone is not in the store")

	s = restoring("sum", snapshot.Handle{Inline: []byte("damaged")})
	if s.err == nil || !strings.HasPrefix(s.err.Error(), where) {
		t.Errorf("damaged state: %v", s.err)
	}
	s = restoring("total", snapshot.Handle{Inline: []byte("x")})
	if s.err == nil || !strings.Contains(s.err.Error(), "there is state for operator total, which is not in this chain") {
		t.Errorf("state of another operator: %v", s.err)
	}
}
