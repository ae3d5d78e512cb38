package wire

import "github.com/flinch-dev/flinch/runtime/id"

// Heartbeats are requested by the ResourceManager (of TaskManagers and JobMasters) and by the JobMaster (of
// TaskManagers); both sides time out on their own. They are not fenced.

// HeartbeatFromResourceManager asks a TaskManager or JobMaster for a sign of life.
type HeartbeatFromResourceManager struct{ Token id.Token }

// HeartbeatFromJobMaster asks a TaskManager, and says which slots and attempts the JobMaster believes in.
// Attempts has those whose deployment was acknowledged.
type HeartbeatFromJobMaster struct {
	Job         id.Job
	Token       id.Token
	Allocations []id.Allocation
	Attempts    []id.Attempt
}

// HeartbeatToResourceManager answers, with the slots as the TaskManager sees them.
type HeartbeatToResourceManager struct {
	Token id.Token
	Slots []Slot // none from a JobMaster
}

// HeartbeatToJobMaster answers, with the attempts that are deployed on the TaskManager for the job.
type HeartbeatToJobMaster struct {
	Job      id.Job
	Token    id.Token
	Attempts []id.Attempt
}
