package wire

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Slot is what a TaskManager says of one of its slots. Job and Allocation are empty when it is free.
type Slot struct {
	Index      int
	Job        id.Job
	Allocation id.Allocation
}

// RegisterTaskManager registers a TaskManager at the ResourceManager (fenced).
type RegisterTaskManager struct {
	TaskManager mailbox.Addr
	Slots       []Slot
}

// TaskManagerRegistered accepts it.
type TaskManagerRegistered struct {
	Token    id.Token // of the ResourceManager
	Instance id.Instance
}

// RegisterJobMaster registers a JobMaster at the ResourceManager (fenced).
type RegisterJobMaster struct {
	Job       id.Job
	JobMaster mailbox.Addr
	Token     id.Token // of the JobMaster
}

// JobMasterRegistered accepts it.
type JobMasterRegistered struct {
	Job   id.Job
	Token id.Token // of the ResourceManager
}

// RegisterAtJobMaster registers a TaskManager at a JobMaster (fenced).
type RegisterAtJobMaster struct {
	Job         id.Job
	TaskManager mailbox.Addr
}

// RegisteredAtJobMaster accepts it.
type RegisteredAtJobMaster struct {
	Job   id.Job
	Token id.Token // of the JobMaster
}

// DisconnectTaskManager ends a TaskManager's registration at a JobMaster or ResourceManager: the sender has
// declared it lost, or is shutting down. The receiver registers anew if it still wants to.
type DisconnectTaskManager struct {
	Job   id.Job // empty from a ResourceManager
	Token id.Token
	Cause string
}
