package history

import "github.com/flinch-dev/flinch/runtime/id"

// JobStatus is a job's move to a status, as Flink names them (RUNNING, RESTARTING ...).
// Its kind is "job." and the status in lower case: job.running, job.restarting.
type JobStatus struct {
	Job    id.Job
	Status string
	Cause  string // for RESTARTING, FAILING and FAILED: the failure in one sentence
}

// JobResultStored: the result of a job that has ended for good is durable, as its writer or a later leader saw.
// From here on it never runs again.
type JobResultStored struct {
	Job    id.Job
	Status string
}

// ExecutionState is an attempt's move to a state, as Flink names them (DEPLOYING, RUNNING ...), seen by the
// JobMaster. Its kind is "task." and the state in lower case.
type ExecutionState struct {
	Job         id.Job
	Attempt     id.Attempt
	State       string
	TaskManager string
	Cause       string
}

// RestartScheduled is the restart strategy's answer to a failure.
type RestartScheduled struct {
	Job     id.Job
	Attempt int   // 1 for the first restart of this JobMaster
	Backoff int64 // milliseconds
	Cause   string
	Regions []string // the vertices that restart; all of them for a global failure
}

// RestoreStarted: the JobMaster has chosen the checkpoint from which the tasks will start. 0 means from the
// beginning.
type RestoreStarted struct {
	Job        id.Job
	Checkpoint id.Checkpoint
	Global     bool
}

// RestoreCompleted: every task of that restart is RUNNING with its state.
type RestoreCompleted struct {
	Job        id.Job
	Checkpoint id.Checkpoint
}

// TaskRestored: one attempt has loaded its state. Bytes is what it read.
type TaskRestored struct {
	Attempt    id.Attempt
	Checkpoint id.Checkpoint
	Bytes      int64
}

// AttemptFenced: a call was refused since its token or attempt is not, or no longer, valid.
type AttemptFenced struct {
	By      string // who refused
	Word    string // the message refused
	Attempt id.Attempt
	Token   id.Token
}

// SlotAllocated and SlotFreed are seen by the TaskManager that owns the slot.
type SlotAllocated struct {
	TaskManager string
	Slot        int
	Job         id.Job
	Allocation  id.Allocation
}

// SlotFreed: the slot has no owner any more.
type SlotFreed struct {
	TaskManager string
	Slot        int
	Allocation  id.Allocation
	Cause       string
}

// KeyGroupsOwned: an attempt that restored or started is now the owner of a range of key groups.
type KeyGroupsOwned struct {
	Attempt     id.Attempt
	First, Last int
}

func (e JobStatus) Kind() string      { return "job." + lower(e.Status) }
func (JobResultStored) Kind() string  { return "job.result-stored" }
func (e ExecutionState) Kind() string { return "task." + lower(e.State) }
func (RestartScheduled) Kind() string { return "restart.scheduled" }
func (RestoreStarted) Kind() string   { return "restore.started" }
func (RestoreCompleted) Kind() string { return "restore.completed" }
func (TaskRestored) Kind() string     { return "task.restored" }
func (AttemptFenced) Kind() string    { return "attempt.fenced" }
func (SlotAllocated) Kind() string    { return "slot.allocated" }
func (SlotFreed) Kind() string        { return "slot.freed" }
func (KeyGroupsOwned) Kind() string   { return "keygroups.owned" }

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
