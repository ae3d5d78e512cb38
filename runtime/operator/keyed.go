package operator

import (
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/state"
)

// sum emits, for each record, the running sum of its key.
func sum(b state.Backend, next func(record.Record)) func(record.Record) {
	return func(r record.Record) {
		r.Value = b.Add(r.Key, 0, state.Value{r.Value})[0]
		next(r)
	}
}

// count emits, for each record, how many its key has had.
func count(b state.Backend, next func(record.Record)) func(record.Record) {
	return func(r record.Record) {
		r.Value = b.Add(r.Key, 0, state.Value{1})[0]
		next(r)
	}
}

// window sums and counts per key and tumbling window, and emits when the watermark passes the window's end.
// A record that comes after that is late and dropped, as in Flink without allowed lateness.
type window struct {
	size      int64 // milliseconds
	state     state.Backend
	next      func(record.Record)
	watermark record.EventTime
	late      int64 // records dropped
}

// A window's namespace is its end, moved up by this much: only namespaces above 0 expire, and a window may end
// before 1970.
const upwards = 1 << 61

func newWindow(op plan.Operator, b state.Backend, next func(record.Record)) *window {
	return &window{size: op.Window.Milliseconds(), state: b, next: next, watermark: record.MinTime}
}

func (w *window) process(r record.Record) {
	t := int64(r.Time)
	end := t - mod(t, w.size) + w.size
	if record.EventTime(end-1) <= w.watermark {
		w.late++
		return
	}
	w.state.Add(r.Key, end+upwards, state.Value{r.Value, r.Count})
}

// fire emits every window whose last millisecond the watermark has reached, in order of end and then of key.
func (w *window) fire(watermark record.EventTime) {
	w.watermark = watermark
	w.state.Expire(int64(watermark)+1+upwards, func(key []byte, end int64, v state.Value) {
		w.next(record.Record{Key: key, Value: v[0], Count: v[1], Time: record.EventTime(end - upwards)})
	})
}
