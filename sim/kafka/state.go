package kafka

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// State is a transaction's state at its coordinator.
type State string

// The states. PrepareEpochFence is in memory only: it turns into PrepareAbort at once.
const (
	Empty             State = "Empty"
	Ongoing           State = "Ongoing"
	PrepareCommit     State = "PrepareCommit"
	PrepareAbort      State = "PrepareAbort"
	CompleteCommit    State = "CompleteCommit"
	CompleteAbort     State = "CompleteAbort"
	Dead              State = "Dead"
	PrepareEpochFence State = "PrepareEpochFence"
)

var states = []State{Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Dead, PrepareEpochFence}

// moves has the states from which each state can be reached. Under TV2 nothing can be aborted, too.
var (
	moves = map[State][]State{
		Empty:             {Empty, CompleteCommit, CompleteAbort},
		Ongoing:           {Ongoing, Empty, CompleteCommit, CompleteAbort},
		PrepareCommit:     {Ongoing},
		PrepareAbort:      {Ongoing, PrepareEpochFence},
		CompleteCommit:    {PrepareCommit},
		CompleteAbort:     {PrepareAbort},
		PrepareEpochFence: {Ongoing},
		Dead:              {Empty, CompleteCommit, CompleteAbort},
	}
	movesTV2 = map[State][]State{PrepareAbort: {Empty, CompleteCommit, CompleteAbort}}
)

func legal(from, to State, tv2 bool) bool {
	return slices.Contains(moves[to], from) || tv2 && slices.Contains(movesTV2[to], from)
}

// deciding is the time between the decision and the last marker.
func (s State) deciding() bool { return s == PrepareCommit || s == PrepareAbort }

// settled is when nothing is open.
func (s State) settled() bool { return s == Empty || s == CompleteCommit || s == CompleteAbort }

// exhausted epochs have no successor that may be handed out.
const exhausted int16 = 32766

// txnRecord is a record of the transaction log. One that is stored is not changed any more.
type txnRecord struct {
	id                    string
	pid, prevPID, nextPID int64
	epoch                 int16
	timeout               time.Duration
	state                 State
	partitions            []topicPartition // sorted
	start                 int64            // ms, when the first partition was added; -1
	updated               int64            // ms
	tv2                   bool             // the client last seen bumps the epoch with every transaction
	nextEpoch             int16            // with nextPID: of the next producer
	usedPID               int64            // under which the last transaction began, for the invariant
	usedEpoch             int16
}

func (r *txnRecord) has(tp topicPartition) bool {
	_, found := slices.BinarySearchFunc(r.partitions, tp, compareTopicPartition)
	return found
}

// successor is the producer id and epoch after the transaction. The epochs of the old producer id may be used up.
func (r *txnRecord) successor() (pid int64, epoch int16) {
	if r.nextPID != protocol.NoProducerID {
		return r.nextPID, r.nextEpoch
	}
	return r.pid, r.epoch
}

// txnPartition is a partition of the transaction log: a record per transactional id, and what is being
// appended, of which a new coordinator may or may not find something.
type txnPartition struct {
	replicaSet
	epoch    int32 // the coordinator epoch: it grows with every election
	records  map[string]*txnRecord
	inFlight map[string]*txnRecord
}
