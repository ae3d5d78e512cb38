package wire

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// SubmitJob hands a job to the Dispatcher (fenced).
type SubmitJob struct {
	Req uint64
	Job plan.Job
}

// JobSubmitted answers; Refused is empty, or the reason.
type JobSubmitted struct {
	Req     uint64
	Job     id.Job
	Refused string
}

// CancelJob asks the Dispatcher to cancel a job (fenced).
type CancelJob struct {
	Req uint64
	Job id.Job
}

// JobCancelling answers; Refused is empty, or the reason.
type JobCancelling struct {
	Req     uint64
	Job     id.Job
	Refused string
}

// RequestJobStatus asks the Dispatcher (fenced).
type RequestJobStatus struct {
	Req uint64
	Job id.Job
}

// JobStatusIs answers. Status is empty for a job that the Dispatcher does not know.
type JobStatusIs struct {
	Req    uint64
	Job    id.Job
	Status string
}

// Leader is what a leader publishes about one of its endpoints, under LeaderKey, in the HA
// service, as JSON: components are "dispatcher", "resourcemanager" and "job/<job id>".
type Leader struct {
	Addr  string
	Token id.Token
}

// LeaderKey is where a component's Leader is published in the HA service of a cluster.
func LeaderKey(clusterID, component string) string { return clusterID + "/leader/" + component }
