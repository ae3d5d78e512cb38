package connector

import (
	"cmp"
	"fmt"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// outcome is what became of a transaction whose commit was refused.
type outcome string

const (
	committed outcome = "committed" // before; this attempt has not heard of it
	aborted   outcome = "aborted"   // its records are lost
	undecided outcome = "undecided" // it is open: still to be committed
	unproven  outcome = "unproven"  // its id has been used again, or is forgotten
)

// outcomeOf reads it from what the coordinator shows of the id. Ending a transaction raises the epoch in transaction
// version 2, and does not before; so in version 2 the next epoch still tells of this transaction. In versions 0 and 1
// the next epoch is that of the id's next use, or of a timeout, and those cannot be told apart.
func outcomeOf(c committable, is wire.KafkaTxnIs) outcome {
	ended := is.Epoch == c.Epoch || is.Version >= 2 && is.Epoch == c.Epoch+1
	switch {
	case is.ProducerID != c.ProducerID || !ended:
		return unproven
	case is.State == "PrepareCommit" || is.State == "CompleteCommit":
		return committed
	case is.State == "PrepareAbort" || is.State == "CompleteAbort":
		return aborted
	case is.State == "Ongoing" && is.Epoch == c.Epoch:
		return undecided
	}
	return unproven
}

// shows puts a description in words.
func shows(is wire.KafkaTxnIs) string {
	return cmp.Or(is.Err, fmt.Sprintf("%s, producer %d in epoch %d", is.State, is.ProducerID, is.Epoch))
}
