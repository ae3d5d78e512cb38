package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// FileReader reads files of one JSON record a line (see Line) from the object store. A split is a file; its
// offset is a line number; its end is the end.
type FileReader struct {
	op     plan.Operator
	store  *blob.Client
	splits []*file
	noMore bool
	failed error
}

type file struct {
	split   wire.Split
	rest    []byte // lines not yet handed out
	loaded  bool
	highest record.EventTime
}

// NewFileReader returns a reader without splits.
func NewFileReader(op plan.Operator, store *blob.Client) *FileReader {
	return &FileReader{op: op, store: store}
}

// Assign loads files.
func (r *FileReader) Assign(env mailbox.Env, splits []wire.Split, noMore bool) {
	r.noMore = r.noMore || noMore
	for _, s := range splits {
		if slices.ContainsFunc(r.splits, func(f *file) bool { return f.split.Path == s.Path }) {
			continue
		}
		f := &file{split: s, highest: record.MinTime}
		r.splits = append(r.splits, f)
		r.store.Get(env, s.Path, func(env mailbox.Env, data []byte, err error) {
			if err != nil {
				r.failed = fmt.Errorf("open the source file: %w", err)
				return
			}
			env.Work(mailbox.Serialize, len(data))
			for range f.split.Offset {
				_, data, _ = bytes.Cut(data, []byte("\n"))
			}
			f.rest, f.loaded = data, true
		})
	}
}

// Handle says what went wrong with a file: its content comes through the client of the store.
func (r *FileReader) Handle(mailbox.Env, mailbox.Msg) (bool, error) { return false, r.failed }

// Emit hands out records file by file.
func (r *FileReader) Emit(_ mailbox.Env, n int, emit func(record.Record)) int {
	emitted := 0
	for _, f := range r.splits {
		for emitted < n && len(f.rest) > 0 {
			var text []byte
			text, f.rest, _ = bytes.Cut(f.rest, []byte("\n"))
			var line Line
			if err := json.Unmarshal(text, &line); err != nil {
				r.failed = fmt.Errorf("read %s, line %d: %w", f.split.Path, f.split.Offset+1, err)
				return emitted
			}
			emit(record.Record{Key: []byte(line.Key), Value: line.Value, Count: 1, Time: record.EventTime(line.Time),
				Origin: record.Origin{Partition: f.split.Partition, Offset: f.split.Offset}})
			f.highest = max(f.highest, record.EventTime(line.Time))
			f.split.Offset++
			emitted++
		}
	}
	return emitted
}

// Ready says whether there are records to hand out.
func (r *FileReader) Ready() bool {
	return slices.ContainsFunc(r.splits, func(f *file) bool { return len(f.rest) > 0 })
}

// Done says whether all files are read and there will be no others.
func (r *FileReader) Done() bool {
	return r.noMore && !slices.ContainsFunc(r.splits, func(f *file) bool { return !f.loaded || len(f.rest) > 0 })
}

// Splits says where the source stands.
func (r *FileReader) Splits() []wire.Split {
	var all []wire.Split
	for _, f := range r.splits {
		all = append(all, f.split)
	}
	return all
}

// Watermark is the least, over the files that are not at their end, of the highest time less the bound on
// disorder.
func (r *FileReader) Watermark() record.EventTime {
	least := record.MaxTime
	for _, f := range r.splits {
		if !f.loaded || len(f.rest) > 0 {
			least = min(least, f.highest)
		}
	}
	return behind(least, r.op.OutOfOrder)
}
