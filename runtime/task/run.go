package task

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// How much a task does before it looks at its mail again.
const (
	recordsPerTurn = 1024
	buffersPerTurn = 8
	rowMax         = 128 // records at a time go through the chain
)

// run does as much work as input, credit and the sink allow, and comes back by a message to itself when there
// is more.
func (t *Task) run(env mailbox.Env) error {
	if t.state == Initializing && t.failure == nil {
		t.start(env)
	}
	if t.state != Running {
		return t.failure
	}
	t.resumeSnapshot(env)
	worked := 0
	switch {
	case !t.mayWork():
	case t.reader != nil:
		worked = t.read(env)
	default:
		worked = t.consume(env)
	}
	if worked > 0 {
		t.io.in += uint64(worked)
		env.Work(mailbox.Process, worked*max(1, len(t.cfg.Task.Chain)))
		t.armFlush(env)
	}
	for _, o := range t.outputs {
		o.Send(env)
	}
	if t.finished(env) {
		return mailbox.ErrDone
	}
	if !t.proceeds && t.mayWork() && t.ready() {
		t.proceeds = true
		env.Send(env.Self(), proceed{})
	}
	return t.failure
}

// mayWork says whether a record may be processed now: back-pressure and snapshots are what forbids it.
func (t *Task) mayWork() bool {
	if t.failure != nil || t.snapshots.preparing != 0 || t.sink != nil && !t.sink.Writable() {
		return false
	}
	for _, o := range t.outputs {
		if !o.Writable() {
			return false
		}
	}
	return true
}

func (t *Task) ready() bool {
	if t.reader != nil {
		return t.reader.Ready()
	}
	return t.gate.Ready()
}

// read takes records from the source.
func (t *Task) read(env mailbox.Env) int {
	n := t.reader.Emit(env, recordsPerTurn, t.one)
	if n > 0 && t.source.Watermarks {
		t.watermark(t.reader.Watermark())
	}
	if t.reader.Done() && !t.ending.input {
		t.endInput(env)
	}
	return n
}

// consume takes buffers from the gate, up to the first that makes the task wait.
func (t *Task) consume(env mailbox.Env) int {
	worked := 0
	for range buffersPerTurn {
		if !t.mayWork() {
			break
		}
		channel, b, ok := t.gate.Next(env)
		if !ok {
			break
		}
		switch b.Element {
		case wire.Data:
			worked += b.Records.N
			t.all(b.Records)
			t.watermark(t.gate.Watermark(channel, b.Watermark))
		case wire.Barrier:
			t.decide(env, t.align.Barrier(channel, b.Checkpoint, env.Now()), b.Timestamp)
		case wire.CancelMarker:
			t.cancelled(env, b.Checkpoint)
		case wire.EndOfInput:
			t.watermark(t.gate.Watermark(channel, record.MaxTime))
			if t.gate.End(channel) {
				t.endInput(env)
			}
		case wire.EndOfPartition:
			t.gate.Close(channel)
			t.decide(env, t.align.Closed(channel, env.Now()), env.Now())
		}
	}
	return worked
}

// one sends a record through the chain, all sends a batch in rows.
func (t *Task) one(r record.Record) {
	t.row[0] = r
	t.chain.Process(t.row[:1])
}

func (t *Task) all(b record.Batch) {
	for r := b.Reader(); ; {
		n := r.Fill(t.row[:])
		if n == 0 {
			return
		}
		t.chain.Process(t.row[:n])
	}
}

// emit takes what comes out of the chain. It is called only while a message is being handled, so that
// message's env is the one to use.
func (t *Task) emit(row []record.Record) {
	t.io.out += uint64(len(row))
	if t.sink != nil {
		t.sink.Write(t.env, row)
		return
	}
	for _, o := range t.outputs {
		o.Emit(row)
	}
}

func (t *Task) watermark(w record.EventTime) {
	if t.chain.Watermark(w) {
		for _, o := range t.outputs {
			o.Watermark(w)
		}
	}
}

// armFlush bounds how long a record may wait in a buffer that is not full
// (execution.buffer-timeout.interval).
func (t *Task) armFlush(env mailbox.Env) {
	if !t.flushing {
		t.flushing = true
		env.After(t.conf.Pipeline.BufferTimeout, flush{})
	}
}

func (t *Task) flush(env mailbox.Env) {
	t.flushing = false
	for _, o := range t.outputs {
		o.Flush()
	}
	if t.sink != nil && t.state == Running && t.snapshots.preparing == 0 {
		t.sink.Flush(env)
	}
}

// ending is the end of a bounded job.
type ending struct {
	input   bool          // no record will be processed any more
	covered id.Checkpoint // the first checkpoint that started after that
	done    bool          // and it is complete
	told    bool          // EndOfPartition is on its way
}

// endInput finishes the operators (windows fire), and tells downstream and the JobMaster. The task then only
// waits for a checkpoint that covers its end, since its sink has still to commit.
func (t *Task) endInput(env mailbox.Env) {
	t.ending.input = true
	t.watermark(record.MaxTime)
	for _, o := range t.outputs {
		o.Broadcast(wire.EndOfInput, 0, env.Now())
	}
	t.tell(env, wire.EndOfData{Job: t.cfg.Task.Job, Attempt: t.cfg.Task.Attempt})
}

// finished ends the task once the checkpoint that covers its end is complete and everything has left.
func (t *Task) finished(env mailbox.Env) bool {
	if !t.ending.done || t.sink != nil && !t.sink.Settled(t.ending.covered) {
		return false
	}
	if !t.ending.told {
		t.ending.told = true
		for _, o := range t.outputs {
			o.Broadcast(wire.EndOfPartition, 0, env.Now())
			o.Send(env)
		}
	}
	for _, o := range t.outputs {
		if !o.Drained() {
			return false
		}
	}
	t.enter(env, Finished)
	return true
}
