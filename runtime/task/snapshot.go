package task

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/channel"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The object store is given this long, this often, before an upload or a restore fails.
const (
	storeTimeout = 10 * time.Second
	storeTries   = 3
)

// abortedMax bounds how many checkpoints are remembered as aborted before they started here.
const abortedMax = 128

// snapshots is where a task is in its checkpoints.
//
//	barrier aligned, or trigger ─▶ preparing (the sink pre-commits; no input is taken)
//	    ─▶ barrier leaves, state is frozen, the next epoch begins ─▶ uploading (a child, input goes on) ─▶ ack
type snapshots struct {
	started   id.Checkpoint // the highest id that was started here
	notified  id.Checkpoint // the highest completion heard of
	preparing id.Checkpoint
	flushing  bool      // the sink has been told to pre-commit it
	timestamp time.Time // of the one preparing
	uploading map[id.Checkpoint]mailbox.Addr
	aborted   []id.Checkpoint // not started, and never to be
	queued    []wire.TriggerCheckpoint
}

func (s *snapshots) restored(checkpoint id.Checkpoint) {
	s.started, s.notified = checkpoint, checkpoint
	s.uploading = map[id.Checkpoint]mailbox.Addr{}
}

// trigger starts a checkpoint at a task without inputs, or without any that still run.
func (t *Task) trigger(env mailbox.Env, m wire.TriggerCheckpoint) {
	switch {
	case t.state != Running:
		t.tell(env, wire.TriggerRefused{Job: m.Job, Attempt: m.Attempt, Checkpoint: m.Checkpoint,
			Cause: fmt.Sprintf("the task is %s", t.state)})
	case t.snapshots.preparing != 0:
		t.snapshots.queued = append(t.snapshots.queued, m)
	default:
		t.begin(env, m.Checkpoint, m.Timestamp)
	}
}

// decide acts on what the alignment says.
func (t *Task) decide(env mailbox.Env, d channel.Decision, timestamp time.Time) {
	if d.Abort != 0 {
		t.decline(env, d.Abort, "CHECKPOINT_DECLINED_SUBSUMED", "a barrier of a newer checkpoint came first")
	}
	if d.Began != 0 {
		env.Note(history.AlignmentStarted{Checkpoint: d.Began, Attempt: t.cfg.Task.Attempt})
	}
	if d.Snapshot != 0 {
		env.Note(history.BarrierAligned{Checkpoint: d.Snapshot, Attempt: t.cfg.Task.Attempt, AlignedMs: d.Aligned.Milliseconds()})
		t.begin(env, d.Snapshot, timestamp)
	}
}

// cancelled handles a cancellation marker: this task will not take that snapshot, and says so both ways.
func (t *Task) cancelled(env mailbox.Env, checkpoint id.Checkpoint) {
	if t.align.Cancelled(checkpoint) {
		t.decline(env, checkpoint, "CHECKPOINT_DECLINED_ON_CANCELLATION_BARRIER", "a task upstream has cancelled it")
		t.broadcastCancel(env, checkpoint)
	}
}

func (t *Task) broadcastCancel(env mailbox.Env, checkpoint id.Checkpoint) {
	for _, o := range t.outputs {
		o.Broadcast(wire.CancelMarker, checkpoint, env.Now())
	}
}

func (t *Task) decline(env mailbox.Env, checkpoint id.Checkpoint, reason, cause string) {
	t.tell(env, wire.DeclineCheckpoint{Job: t.cfg.Task.Job, Attempt: t.cfg.Task.Attempt, Checkpoint: checkpoint,
		Reason: reason, Cause: cause})
}

// begin starts the snapshot of this task.
func (t *Task) begin(env mailbox.Env, checkpoint id.Checkpoint, timestamp time.Time) {
	s := &t.snapshots
	if checkpoint <= s.started {
		return
	}
	s.started = checkpoint
	if slices.Contains(s.aborted, checkpoint) {
		t.broadcastCancel(env, checkpoint)
		return
	}
	s.preparing, s.timestamp = checkpoint, timestamp
	t.resumeSnapshot(env)
}

// resumeSnapshot goes on with the snapshot that is being prepared: the sink pre-commits as soon as it can, since
// it may still be opening the transaction that the checkpoint before has made due, and then all freeze.
func (t *Task) resumeSnapshot(env mailbox.Env) {
	s := &t.snapshots
	if s.preparing == 0 || t.sink != nil && t.sink.Busy() {
		return
	}
	checkpoint := s.preparing
	if t.sink != nil && !s.flushing {
		s.flushing = true
		t.sink.PreCommit(env, checkpoint)
		if t.sink.Busy() {
			return
		}
	}
	s.preparing, s.flushing = 0, false
	for _, o := range t.outputs {
		o.Broadcast(wire.Barrier, checkpoint, s.timestamp)
		o.Send(env)
	}
	up := &upload{task: env.Self(), path: fmt.Sprintf("%s/%s/chk-%d", t.conf.Checkpointing.Dir, t.cfg.Task.Job, checkpoint),
		checkpoint: checkpoint, attempt: t.cfg.Task.Attempt, inline: t.conf.Checkpointing.InlineThreshold,
		store: t.cfg.ObjectStore}
	if t.reader != nil {
		list := snapshot.List{Name: listSplits, Mode: snapshot.Split}
		for _, split := range t.reader.Splits() {
			item, err := json.Marshal(split)
			if err != nil {
				panic(fmt.Sprintf("task: encode a split: %v", err)) // plain fields: cannot happen
			}
			list.Items = append(list.Items, item)
		}
		up.state.Operators = append(up.state.Operators, snapshot.Operator{Operator: t.source.Name, Lists: []snapshot.List{list}})
		t.notePosition(env, checkpoint, false)
		if t.offsets != nil {
			t.offsets.Snapshot(checkpoint)
		}
	}
	for _, frozen := range t.chain.Freeze() {
		env.Work(mailbox.Freeze, frozen.Size())
		up.frozen = append(up.frozen, frozen)
	}
	if t.sink != nil {
		up.state.Operators = append(up.state.Operators, snapshot.Operator{Operator: t.target.Name, Lists: t.sink.Snapshot(env, checkpoint)})
	}
	if t.ending.input && t.ending.covered == 0 {
		t.ending.covered = checkpoint
	}
	env.Note(history.SnapshotTaken{Checkpoint: checkpoint, Attempt: t.cfg.Task.Attempt, Operators: t.operators()})
	t.tell(env, wire.SnapshotStarted{Job: t.cfg.Task.Job, Attempt: t.cfg.Task.Attempt, Checkpoint: checkpoint})
	s.uploading[checkpoint] = env.Spawn(fmt.Sprintf("upload-%s-%d", t.cfg.Task.Attempt, checkpoint), up)
	for len(s.queued) > 0 && s.preparing == 0 { // some may have been aborted meanwhile
		next := s.queued[0]
		s.queued = s.queued[1:]
		t.begin(env, next.Checkpoint, next.Timestamp)
	}
}

// stored handles the end of the asynchronous part.
func (t *Task) stored(env mailbox.Env, m stored) {
	aborted := t.snapshots.uploading[m.Checkpoint] == ""
	delete(t.snapshots.uploading, m.Checkpoint)
	if aborted {
		// The abort came when the upload had ended, so the child can clean up no more. The coordinator deletes
		// what a late acknowledgement names.
		t.tell(env, wire.AcknowledgeCheckpoint{Job: t.cfg.Task.Job, Attempt: t.cfg.Task.Attempt, Checkpoint: m.Checkpoint, State: m.State})
		return
	}
	if m.Failed != "" {
		t.decline(env, m.Checkpoint, "CHECKPOINT_ASYNC_EXCEPTION", m.Failed)
		return
	}
	env.Note(history.SnapshotStored{Checkpoint: m.Checkpoint, Attempt: t.cfg.Task.Attempt, Bytes: m.State.Size()})
	t.tell(env, wire.AcknowledgeCheckpoint{Job: t.cfg.Task.Job, Attempt: t.cfg.Task.Attempt, Checkpoint: m.Checkpoint, State: m.State})
}

// complete handles a completion: everything up to it may be committed. Ids may be skipped, and old news is
// ignored.
func (t *Task) complete(env mailbox.Env, checkpoint id.Checkpoint) {
	s := &t.snapshots
	if checkpoint <= s.notified || t.state != Running {
		return
	}
	s.notified = checkpoint
	env.Note(history.CheckpointNotified{Checkpoint: checkpoint, Attempt: t.cfg.Task.Attempt})
	if t.offsets != nil {
		t.offsets.Complete(env, checkpoint)
	}
	if t.sink != nil {
		t.sink.Complete(env, checkpoint)
	}
	if t.ending.covered != 0 && checkpoint >= t.ending.covered {
		t.ending.done = true
	}
}

// aborted handles an abort. The newest completed checkpoint comes with it, and repairs a lost notification.
func (t *Task) aborted(env mailbox.Env, m wire.NotifyCheckpointAborted) {
	s := &t.snapshots
	if m.LatestCompleted > 0 {
		t.complete(env, m.LatestCompleted)
	}
	if child, ok := s.uploading[m.Checkpoint]; ok {
		delete(s.uploading, m.Checkpoint)
		env.Send(child, discard{})
	}
	if m.Checkpoint > s.started {
		s.aborted = append(s.aborted, m.Checkpoint)
		if len(s.aborted) > abortedMax {
			s.aborted = s.aborted[1:]
		}
	}
	env.Note(history.CheckpointAbortNotified{Checkpoint: m.Checkpoint, Attempt: t.cfg.Task.Attempt})
}
