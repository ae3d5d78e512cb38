package history

// ISRChanged: the replicas of a partition that are in sync are others now. Its kind is isr.shrunk or isr.expanded.
type ISRChanged struct {
	Topic     string
	Partition int32
	InSync    []int32 // node ids
	Expanded  bool
}

// PartitionElected: a partition has another leader. Its kind is partition.elected.
type PartitionElected struct {
	Topic     string
	Partition int32
	Leader    int32 // node id; -1: nobody may lead it
	Unclean   bool  // it was not in sync
	Lost      int64 // offsets that the former leader had and this one has not
}

// CoordinatorLoading: a broker has become the coordinator of a partition of the transaction log, and reads it.
type CoordinatorLoading struct {
	Partition int32
	Epoch     int32
}

// CoordinatorLoaded: it has read it, and answers.
type CoordinatorLoaded struct {
	Partition int32
	Epoch     int32
}

// TransactionAppending: the record of a decision, PrepareCommit or PrepareAbort, is on its way into the transaction log.
// Until it is replicated nobody knows whether it will be there.
type TransactionAppending struct {
	ID         string
	ProducerID int64
	Epoch      int16
	State      string
}

func (e ISRChanged) Kind() string {
	if e.Expanded {
		return "isr.expanded"
	}
	return "isr.shrunk"
}
func (PartitionElected) Kind() string     { return "partition.elected" }
func (CoordinatorLoading) Kind() string   { return "coordinator.loading" }
func (CoordinatorLoaded) Kind() string    { return "coordinator.loaded" }
func (TransactionAppending) Kind() string { return "txn.appending" }
