package measure

import "time"

// Recovery is what one fault cost, from its start to the moment when the job was as good as before. A phase
// that was not reached is -1.
type Recovery struct {
	Fault   string // the fault's name in the scenario, and the time it hit in At
	At      time.Duration
	Detect  time.Duration // fault → the first component that noticed
	Restart time.Duration // noticed → new attempts are being deployed (election, back-off, slots)
	Restore time.Duration // deployment → every task RUNNING with its state
	CatchUp time.Duration // RUNNING → lag is back inside the band it had before the fault
	Total   time.Duration // fault → caught up
	// Steps are the finer parts of the waterfall, in order and without gaps from At on.
	Steps       []Step
	Reprocessed int // input records read again
	Checkpoint  uint64
}

// Step is one bar of the recovery waterfall.
type Step struct {
	Name  string // detect, elect, back-off, slots, deploy, restore, first record, catch up, first checkpoint
	From  time.Duration
	To    time.Duration
	Bound string // the configuration key that bounds it, such as "heartbeat.timeout"
}

// Checkpoints sums up the checkpoints of a run.
type Checkpoints struct {
	Completed   int
	Failed      int
	DurationP50 time.Duration
	DurationP99 time.Duration
	BytesMax    int64
}

// Series is one quantity over true time, sampled at equal steps.
type Series struct {
	Name  string // offered, consumed, committed, latency.p50, latency.p99, lag, checkpoint.duration, restarts, openTransactions
	Unit  string // records/s, seconds, records, ""
	Step  time.Duration
	Value []float64 // NaN where there is nothing to say
}
