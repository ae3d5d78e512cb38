package fault

import (
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// Events lists every kind of event that "when:" and "mustHappen:" can name.
var Events = []string{
	"job.initializing", "job.created", "job.running", "job.restarting", "job.failing", "job.failed", "job.cancelling",
	"job.canceled", "job.finished", "job.result-stored", "job.suspended", "job.reconciling",
	"task.created", "task.scheduled", "task.deploying", "task.initializing", "task.running", "task.finished",
	"task.canceling", "task.canceled", "task.failed", "task.reconciling",
	"checkpoint.triggered", "checkpoint.acked", "checkpoint.stored", "checkpoint.completed", "checkpoint.aborted",
	"checkpoint.subsumed", "checkpoint.notified", "checkpoint.abort-notified",
	"alignment.started", "barrier.aligned", "snapshot.taken", "snapshot.stored", "source.position", "source.stalled",
	"sink.write", "sink.precommitted", "sink.committed", "sink.aborted", "sink.commit-lost",
	"txn.ongoing", "txn.appending", "txn.preparecommit", "txn.completecommit", "txn.prepareabort", "txn.completeabort", "txn.fenced",
	"marker.appended", "write.refused", "client.throttled", "request.late",
	"coordinator.loading", "coordinator.loaded", "isr.shrunk", "isr.expanded", "partition.elected",
	"restart.scheduled", "restore.started", "restore.completed", "task.restored", "keygroups.owned",
	"slot.allocated", "slot.freed", "attempt.fenced",
	"leader.elected", "leader.lost", "heartbeat.timeout", "taskmanager.registered",
	"process.started", "process.connected", "process.stopped", "process.paused", "process.resumed",
	"producer.ready", "producer.began", "producer.committed", "producer.aborted", "producer.unknown",
	"fault.started", "fault.ended", "violation", "operation",
}

// StepOfKafka says whether an event happens inside of Kafka's brokers, so that only a model of them can tell it.
func StepOfKafka(event string) bool {
	kind, _, _ := strings.Cut(event, ".")
	return slices.Contains([]string{"txn", "marker", "write", "client", "request", "coordinator", "isr", "partition"}, kind)
}

// facts are what a condition can ask of an event.
type facts struct {
	checkpoint id.Checkpoint
	attempt    id.Attempt
	operators  []id.Operator
	fault      string
}

func factsOf(event history.Event) facts {
	switch e := event.(type) {
	case history.CheckpointTriggered:
		return facts{checkpoint: e.Checkpoint}
	case history.CheckpointAcked:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.CheckpointStored:
		return facts{checkpoint: e.Checkpoint}
	case history.CheckpointCompleted:
		return facts{checkpoint: e.Checkpoint}
	case history.CheckpointAborted:
		return facts{checkpoint: e.Checkpoint}
	case history.CheckpointSubsumed:
		return facts{checkpoint: e.Checkpoint}
	case history.CheckpointNotified:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.CheckpointAbortNotified:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.AlignmentStarted:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.BarrierAligned:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.SnapshotTaken:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt, operators: e.Operators}
	case history.SnapshotStored:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.SourceStalled:
		return facts{attempt: e.Attempt}
	case history.SourcePosition:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.SinkPrecommitted:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.SinkCommitted:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.SinkCommitLost:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.SinkAborted:
		return facts{attempt: e.Attempt}
	case history.SinkWrite:
		return facts{attempt: e.Attempt}
	case history.RestoreStarted:
		return facts{checkpoint: e.Checkpoint}
	case history.RestoreCompleted:
		return facts{checkpoint: e.Checkpoint}
	case history.TaskRestored:
		return facts{checkpoint: e.Checkpoint, attempt: e.Attempt}
	case history.ExecutionState:
		return facts{attempt: e.Attempt}
	case history.AttemptFenced:
		return facts{attempt: e.Attempt}
	case history.KeyGroupsOwned:
		return facts{attempt: e.Attempt}
	case history.FaultStarted:
		return facts{fault: e.Fault}
	case history.FaultEnded:
		return facts{fault: e.Fault}
	}
	return facts{}
}

// Matches says whether an event meets the conditions of w; After and Nth are for the caller, who counts.
// The job tells which vertex an operator is chained into.
func (w When) Matches(event history.Event, job *plan.Job) bool {
	if event.Kind() != w.Event {
		return false
	}
	f := factsOf(event)
	if w.Checkpoint != 0 && uint64(f.checkpoint) != w.Checkpoint || w.Fault != "" && f.fault != w.Fault {
		return false
	}
	if w.Subtask != nil && (f.attempt.Vertex == "" || f.attempt.Subtask != *w.Subtask) {
		return false
	}
	return w.Operator == "" || runs(f, id.Operator(w.Operator), job)
}

// runs says whether the event is of a subtask that runs the operator.
func runs(f facts, operator id.Operator, job *plan.Job) bool {
	if slices.Contains(f.operators, operator) {
		return true
	}
	if f.attempt.Vertex == "" {
		return false
	}
	if job != nil {
		if v := job.Vertex(f.attempt.Vertex); v != nil {
			return slices.ContainsFunc(v.Chain, func(o plan.Operator) bool { return o.Name == operator })
		}
	}
	return strings.EqualFold(string(f.attempt.Vertex), string(operator))
}
