package reports

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strconv"

	"github.com/flinch-dev/flinch/checker"
)

// committedInOrder returns the records that a read_committed reader gets, in the order in which it gets them.
func committedInOrder(all []checker.Output) []checker.Output {
	var seen []checker.Output
	for _, o := range all {
		if o.Fate == checker.Committed {
			seen = append(seen, o)
		}
	}
	slices.SortStableFunc(seen, func(a, b checker.Output) int {
		return cmp.Or(cmp.Compare(a.Visible, b.Visible), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return seen
}

// writeOutput writes the committed output, a record a line. Positions are pairs of partition and offset, to
// keep a line near 110 bytes: a run has a few hundred thousand of them.
func writeOutput(w io.Writer, all []checker.Output) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	var line []byte
	for _, o := range committedInOrder(all) {
		line = append(line[:0], `{"key":`...)
		line = quote(line, o.Key)
		line = strconv.AppendInt(append(line, `,"value":`...), o.Value, 10)
		line = strconv.AppendInt(append(line, `,"count":`...), o.Count, 10)
		line = pair(append(line, `,"origin":`...), int64(o.Origin.Partition), o.Origin.Offset)
		line = pair(append(line, `,"output":`...), int64(o.Partition), o.Offset)
		if o.Transaction != "" {
			line = quote(append(line, `,"txn":`...), o.Transaction)
		}
		line = strconv.AppendFloat(append(line, `,"at":`...), micro(o.Visible.Seconds()), 'f', -1, 64)
		line = append(line, '}', '\n')
		if _, err := buffered.Write(line); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func pair(line []byte, a, b int64) []byte {
	line = strconv.AppendInt(append(line, '['), a, 10)
	line = strconv.AppendInt(append(line, ','), b, 10)
	return append(line, ']')
}

func quote(line []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return append(line, b...)
}
