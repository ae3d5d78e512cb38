package protocol

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
)

// The error codes of the protocol that the model gives or understands.
const (
	UnknownServerError         int16 = -1
	None                       int16 = 0
	OffsetOutOfRange           int16 = 1
	CorruptMessage             int16 = 2
	UnknownTopicOrPartition    int16 = 3
	LeaderNotAvailable         int16 = 5
	NotLeaderOrFollower        int16 = 6
	RequestTimedOut            int16 = 7
	MessageTooLarge            int16 = 10
	OffsetMetadataTooLarge     int16 = 12
	NetworkException           int16 = 13
	CoordinatorLoadInProgress  int16 = 14
	CoordinatorNotAvailable    int16 = 15
	NotCoordinator             int16 = 16
	InvalidTopicException      int16 = 17
	NotEnoughReplicas          int16 = 19
	NotEnoughReplicasAfter     int16 = 20
	InvalidRequiredAcks        int16 = 21
	IllegalGeneration          int16 = 22
	InconsistentGroupProtocol  int16 = 23
	InvalidGroupID             int16 = 24
	UnknownMemberID            int16 = 25
	InvalidSessionTimeout      int16 = 26
	RebalanceInProgress        int16 = 27
	InvalidTimestamp           int16 = 32
	UnsupportedVersion         int16 = 35
	TopicAlreadyExists         int16 = 36
	InvalidPartitions          int16 = 37
	InvalidReplicationFactor   int16 = 38
	InvalidReplicaAssignment   int16 = 39
	InvalidConfig              int16 = 40
	InvalidRequest             int16 = 42
	PolicyViolation            int16 = 44
	OutOfOrderSequenceNumber   int16 = 45
	DuplicateSequenceNumber    int16 = 46
	InvalidProducerEpoch       int16 = 47
	InvalidTxnState            int16 = 48
	InvalidProducerIDMapping   int16 = 49
	InvalidTransactionTimeout  int16 = 50
	ConcurrentTransactions     int16 = 51
	CoordinatorFenced          int16 = 52
	TransactionalIDAuthFailed  int16 = 53
	OperationNotAttempted      int16 = 55
	KafkaStorageError          int16 = 56
	NonEmptyGroup              int16 = 68
	GroupIDNotFound            int16 = 69
	FetchSessionIDNotFound     int16 = 70
	FencedLeaderEpoch          int16 = 74
	UnknownLeaderEpoch         int16 = 75
	UnsupportedCompressionType int16 = 76
	MemberIDRequired           int16 = 79
	FencedInstanceID           int16 = 82
	InvalidRecord              int16 = 87
	UnstableOffsetCommit       int16 = 88
	ProducerFenced             int16 = 90
	UnknownTopicID             int16 = 100
	TransactionalIDNotFound    int16 = 105
	TransactionAbortable       int16 = 120
	InvalidRegularExpression   int16 = 128
	RebootstrapRequired        int16 = 129
)

// Name is a code's name as Kafka writes it, "" for none.
func Name(code int16) string {
	switch code {
	case None:
		return ""
	case NotLeaderOrFollower:
		return "NOT_LEADER_OR_FOLLOWER" // kerr has the name from before Kafka 2.6
	}
	if e := kerr.TypedErrorForCode(code); e != nil {
		return e.Message
	}
	return fmt.Sprintf("ERROR_%d", code)
}

// Description is what Kafka says about a code when it says nothing else.
func Description(code int16) *string {
	if e := kerr.TypedErrorForCode(code); e != nil {
		return &e.Description
	}
	return nil
}
