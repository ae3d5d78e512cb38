package reports

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// words says what an event is in plain words. Events without words of their own are shown field by field, so
// a new event is never missing from a log.
func words(event history.Event) string {
	switch e := event.(type) {
	case history.CheckpointTriggered:
		return fmt.Sprintf("checkpoint %d triggered", e.Checkpoint)
	case history.CheckpointAcked:
		return fmt.Sprintf("checkpoint %d acked by %v, %d still missing", e.Checkpoint, e.Attempt, e.Missing)
	case history.CheckpointCompleted:
		return fmt.Sprintf("checkpoint %d completed in %d ms, %s", e.Checkpoint, e.DurationMs, size(e.Bytes))
	case history.CheckpointAborted:
		return fmt.Sprintf("checkpoint %d aborted: %s", e.Checkpoint, e.Reason)
	case history.SnapshotTaken:
		return fmt.Sprintf("checkpoint %d: snapshot of %v taken", e.Checkpoint, e.Attempt)
	case history.SnapshotStored:
		return fmt.Sprintf("checkpoint %d: snapshot of %v stored, %s", e.Checkpoint, e.Attempt, size(e.Bytes))
	case history.BarrierAligned:
		return fmt.Sprintf("checkpoint %d: barriers aligned at %v after %d ms", e.Checkpoint, e.Attempt, e.AlignedMs)
	case history.JobStatus:
		return because(fmt.Sprintf("job is %s", e.Status), e.Cause)
	case history.ExecutionState:
		return because(fmt.Sprintf("%v is %s on %s", e.Attempt, e.State, e.TaskManager), e.Cause)
	case history.RestartScheduled:
		return because(fmt.Sprintf("restart %d in %d ms", e.Attempt, e.Backoff), e.Cause)
	case history.RestoreStarted:
		return fmt.Sprintf("restore from checkpoint %d started", e.Checkpoint)
	case history.RestoreCompleted:
		return fmt.Sprintf("restore from checkpoint %d completed", e.Checkpoint)
	case history.TaskRestored:
		return fmt.Sprintf("%v restored from checkpoint %d, %s read", e.Attempt, e.Checkpoint, size(e.Bytes))
	case history.AttemptFenced:
		return fmt.Sprintf("%s refused %s of %v: its token is not valid", e.By, e.Word, e.Attempt)
	case history.LeaderElected:
		return fmt.Sprintf("%s leads", e.Holder)
	case history.LeaderLost:
		return because(fmt.Sprintf("%s leads no more", e.Holder), e.Cause)
	case history.HeartbeatTimeout:
		if e.Unreachable {
			return fmt.Sprintf("%s declares %s lost: unreachable", e.Watcher, e.Target)
		}
		return fmt.Sprintf("%s declares %s lost: silent", e.Watcher, e.Target)
	case history.Registered:
		return fmt.Sprintf("%s registered at %s", e.TaskManager, e.At)
	case history.SinkPrecommitted:
		return fmt.Sprintf("checkpoint %d: %v flushed %s, %s", e.Checkpoint, e.Attempt, e.Transaction,
			plural(e.Records, "record", "records"))
	case history.SinkCommitted:
		return fmt.Sprintf("checkpoint %d: %v committed %s", e.Checkpoint, e.Attempt, e.Transaction)
	case history.SinkAborted:
		return fmt.Sprintf("%v aborted the lingering transaction %s", e.Attempt, e.Transaction)
	case history.SinkCommitLost:
		return fmt.Sprintf("checkpoint %d: the commit of %s was answered %s", e.Checkpoint, e.Transaction, refusal(e))
	case history.SourceStalled:
		return stalled(e)
	case history.SourcePosition:
		return position(e)
	case history.ProducerReady:
		return fmt.Sprintf("%s is ready as producer %d, epoch %d, and goes on with record %d", e.TransactionalID, e.ProducerID, e.Epoch, e.Next)
	case history.ProducerBegan:
		return fmt.Sprintf("%s begins transaction %d with record %d", e.TransactionalID, e.Transaction, e.First)
	case history.ProducerTold:
		return because(told(e), e.Answer)
	case history.WriteRefused:
		return fmt.Sprintf("writes to %s-%d are refused: too few replicas are in sync, %s", e.Topic, e.Partition, brokers(e.InSync))
	case history.ClientThrottled:
		return fmt.Sprintf("%s is over its quota of %s requests, and told to be silent for %s", e.Client, e.Request, seconds(time.Duration(e.WaitMs)*time.Millisecond))
	case history.RequestLate:
		return fmt.Sprintf("%s arrives %s late", strings.TrimSuffix(e.Request+" of "+e.TransactionalID, " of "), seconds(time.Duration(e.LateMs)*time.Millisecond))
	case history.ISRChanged:
		return fmt.Sprintf("%s-%d has %s in sync now: %s", e.Topic, e.Partition, plural(len(e.InSync), "replica", "replicas"), brokers(e.InSync))
	case history.PartitionElected:
		return elected(e)
	case history.CoordinatorLoading:
		return fmt.Sprintf("coordinator of partition %d of the transaction log from now on, and reads it", e.Partition)
	case history.CoordinatorLoaded:
		return fmt.Sprintf("has read partition %d of the transaction log, and answers", e.Partition)
	case history.TransactionAppending:
		return fmt.Sprintf("%s of transaction %s (producer %d, epoch %d) is on its way into the log", e.State, e.ID, e.ProducerID, e.Epoch)
	case history.MarkerAppended:
		return fmt.Sprintf("marker of %s on %s-%d: %s", cmp.Or(e.ID, fmt.Sprintf("producer %d", e.ProducerID)), e.Topic, e.Partition, decision(e.Commit))
	case history.ProcessStarted:
		return fmt.Sprintf("%s started (boot %d)", e.Name, e.Boot)
	case history.ProcessStopped:
		return because(e.Name+" stopped", e.Cause)
	case history.ProcessPaused:
		return e.Name + " paused"
	case history.ProcessResumed:
		return e.Name + " resumed"
	case history.FaultStarted:
		return fmt.Sprintf("fault %s: %s hits %s", e.Fault, e.Inject, strings.Join(e.Targets, ", "))
	case history.FaultEnded:
		return because(fmt.Sprintf("fault %s ended", e.Fault), e.Result)
	case history.Violation:
		return fmt.Sprintf("invariant %s is broken: %s", e.Invariant, e.Detail)
	case history.Transaction:
		return because(fmt.Sprintf("transaction %s (producer %d, epoch %d) is %s", e.ID, e.ProducerID, e.Epoch, e.State), e.Cause)
	}
	return fields(event)
}

func decision(commit bool) string {
	if commit {
		return "commit"
	}
	return "abort"
}

// elected says who leads a partition, and what that has cost.
func elected(e history.PartitionElected) string {
	if e.Leader < 0 {
		return fmt.Sprintf("nobody may lead %s-%d: no replica in sync is up", e.Topic, e.Partition)
	}
	text := fmt.Sprintf("kafka-%d leads %s-%d", e.Leader, e.Topic, e.Partition)
	if e.Unclean {
		text += ", though it was not in sync"
	}
	if e.Lost > 0 {
		text += fmt.Sprintf("; %s that it did not have are gone", plural(int(e.Lost), "offset", "offsets"))
	}
	return text
}

// brokers are node ids as the world calls them.
func brokers(nodes []int32) string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = fmt.Sprintf("kafka-%d", n)
	}
	return strings.Join(names, ", ")
}

// told is what an application knows of the end of its transaction.
func told(e history.ProducerTold) string {
	which := fmt.Sprintf("transaction %d of %s (records %d to %d)", e.Transaction, e.TransactionalID, e.First, e.Next-1)
	if e.Outcome == history.ToldUnknown {
		return "nobody tells how " + which + " has ended"
	}
	return which + " is " + e.Outcome + ", as it was told"
}

// position says from which offsets a source goes on.
func position(e history.SourcePosition) string {
	var next []string
	for i, p := range e.Partitions {
		next = append(next, fmt.Sprintf("%d@%s", p, count(e.Next[i])))
	}
	text := fmt.Sprintf("checkpoint %d: %v stands at ", e.Checkpoint, e.Attempt)
	if e.Restored {
		text = fmt.Sprintf("%v goes on from checkpoint %d at ", e.Attempt, e.Checkpoint)
	}
	if len(next) == 0 {
		return text + "no partition"
	}
	return text + strings.Join(next, ", ")
}

// stalled says which transaction a source waits for.
func stalled(e history.SourceStalled) string {
	text := fmt.Sprintf("%v has got nothing from %s-%d for %s: its last stable offset is %s and its high watermark %s; ",
		e.Attempt, e.Topic, e.Partition, seconds(time.Duration(e.SinceMs)*time.Millisecond), count(e.Stable), count(e.HighWatermark))
	switch {
	case e.ProducerID < 0:
		return text + "the brokers did not say who holds it"
	case e.Transaction == "":
		return text + fmt.Sprintf("producer %d, epoch %d, holds it with a hanging transaction of which no coordinator knows", e.ProducerID, e.Epoch)
	case e.Hangs():
		return text + fmt.Sprintf("%s (producer %d, epoch %d) holds it with a hanging transaction: its coordinator has %s", e.Transaction, e.ProducerID, e.Epoch, e.State)
	}
	return text + fmt.Sprintf("%s (producer %d, epoch %d) holds it, %s at its coordinator", e.Transaction, e.ProducerID, e.Epoch, e.State)
}

func because(text, cause string) string {
	if cause == "" {
		return text
	}
	return text + ": " + cause
}

// refusal says what the answer to a commit means: only what the broker shows may prove that the records are lost.
func refusal(e history.SinkCommitLost) string {
	means := "its records may be lost, or were committed before"
	if e.Proven {
		means = "its records are lost"
	}
	if e.Shows != "" {
		means += " (the broker shows " + e.Shows + ")"
	}
	return e.Answer + ": " + means
}

// fields writes an event as its kind and its non-zero fields.
func fields(event history.Event) string {
	v := reflect.Indirect(reflect.ValueOf(event))
	text := event.Kind()
	if v.Kind() != reflect.Struct {
		return text
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && !v.Field(i).IsZero() && f.Name != "Job" {
			text += fmt.Sprintf(" %s=%v", strings.ToLower(f.Name[:1])+f.Name[1:], v.Field(i).Interface())
		}
	}
	return text
}
