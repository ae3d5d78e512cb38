package history

import "github.com/flinch-dev/flinch/runtime/id"

// SinkPrecommitted: a sink writer has flushed the transaction of a checkpoint; the barrier leaves next.
type SinkPrecommitted struct {
	Checkpoint  id.Checkpoint
	Attempt     id.Attempt
	Transaction string // transactional id
	ProducerID  int64
	Epoch       int16
	Records     int
}

// SinkCommitted: Kafka has answered that the transaction is decided as committed.
type SinkCommitted struct {
	Checkpoint  id.Checkpoint
	Attempt     id.Attempt
	Transaction string
	ProducerID  int64
	Epoch       int16
	Restored    bool // committed again, after a restore
}

// SinkAborted: a lingering transaction was aborted when a writer started.
type SinkAborted struct {
	Attempt     id.Attempt
	Transaction string
}

// SinkCommitLost: the answer to a commit that was owed means that its records are lost, or may be; Flink's connector
// logs it and goes on. What the broker knows of the transaction may prove it.
type SinkCommitLost struct {
	Checkpoint  id.Checkpoint
	Attempt     id.Attempt
	Transaction string
	ProducerID  int64
	Epoch       int16
	Answer      string // Kafka's error name
	Proven      bool   // the broker shows that it was aborted; else it may also have been committed long ago
	Shows       string // what the broker shows: the state, producer and epoch of its id, or why it shows nothing
}

// SinkWrite: an attempt has handed a batch of records to its Kafka client.
type SinkWrite struct {
	Attempt     id.Attempt
	Transaction string
}

func (SinkPrecommitted) Kind() string { return "sink.precommitted" }
func (SinkCommitted) Kind() string    { return "sink.committed" }
func (SinkAborted) Kind() string      { return "sink.aborted" }
func (SinkCommitLost) Kind() string   { return "sink.commit-lost" }
func (SinkWrite) Kind() string        { return "sink.write" }
