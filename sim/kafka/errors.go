package kafka

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// The error codes of the protocol that the model gives or understands.
const (
	none                       int16 = 0
	offsetOutOfRange           int16 = 1
	corruptMessage             int16 = 2
	unknownTopicOrPartition    int16 = 3
	notLeaderOrFollower        int16 = 6
	requestTimedOut            int16 = 7
	networkException           int16 = 13
	CoordinatorLoadInProgress  int16 = 14
	CoordinatorNotAvailable    int16 = 15
	NotCoordinator             int16 = 16
	notEnoughReplicas          int16 = 19
	notEnoughReplicasAfter     int16 = 20
	unsupportedVersion         int16 = 35
	invalidRequest             int16 = 42
	outOfOrderSequenceNumber   int16 = 45
	duplicateSequenceNumber    int16 = 46
	invalidProducerEpoch       int16 = 47
	invalidTxnState            int16 = 48
	invalidProducerIDMapping   int16 = 49
	invalidTransactionTimeout  int16 = 50
	concurrentTransactions     int16 = 51
	coordinatorFenced          int16 = 52
	transactionalIDAuthFailed  int16 = 53
	operationNotAttempted      int16 = 55
	kafkaStorageError          int16 = 56
	unsupportedCompressionType int16 = 76
	invalidRecord              int16 = 87
	producerFenced             int16 = 90
	transactionalIDNotFound    int16 = 105
	transactionAbortable       int16 = 120
	invalidRegularExpression   int16 = 128
)

// timedOut is what the client says when it gave up before there was a final answer.
const timedOut = "TIMED_OUT"

// nameOf is a code's name as Kafka writes it, "" for none.
func nameOf(code int16) string {
	switch code {
	case none:
		return ""
	case notLeaderOrFollower:
		return "NOT_LEADER_OR_FOLLOWER" // kerr has the name from before Kafka 2.6
	}
	if e := kerr.TypedErrorForCode(code); e != nil {
		return e.Message
	}
	return fmt.Sprintf("ERROR_%d", code)
}

// assert stops the process on a bug of this package. Its arguments cost something even when it holds; where every
// transaction passes there is an if, and bug in it.
func assert(ok bool, format string, args ...any) {
	if !ok {
		bug(format, args...)
	}
}

func bug(format string, args ...any) { panic("kafka: " + fmt.Sprintf(format, args...)) }
