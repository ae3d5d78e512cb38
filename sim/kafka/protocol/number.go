package protocol

// Ids that are nobody's.
const (
	NoProducerID int64 = -1
	NoEpoch      int16 = -1
	NoLeader     int32 = -1
)

// WindowMax is how many batches of a producer a partition remembers, and so how many may be in flight.
const WindowMax = 5

// The kinds of coordinators.
const (
	GroupCoordinator       int8 = 0
	TransactionCoordinator int8 = 1
)

// The timestamps that stand for something else than a time. What is local, and what is in tiered storage, differs only
// for a cluster with tiered storage.
const (
	Latest           = -1
	Earliest         = -2
	MaxTimestamp     = -3
	EarliestLocal    = -4
	LatestTiered     = -5
	EarliestUploaded = -6
)
