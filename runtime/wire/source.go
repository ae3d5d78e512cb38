package wire

import "github.com/flinch-dev/flinch/runtime/id"

// Split is one piece of a source: a Kafka partition from an offset, a file, or a row of numbers.
type Split struct {
	Partition int32
	Path      string // of a file source
	Offset    int64  // the next to read
	End       int64  `json:",omitempty"` // of a datagen source: the first that is not of the split; 0: it has no end
}

// RegisterReader tells a source's enumerator that a reader has started (fenced). It comes after every start;
// splits that the reader restored from its state are in Restored.
type RegisterReader struct {
	Job      id.Job
	Attempt  id.Attempt
	Operator id.Operator
	Restored []Split
}

// AssignSplits hands splits to a reader. It goes to the TaskManager; the attempt is the capability. Since
// delivery that is uncertain must fail the task, the reader answers SplitsAssigned.
type AssignSplits struct {
	Req      uint64
	Attempt  id.Attempt
	Operator id.Operator
	Splits   []Split
	NoMore   bool // the source is bounded, and these are the last
}

// SplitsAssigned confirms the arrival (fenced).
type SplitsAssigned struct {
	Job     id.Job
	Req     uint64
	Attempt id.Attempt
}
