package task

import (
	"encoding/json"
	"fmt"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/channel"
	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/connector"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/operator"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// listSplits is the operator state of a source: its splits with the offsets of their next records.
const listSplits = "splits"

// initialize builds the chain and starts to load its state.
func (t *Task) initialize(env mailbox.Env) error {
	d := &t.cfg.Task
	subtask := connector.Subtask{Attempt: d.Attempt, Parallelism: d.Parallelism}
	t.enter(env, Initializing)
	env.Work(mailbox.Start, 1)
	conf, _, err := config.Parse(d.Config)
	if err != nil {
		return fmt.Errorf("task %s: read the job's configuration: %w", d.Attempt, err)
	}
	t.conf = conf
	network := conf.TaskManager.Network
	limits := channel.Limits{SegmentBytes: int(network.SegmentSize), BuffersPerChannel: network.BuffersPerChannel,
		FloatingPerGate: network.FloatingBuffersPerGate, QueuedPerPartition: network.BuffersPerChannel}
	t.gate = channel.NewGate(d.Attempt, limits)
	for _, in := range d.Inputs {
		for _, p := range in.Producers {
			t.gate.Add(p, in.Edge, in.Channel)
		}
	}
	t.align = channel.NewAlignment(t.gate, conf.Checkpointing.Mode == config.ExactlyOnce, d.Restore)
	for i, out := range d.Outputs {
		t.outputs = append(t.outputs, channel.NewOutput(i, out, d.MaxParallelism, limits))
	}
	t.store = blob.NewClient(t.cfg.ObjectStore, storeTimeout, storeTries)
	t.snapshots.restored(d.Restore)

	middle := d.Chain
	if first := middle[0]; first.Kind.Source() {
		t.source, middle = first, middle[1:]
		t.reader = connector.NewReader(first, subtask, t.cfg.Kafka, t.store)
		if conf.KafkaSource.CommitOffsetsOnCheckpoint {
			t.offsets, _ = t.reader.(connector.OffsetCommitter)
		}
	}
	if n := len(middle); n > 0 && middle[n-1].Kind.Sink() {
		t.target, middle = middle[n-1], middle[:n-1]
		t.sink = connector.NewSink(t.target, subtask, t.cfg.Kafka, t.store)
	}
	groups := plan.GroupsOf(d.Attempt.Subtask, d.MaxParallelism, d.Parallelism)
	t.chain, err = operator.NewChain(middle, groups, d.MaxParallelism, t.emit)
	if err != nil {
		return fmt.Errorf("task %s: build its operators: %w", d.Attempt, err)
	}
	if t.chain.Stateful() {
		env.Note(history.KeyGroupsOwned{Attempt: d.Attempt, First: groups.First, Last: groups.Last})
	}
	for _, op := range d.State.Operators {
		for _, h := range op.Keyed {
			t.load(env, op, h)
		}
	}
	if t.loading == 0 {
		return t.restored(env)
	}
	return nil
}

// load brings one piece of keyed state into the chain.
func (t *Task) load(env mailbox.Env, op snapshot.Operator, h snapshot.Handle) {
	put := func(env mailbox.Env, data []byte) {
		env.Work(mailbox.Restore, len(data))
		t.loaded += int64(len(data))
		if err := t.chain.Restore(op.Operator, data); err != nil {
			t.failure = fmt.Errorf("task %s: restore operator %s from checkpoint %d: %w",
				t.cfg.Task.Attempt, op.Operator, t.cfg.Task.Restore, err)
		}
	}
	if h.Path == "" {
		put(env, h.Inline)
		return
	}
	t.loading++
	t.store.Get(env, h.Path, func(env mailbox.Env, data []byte, err error) {
		t.loading--
		if err != nil {
			t.failure = fmt.Errorf("task %s: restore operator %s from checkpoint %d: %w",
				t.cfg.Task.Attempt, op.Operator, t.cfg.Task.Restore, err)
			return
		}
		put(env, data)
		if t.loading == 0 && t.failure == nil {
			t.failure = t.restored(env)
		}
	})
}

// restored goes on when the chain has its keyed state: source positions, and what the sink owes.
func (t *Task) restored(env mailbox.Env) error {
	d := &t.cfg.Task
	if t.reader != nil {
		var splits []wire.Split
		for _, list := range d.State.Of(t.source.Name).Lists {
			for _, item := range list.Items {
				var s wire.Split
				if err := json.Unmarshal(item, &s); err != nil {
					return fmt.Errorf("task %s: restore the splits of %s: %w", d.Attempt, t.source.Name, err)
				}
				splits = append(splits, s)
			}
		}
		t.reader.Assign(env, splits, false)
		t.tell(env, wire.RegisterReader{Job: d.Job, Attempt: d.Attempt, Operator: t.source.Name, Restored: splits})
		if d.Restore != 0 {
			t.notePosition(env, d.Restore, true)
		}
	}
	if t.sink != nil {
		if err := t.sink.Open(env, d.Restore, d.State.Of(t.target.Name)); err != nil {
			return err
		}
	}
	if d.Restore != 0 {
		env.Note(history.TaskRestored{Attempt: d.Attempt, Checkpoint: d.Restore, Bytes: t.loaded})
	}
	return nil
}

// start makes the task RUNNING, once everything that it must have is there.
func (t *Task) start(env mailbox.Env) {
	if t.loading > 0 || t.sink != nil && t.sink.Busy() {
		return
	}
	t.enter(env, Running)
	for i := range t.gate.Channels() {
		t.gate.Request(env, i)
	}
}

func (t *Task) notePosition(env mailbox.Env, checkpoint id.Checkpoint, restored bool) {
	e := history.SourcePosition{Checkpoint: checkpoint, Attempt: t.cfg.Task.Attempt, Restored: restored}
	for _, s := range t.reader.Splits() {
		e.Partitions = append(e.Partitions, s.Partition)
		e.Next = append(e.Next, s.Offset)
	}
	env.Note(e)
}
