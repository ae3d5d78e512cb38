package history

// ProcessStarted, ProcessStopped and the pair for pauses are noted by the world.
type ProcessStarted struct {
	Name string
	Boot int // 1 for the first start
}

// ProcessConnected: a real process has said that it is there, under this process id.
type ProcessConnected struct {
	Name string
	PID  int
}

// MachineLost is why a process has stopped whose machine is gone.
const MachineLost = "machine lost"

// ProcessStopped: Cause is "killed", MachineLost, or the message of a failed assertion, with Panic set.
type ProcessStopped struct {
	Name  string
	Cause string
	Panic bool
}

// ProcessPaused: the process stands still; its mail waits and its clock goes on.
type ProcessPaused struct{ Name string }

// ProcessResumed ends a pause.
type ProcessResumed struct{ Name string }

// FaultStarted: a fault was injected. Asked is what the scenario said, At (of the entry) what was achieved.
type FaultStarted struct {
	Fault   string   // its name in the scenario
	Inject  string   // its kind, such as "jobmanager.kill"
	Targets []string // the processes or links picked
	Asked   string
	Why     string // why these targets
}

// FaultEnded: the fault was undone, or its target took it along.
type FaultEnded struct {
	Fault  string
	Inject string
	Result string
}

// Violation is a broken protocol invariant that an actor or the model of a service found in itself.
type Violation struct {
	Invariant string // its id, such as "H6" or "lso"
	Detail    string
}

// Transaction is a step of a transaction at its coordinator, or a marker at a partition.
type Transaction struct {
	ID         string
	ProducerID int64
	Epoch      int16
	State      string // Ongoing, PrepareCommit, CompleteCommit, PrepareAbort, CompleteAbort, Fenced
	Cause      string // for an abort: "client", "timeout", "init"
}

// MarkerAppended: one partition has learnt the decision; a read_committed reader may see it from here.
type MarkerAppended struct {
	ID         string // empty: the partition does not know the id
	ProducerID int64
	Epoch      int16
	Topic      string
	Partition  int32
	Commit     bool
}

func (ProcessStarted) Kind() string   { return "process.started" }
func (ProcessConnected) Kind() string { return "process.connected" }
func (ProcessStopped) Kind() string   { return "process.stopped" }
func (ProcessPaused) Kind() string    { return "process.paused" }
func (ProcessResumed) Kind() string   { return "process.resumed" }
func (FaultStarted) Kind() string     { return "fault.started" }
func (FaultEnded) Kind() string       { return "fault.ended" }
func (Violation) Kind() string        { return "violation" }
func (e Transaction) Kind() string {
	switch e.State { // the usual ones, without a new text for each of many thousands
	case "Empty":
		return "txn.empty"
	case "Ongoing":
		return "txn.ongoing"
	case "PrepareCommit":
		return "txn.preparecommit"
	case "CompleteCommit":
		return "txn.completecommit"
	}
	return "txn." + lower(e.State)
}
func (MarkerAppended) Kind() string { return "marker.appended" }
