package checkpoint

import "github.com/flinch-dev/flinch/runtime/id"

// Reason says why a checkpoint was aborted, by Flink's names.
type Reason string

// The reasons that the coordinator itself gives. Tasks give others.
const (
	Expired        Reason = "CHECKPOINT_EXPIRED"
	Subsumed       Reason = "CHECKPOINT_SUBSUMED"
	Suspend        Reason = "CHECKPOINT_COORDINATOR_SUSPEND"
	Shutdown       Reason = "CHECKPOINT_COORDINATOR_SHUTDOWN"
	JobFailover    Reason = "JOB_FAILOVER_REGION"
	TaskFailure    Reason = "TASK_FAILURE"
	TriggerFailure Reason = "TRIGGER_CHECKPOINT_FAILURE"
	Finalize       Reason = "FINALIZE_CHECKPOINT_FAILURE"
)

// counted are the reasons that count against tolerable-failed-checkpoints: those that may repeat themselves
// until somebody looks. All others come from what is handled elsewhere.
var counted = map[Reason]bool{
	Expired:                      true,
	Finalize:                     true,
	"IO_EXCEPTION":               true,
	"CHECKPOINT_DECLINED":        true,
	"CHECKPOINT_ASYNC_EXCEPTION": true,
}

// failures counts failed checkpoints in a row.
type failures struct {
	tolerable int
	n         int
	succeeded id.Checkpoint          // the newest that completed
	seen      map[id.Checkpoint]bool // counted since then
}

func newFailures(tolerable int) failures {
	return failures{tolerable: tolerable, seen: map[id.Checkpoint]bool{}}
}

// fail says whether the failure counts, and whether it is one too many; then counting starts anew.
func (f *failures) fail(n id.Checkpoint, r Reason) (counts, tooMany bool) {
	if !counted[r] || n <= f.succeeded || f.seen[n] {
		return false, false
	}
	f.seen[n] = true
	f.n++
	if f.n <= f.tolerable {
		return true, false
	}
	f.reset()
	return true, true
}

func (f *failures) succeed(n id.Checkpoint) {
	f.succeeded = max(f.succeeded, n)
	f.reset()
}

func (f *failures) reset() {
	f.n = 0
	clear(f.seen)
}
