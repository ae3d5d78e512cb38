package kafka

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// The error codes of the protocol that the model gives or understands.
const (
	unknownServerError         int16 = -1
	none                       int16 = 0
	offsetOutOfRange           int16 = 1
	corruptMessage             int16 = 2
	unknownTopicOrPartition    int16 = 3
	leaderNotAvailable         int16 = 5
	notLeaderOrFollower        int16 = 6
	messageTooLarge            int16 = 10
	offsetMetadataTooLarge     int16 = 12
	requestTimedOut            int16 = 7
	networkException           int16 = 13
	CoordinatorLoadInProgress  int16 = 14
	CoordinatorNotAvailable    int16 = 15
	NotCoordinator             int16 = 16
	invalidTopicException      int16 = 17
	notEnoughReplicas          int16 = 19
	notEnoughReplicasAfter     int16 = 20
	invalidRequiredAcks        int16 = 21
	illegalGeneration          int16 = 22
	inconsistentGroupProtocol  int16 = 23
	invalidGroupID             int16 = 24
	unknownMemberID            int16 = 25
	invalidSessionTimeout      int16 = 26
	rebalanceInProgress        int16 = 27
	invalidTimestamp           int16 = 32
	unsupportedVersion         int16 = 35
	topicAlreadyExists         int16 = 36
	invalidPartitions          int16 = 37
	invalidReplicationFactor   int16 = 38
	invalidReplicaAssignment   int16 = 39
	invalidConfig              int16 = 40
	policyViolation            int16 = 44
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
	nonEmptyGroup              int16 = 68
	groupIDNotFound            int16 = 69
	fetchSessionIDNotFound     int16 = 70
	fencedLeaderEpoch          int16 = 74
	unknownLeaderEpoch         int16 = 75
	unsupportedCompressionType int16 = 76
	invalidRecord              int16 = 87
	unstableOffsetCommit       int16 = 88
	memberIDRequired           int16 = 79
	fencedInstanceID           int16 = 82
	producerFenced             int16 = 90
	unknownTopicID             int16 = 100
	transactionalIDNotFound    int16 = 105
	transactionAbortable       int16 = 120
	invalidRegularExpression   int16 = 128
	rebootstrapRequired        int16 = 129
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

// words is what Kafka says about a code when it says nothing else.
func words(code int16) *string {
	if e := kerr.TypedErrorForCode(code); e != nil {
		return &e.Description
	}
	return nil
}

// assert stops the process on a bug of this package. Its arguments cost something even when it holds; where every
// transaction passes there is an if, and bug in it.
func assert(ok bool, format string, args ...any) {
	if !ok {
		bug(format, args...)
	}
}

func bug(format string, args ...any) { panic("kafka: " + fmt.Sprintf(format, args...)) }
