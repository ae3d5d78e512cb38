package history

import "github.com/flinch-dev/flinch/runtime/id"

// CheckpointTriggered: the coordinator has an id and a plan, and the trigger calls to the sources leave next.
type CheckpointTriggered struct {
	Job        id.Job
	Checkpoint id.Checkpoint
}

// CheckpointAcked: the coordinator has counted an attempt's acknowledgement.
type CheckpointAcked struct {
	Job        id.Job
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
	Missing    int // acknowledgements still waited for
}

// CheckpointStored: the _metadata file is durable; the checkpoint is not yet the one to restore.
type CheckpointStored struct {
	Job        id.Job
	Checkpoint id.Checkpoint
}

// CheckpointCompleted: the pointer is in the HA store. Notifications to the tasks leave next.
type CheckpointCompleted struct {
	Job        id.Job
	Checkpoint id.Checkpoint
	Bytes      int64
	DurationMs int64 // from trigger to here
	Acked      []id.Attempt
	Waited     []id.Attempt // the attempts of the plan
}

// CheckpointAborted: reasons are Flink's names (CHECKPOINT_EXPIRED, CHECKPOINT_DECLINED ...).
type CheckpointAborted struct {
	Job        id.Job
	Checkpoint id.Checkpoint
	Reason     string
	Counted    bool // against tolerable-failed-checkpoints
}

// CheckpointSubsumed: an old checkpoint was removed from the store, since newer ones are there.
type CheckpointSubsumed struct {
	Job        id.Job
	Checkpoint id.Checkpoint
	By         id.Checkpoint
}

// CheckpointNotified: a task has handled notifyCheckpointComplete.
type CheckpointNotified struct {
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
}

// CheckpointAbortNotified: a task has handled notifyCheckpointAborted.
type CheckpointAbortNotified struct {
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
}

// AlignmentStarted: the first barrier of a checkpoint has reached a task.
type AlignmentStarted struct {
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
}

// BarrierAligned: all channels have delivered the barrier. Sources have no channels and note nothing.
type BarrierAligned struct {
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
	AlignedMs  int64 // from the first barrier to here
}

// SnapshotTaken: the synchronous part is done, state is frozen, the barrier is on its way downstream.
type SnapshotTaken struct {
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
	Operators  []id.Operator
}

// SnapshotStored: the asynchronous part is done: every file of this task is durable. The ack leaves next.
type SnapshotStored struct {
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
	Bytes      int64
}

// SourcePosition is where a source stood at a snapshot or after a restore: the next offset of each split.
type SourcePosition struct {
	Checkpoint id.Checkpoint
	Attempt    id.Attempt
	Partitions []int32
	Next       []int64
	Restored   bool
}

func (CheckpointTriggered) Kind() string     { return "checkpoint.triggered" }
func (CheckpointAcked) Kind() string         { return "checkpoint.acked" }
func (CheckpointStored) Kind() string        { return "checkpoint.stored" }
func (CheckpointCompleted) Kind() string     { return "checkpoint.completed" }
func (CheckpointAborted) Kind() string       { return "checkpoint.aborted" }
func (CheckpointSubsumed) Kind() string      { return "checkpoint.subsumed" }
func (CheckpointNotified) Kind() string      { return "checkpoint.notified" }
func (CheckpointAbortNotified) Kind() string { return "checkpoint.abort-notified" }
func (AlignmentStarted) Kind() string        { return "alignment.started" }
func (BarrierAligned) Kind() string          { return "barrier.aligned" }
func (SnapshotTaken) Kind() string           { return "snapshot.taken" }
func (SnapshotStored) Kind() string          { return "snapshot.stored" }
func (SourcePosition) Kind() string          { return "source.position" }
