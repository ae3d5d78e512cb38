package wire

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// Deployment is all that a TaskManager needs to run one attempt.
type Deployment struct {
	Job            id.Job
	JobName        string // for people
	Attempt        id.Attempt
	Allocation     id.Allocation
	Parallelism    int
	MaxParallelism int
	Chain          []plan.Operator
	Inputs         []Input
	Outputs        []Output
	Restore        id.Checkpoint // 0: start empty
	State          snapshot.Task // redistributed to this subtask, when Restore is not 0
	Config         map[string]string
	OldParallelism int // of the vertex in the restored checkpoint; 0 without one
}

// Input is one edge into the vertex: its channels, one per producer that sends to this subtask. Edge is the
// edge's place among the producers' Outputs, Channel is the channel of that edge that is ours: 0 with
// FORWARD, else our subtask.
type Input struct {
	From      id.Vertex
	Edge      int
	Channel   int
	Producers []Producer
}

// Producer is where one input channel comes from.
type Producer struct {
	Attempt id.Attempt
	Task    mailbox.Addr
}

// Output is one edge out of the vertex. Channels are numbered by consumer subtask; with FORWARD the only
// channel is 0.
type Output struct {
	To          id.Vertex
	Partitioner plan.Partitioner
	Channels    int
}

// SubmitTask deploys an attempt. The TaskManager accepts it only if Token is that of the JobMaster it is
// registered with for the job, and the slot with the Allocation belongs to the job.
type SubmitTask struct {
	Token id.Token
	Task  Deployment
}

// TaskSubmitted answers; Refused is empty, or the reason.
type TaskSubmitted struct {
	Attempt id.Attempt
	Refused string
}

// CancelTask ends an attempt. The attempt is the capability: there is no token. An unknown attempt is
// answered with TaskStateChanged CANCELED, so that a lost answer cannot block a restart.
type CancelTask struct{ Attempt id.Attempt }

// TaskStateChanged tells the JobMaster an attempt's new state: INITIALIZING, RUNNING, FINISHED, CANCELED or
// FAILED (fenced).
type TaskStateChanged struct {
	Job     id.Job
	Attempt id.Attempt
	State   string
	Cause   string
	Again   bool // said before, over a connection that has broken
}

// EndOfData tells the JobMaster that an attempt has handled all its input, and only waits for a last
// checkpoint (fenced).
type EndOfData struct {
	Job     id.Job
	Attempt id.Attempt
}

// TaskAddr is where the task of an attempt receives its mail, on a TaskManager.
func TaskAddr(taskManager mailbox.Addr, a id.Attempt) mailbox.Addr {
	return taskManager.In("task-" + a.String())
}
