package checker

import (
	"cmp"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// lastWatermark is how far event time has come in the state that the run ended in: windows up to there must
// have come out. The end of a bounded input passes all windows.
//
// Checkpoints do not store watermarks, so each restore starts event time anew, and a partition holds it back
// until it has brought a record:
//
//	             restored from 3             end
//	offsets 0 ──────────┬──────────────────────┤   the furthest of the two ranges counts: the windows that
//	        └─ first ──┘ └────── second ──────┘    the first has passed are in checkpoint 3
func lastWatermark(run *Run, source plan.Operator) record.EventTime {
	if finished(run) {
		return record.MaxTime
	}
	if readers := cmp.Or(source.Parallelism, run.Pipeline.Parallelism); len(run.Input) < readers {
		return record.MinTime // a reader without a partition never has a watermark
	}
	disorder := record.EventTime(source.OutOfOrder / time.Millisecond)
	positions := newBoundary(run).position
	furthest, from := record.MinTime, map[int32]int64(nil)
	pass := func(to func(log *InputLog) int64) {
		least := record.MaxTime
		for i := range run.Input {
			log := &run.Input[i]
			least = min(least, log.newest(from[log.Partition], to(log)))
		}
		if least > record.MinTime {
			furthest = max(furthest, least-disorder-1)
		}
	}
	var leader successor
	for _, e := range run.Events {
		leader.follow(e)
		ev, ok := e.Event.(history.RestoreStarted)
		if !ok || leader.of(e.Process) || ev.Checkpoint != 0 && positions[ev.Checkpoint] == nil {
			continue
		}
		next := positions[ev.Checkpoint]
		pass(func(log *InputLog) int64 { return next[log.Partition] })
		if from = next; ev.Checkpoint == 0 {
			furthest = record.MinTime // from the beginning: nothing is kept
		}
	}
	pass(func(log *InputLog) int64 { return log.end() })
	return furthest
}

// newest is the highest event time of the records from one offset up to another, or MinTime.
func (l *InputLog) newest(from, to int64) record.EventTime {
	highest := record.MinTime
	for i := range l.Records {
		if r := &l.Records[i]; from <= r.Offset && r.Offset < to {
			highest = max(highest, r.Time)
		}
	}
	return highest
}

// end is the offset after the last record.
func (l *InputLog) end() int64 {
	if len(l.Records) == 0 {
		return 0
	}
	return l.Records[len(l.Records)-1].Offset + 1
}

func finished(run *Run) bool {
	return slices.ContainsFunc(run.Events, func(e history.Entry) bool {
		status, ok := e.Event.(history.JobStatus)
		return ok && status.Status == "FINISHED"
	})
}
