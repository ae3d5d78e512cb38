package history

// ProducerReady: an instance of the application before the job has its producer id, and goes on from the record after
// the last one that is committed.
type ProducerReady struct {
	TransactionalID string
	ProducerID      int64
	Epoch           int16
	Next            int64 // its number
}

// ProducerBegan: it is about to write a transaction. Transaction is a number that no other transaction of the run has;
// it goes with each of its records.
type ProducerBegan struct {
	TransactionalID string
	Transaction     int32
	First           int64 // the number of its first record
}

// ProducerTold: it has written records First up to, and without, Next in a transaction, and this is what it knows of the
// end. After an unknown outcome it asks for the same end once more, so another entry may follow.
type ProducerTold struct {
	TransactionalID string
	Transaction     int32
	ProducerID      int64
	Epoch           int16
	First           int64
	Next            int64
	Outcome         string // one of the outcomes
	Answer          string // Kafka's error name, "" without one
}

// What an application may know of the end of a transaction.
const (
	ToldCommitted = "committed"
	ToldAborted   = "aborted"
	ToldUnknown   = "unknown"
)

func (ProducerReady) Kind() string { return "producer.ready" }
func (ProducerBegan) Kind() string { return "producer.began" }
func (e ProducerTold) Kind() string {
	switch e.Outcome { // without a new text for each of many thousands
	case ToldCommitted:
		return "producer.committed"
	case ToldAborted:
		return "producer.aborted"
	}
	return "producer.unknown"
}
