package wire

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// TriggerCheckpoint asks a source task to start a checkpoint. It goes to the TaskManager; the attempt is the
// capability. An unknown or not running attempt is answered with TriggerRefused.
type TriggerCheckpoint struct {
	Job        id.Job
	Attempt    id.Attempt
	Checkpoint id.Checkpoint
	Timestamp  time.Time // the coordinator's clock at the trigger
}

// TriggerRefused answers a trigger that could not start (fenced).
type TriggerRefused struct {
	Job        id.Job
	Attempt    id.Attempt
	Checkpoint id.Checkpoint
	Cause      string
}

// SnapshotStarted tells the coordinators of a task's operators that its snapshot is taken, or that the
// checkpoint was aborted before: what the coordinator says next belongs after the cut (fenced).
type SnapshotStarted struct {
	Job        id.Job
	Attempt    id.Attempt
	Checkpoint id.Checkpoint
}

// AcknowledgeCheckpoint hands a task's state over, durable (fenced).
type AcknowledgeCheckpoint struct {
	Job        id.Job
	Attempt    id.Attempt
	Checkpoint id.Checkpoint
	State      snapshot.Task
}

// DeclineCheckpoint aborts a checkpoint from a task (fenced). Reason is one of Flink's names, such as
// CHECKPOINT_DECLINED_SUBSUMED or CHECKPOINT_ASYNC_EXCEPTION.
type DeclineCheckpoint struct {
	Job        id.Job
	Attempt    id.Attempt
	Checkpoint id.Checkpoint
	Reason     string
	Cause      string
}

// NotifyCheckpointComplete tells a task that everything up to this checkpoint may be committed. It goes to
// the TaskManager, is sent once, and a lost one is repaired by the next, by an abort, or by a restore.
type NotifyCheckpointComplete struct {
	Attempt    id.Attempt
	Checkpoint id.Checkpoint
}

// NotifyCheckpointAborted tells a task that this checkpoint will never be complete. LatestCompleted counts
// as a notification of completion too.
type NotifyCheckpointAborted struct {
	Attempt         id.Attempt
	Checkpoint      id.Checkpoint
	LatestCompleted id.Checkpoint
}
