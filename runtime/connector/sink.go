package connector

import (
	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// Sink is the last operator of a chain: writer and committer in one. The task calls it in this order, and
// waits, between two calls, until Busy is false:
//
//	Open ── (Write, Flush)* ── PreCommit(n) ── barrier n leaves ── Snapshot(n) ── (Write, Flush)* ...
//	                                                     Complete(n), at any later time
type Sink interface {
	// Open starts the sink on the state it is to go on from; restored is 0 for a fresh start.
	Open(env mailbox.Env, restored id.Checkpoint, state snapshot.Operator) error
	// Busy says whether the sink waits for an answer before the next call may come.
	Busy() bool
	// Writable says whether it takes more records now.
	Writable() bool
	// Write takes records; what it wants to keep of them it copies.
	Write(env mailbox.Env, row []record.Record)
	// Flush hands over what has been written, without waiting.
	Flush(env mailbox.Env)
	// PreCommit makes everything written so far durable in the outside world, invisible still.
	PreCommit(env mailbox.Env, checkpoint id.Checkpoint)
	// Snapshot returns what the sink owes the outside world, and begins the next epoch.
	Snapshot(env mailbox.Env, checkpoint id.Checkpoint) []snapshot.List
	// Complete commits everything up to a checkpoint.
	Complete(env mailbox.Env, checkpoint id.Checkpoint)
	// Settled says whether nothing is owed up to a checkpoint.
	Settled(checkpoint id.Checkpoint) bool
	Handle(env mailbox.Env, m mailbox.Msg) (mine bool, err error)
}

// Subtask says which of the parallel instances a sink is.
type Subtask struct {
	Attempt     id.Attempt
	Parallelism int
}

// NewSink returns the sink for an operator.
func NewSink(op plan.Operator, subtask Subtask, kafka mailbox.Addr, store *blob.Client) Sink {
	switch {
	case op.Kind == plan.FileSink:
		return newFileSink(op, subtask, store)
	case op.Kind == plan.Blackhole:
		return blackhole{}
	case op.Guarantee == plan.ExactlyOnce:
		return newTransactionalSink(op, subtask, kafka)
	default:
		return newPlainSink(op, subtask, kafka)
	}
}
