package wire

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// The status conversation: what a cluster says of itself to whoever watches it, a REST API or a scraper of metrics.
// Asking changes nothing, and nothing is said that nobody has asked for. Times are milliseconds since 1970 on the
// clock of whoever answers; 0 is "not yet", or "never".

// RequestTaskManagers asks the ResourceManager for the TaskManagers that are registered with it (fenced).
type RequestTaskManagers struct{ Req uint64 }

// TaskManagersAre answers, in the order of their registration.
type TaskManagersAre struct {
	Req          uint64
	TaskManagers []TaskManagerReport
}

// TaskManagerReport is what the ResourceManager knows of a TaskManager.
type TaskManagerReport struct {
	TaskManager mailbox.Addr
	Instance    id.Instance
	Slots       []Slot
	Heard       int64 // when it last gave a sign of life
}

// RequestJobs asks the Dispatcher for the jobs that it knows (fenced).
type RequestJobs struct{ Req uint64 }

// JobsAre answers, sorted by job.
type JobsAre struct {
	Req  uint64
	Jobs []JobSummary
}

// JobSummary is a job, and the status that it is in.
type JobSummary struct {
	Job    id.Job
	Status string
}

// RequestJob asks the Dispatcher about one job (fenced). While the job has a JobMaster, that one answers.
type RequestJob struct {
	Req uint64
	Job id.Job
}

// JobIs answers: everything about the job at one moment, so that no part contradicts another. The Status of a job
// that the Dispatcher does not know is empty.
type JobIs struct {
	Req    uint64
	Report JobReport
}

// JobReport is a job at one moment. Of one that ended under another leader only Plan.ID and Status are known.
type JobReport struct {
	Plan        plan.Job
	Config      map[string]string // in force: the cluster's, with the job's on top
	Status      string
	Since       map[string]int64 // when this JobMaster last entered each status
	At          int64            // when this was so
	Restarts    int              // by this JobMaster
	Tasks       []TaskReport     // vertex by vertex
	Checkpoints CheckpointStatistics
	Failures    []RootFailure // the newest first
	Truncated   bool          // there were more failures than are kept
}

// TaskReport is the present attempt of a subtask.
type TaskReport struct {
	Attempt     id.Attempt
	State       string
	TaskManager mailbox.Addr     // empty until it is deployed
	Since       map[string]int64 // when it entered each state
}

// RootFailure is a failure that made the job restart or fail, with those that came before it was dealt with.
type RootFailure struct {
	Failure    Failure
	Concurrent []Failure
}

// Failure is one failure. Without an Attempt, the job failed as a whole.
type Failure struct {
	At          int64
	Attempt     id.Attempt
	TaskManager mailbox.Addr
	Cause       string
}

// CheckpointStatistics is what a checkpoint coordinator has counted since its JobMaster started.
type CheckpointStatistics struct {
	Restored   int // restores from a checkpoint
	Total      int // checkpoints begun
	InProgress int
	Completed  int
	Failed     int

	LatestCompleted CheckpointReport // ID 0: none; so it is with the two below
	LatestFailed    CheckpointReport
	LatestRestored  RestoredCheckpoint

	Bytes    Summary            // of completed checkpoints
	Duration Summary            // of completed checkpoints, in milliseconds
	History  []CheckpointReport // the last ones, the newest first
}

// CheckpointReport is one checkpoint. Status is IN_PROGRESS, COMPLETED or FAILED.
type CheckpointReport struct {
	ID        id.Checkpoint
	Status    string
	Triggered int64
	LatestAck int64
	Bytes     int64 // of the state that is there so far: acknowledged, or a coordinator's
	Subtasks  int   // that take part
	Acked     int
	Path      string // of a completed one, in the object store
	Discarded bool   // its files have been dropped since
	Failed    int64  // when a failed one did
	Reason    string // why it did, by Flink's names
}

// RestoredCheckpoint is a checkpoint that tasks have started from.
type RestoredCheckpoint struct {
	ID   id.Checkpoint
	At   int64
	Path string
}

// Summary sums up a number of values. The quantiles are those of the last values only.
type Summary struct {
	Min, Max, Avg            int64
	P50, P90, P95, P99, P999 int64
}

// RequestTasks asks a TaskManager which tasks it has.
type RequestTasks struct{ Req uint64 }

// TasksAre answers, sorted. A task's own address is TaskAddr.
type TasksAre struct {
	Req   uint64
	Tasks []TaskOfJob
}

// TaskOfJob is an attempt and the job that it is of. Name is that of its vertex.
type TaskOfJob struct {
	Job     id.Job
	JobName string
	Name    string
	Attempt id.Attempt
}

// RequestTaskIO asks a task what it has read and written.
type RequestTaskIO struct{ Req uint64 }

// TaskIOIs answers. The counts are those of the attempt.
type TaskIOIs struct {
	Req           uint64
	RecordsIn     uint64
	RecordsOut    uint64
	BackPressured bool // an output is full: it waits for those downstream
}
