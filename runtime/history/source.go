package history

import "github.com/flinch-dev/flinch/runtime/id"

// SourceStalled: a read_committed source has got nothing from a partition for long although there is more in it: some
// transaction holds its last stable offset. If the cluster could not be asked who, the transaction has no name; if only
// the partition knows of it, it hangs, and has no transactional id.
type SourceStalled struct {
	Attempt       id.Attempt
	Topic         string
	Partition     int32
	SinceMs       int64 // how long, by the clock of the process
	Stable        int64 // the last stable offset
	HighWatermark int64
	Transaction   string // transactional id
	ProducerID    int64  // -1: not known
	Epoch         int16
	State         string // of the transaction at its coordinator, such as "Ongoing"; "" if no coordinator has it
}

// Hangs says whether a producer is known to hold the offset with a transaction that no coordinator will end.
func (e SourceStalled) Hangs() bool {
	return e.ProducerID >= 0 && e.State != "Ongoing" && e.State != "PrepareCommit" && e.State != "PrepareAbort"
}

func (SourceStalled) Kind() string { return "source.stalled" }
