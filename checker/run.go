package checker

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// Run is everything that a checker may look at: a recorded run, simulated or real.
type Run struct {
	Pipeline plan.Pipeline
	Flink    map[string]string // Flink's configuration, as far as it was given: it bounds what is measured
	Events   history.History
	Input    []InputLog // by source partition
	Output   []Output   // what the sink's topic or files hold at the end, partition by partition, in log order
	Upstream *Upstream  // who wrote the input, if that was in transactions; Input is then what the source's isolation level shows of it
	// Drained says that the input had ended and everything was given time to come out, so that what is
	// missing now is lost and not merely late.
	Drained bool
	End     time.Duration // how long the run took, in true time

	commits []int  // once asked for: see inCommitOrder
	index   *Index // once asked for: see indexed
}

// InputLog is one partition of the source, in order: record i has offset Offsets[i].
type InputLog struct {
	Partition int32
	Records   []Input
}

// Input is one source record.
type Input struct {
	Offset   int64
	Key      string
	Value    int64
	Time     record.EventTime
	Appended time.Duration // true time
}

// Fate is what became of an output record.
type Fate uint8

// The fates. A record of a transaction is Open until its marker is there.
const (
	Committed Fate = iota
	Aborted
	Open
)

// Output is one record in the sink's log. A read_uncommitted reader sees it from Appended on whatever its
// fate; a read_committed reader sees it from Visible on if it is Committed.
type Output struct {
	Partition   int32
	Offset      int64
	Key         string
	Value       int64
	Count       int64 // source records that it stands for
	Time        record.EventTime
	Origin      record.Origin // for a window: the end of the window is Time, and Origin is the zero value
	Transaction string        // transactional id, "" without one
	ProducerID  int64
	Epoch       int16
	Fate        Fate
	Appended    time.Duration
	Visible     time.Duration // when the log end that readers may see moved past it
	Decided     time.Duration // when its transaction's marker was appended; Appended without a transaction
}

// together says whether two records were written and decided as one: what holds of one transaction for the one
// holds for the other.
func (o *Output) together(with *Output) bool {
	return o.Partition == with.Partition && o.ProducerID == with.ProducerID && o.Epoch == with.Epoch && o.Fate == with.Fate &&
		o.Appended == with.Appended && o.Decided == with.Decided && o.Transaction == with.Transaction
}
