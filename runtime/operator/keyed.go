package operator

import (
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/state"
)

// sum emits, for each record, the running sum of its key.
func sum(b state.Backend, next process) process {
	var changes []state.Change // scratch
	return func(row []record.Record) {
		changes = changes[:0]
		for i := range row {
			changes = append(changes, state.Change{Key: row[i].Key, Value: state.Value{row[i].Value}})
		}
		add(b, changes, row)
		next(row)
	}
}

// count emits, for each record, how many its key has had.
func count(b state.Backend, next process) process {
	var changes []state.Change // scratch
	return func(row []record.Record) {
		changes = changes[:0]
		for i := range row {
			changes = append(changes, state.Change{Key: row[i].Key, Value: state.Value{1}})
		}
		add(b, changes, row)
		next(row)
	}
}

// add gives each record what has come of its change.
func add(b state.Backend, changes []state.Change, row []record.Record) {
	b.Add(changes)
	for i := range row {
		row[i].Value = changes[i].Value[0]
	}
}

// window sums and counts per key and tumbling window, and emits when the watermark passes the window's end.
// A record that comes after that is late and dropped, as in Flink without allowed lateness.
type window struct {
	size      int64 // milliseconds
	state     state.Backend
	next      process
	watermark record.EventTime
	late      int64 // records dropped
	changes   []state.Change
}

// A window's namespace is its end, moved up by this much: only namespaces above 0 expire, and a window may end
// before 1970.
const upwards = 1 << 61

func newWindow(op plan.Operator, b state.Backend, next process) *window {
	return &window{size: op.Window.Milliseconds(), state: b, next: next, watermark: record.MinTime}
}

func (w *window) process(row []record.Record) {
	w.changes = w.changes[:0]
	for i := range row {
		r := &row[i]
		t := int64(r.Time)
		end := t - mod(t, w.size) + w.size
		if record.EventTime(end-1) <= w.watermark {
			w.late++
			continue
		}
		w.changes = append(w.changes, state.Change{Key: r.Key, Namespace: end + upwards, Value: state.Value{r.Value, r.Count}})
	}
	w.state.Add(w.changes)
}

// fire emits every window whose last millisecond the watermark has reached, in order of end and then of key.
func (w *window) fire(watermark record.EventTime) {
	w.watermark = watermark
	var one [1]record.Record
	w.state.Expire(int64(watermark)+1+upwards, func(key []byte, end int64, v state.Value) {
		one[0] = record.Record{Key: key, Value: v[0], Count: v[1], Time: record.EventTime(end - upwards)}
		w.next(one[:])
	})
}
