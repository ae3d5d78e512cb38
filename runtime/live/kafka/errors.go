package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
)

// timedOut is what the gateway says when it gave up before there was a final answer.
const timedOut = "TIMED_OUT"

// leavesOpen says whether after an error nobody knows the outcome, or it may be another one at the next try. Errors
// that are not Kafka's are those of connections.
func leavesOpen(err error) bool {
	if err == nil {
		return false
	}
	var known *kerr.Error
	if !errors.As(err, &known) {
		return true
	}
	switch known {
	case kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress,
		kerr.RequestTimedOut, kerr.NetworkException, kerr.LeaderNotAvailable, kerr.NotLeaderForPartition,
		kerr.OffsetNotAvailable, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.BrokerNotAvailable,
		kerr.ReplicaNotAvailable, kerr.KafkaStorageError, kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend:
		return true
	}
	return false
}

// nameOf is an error's name as Kafka writes it, "" for none.
func nameOf(err error) string {
	var known *kerr.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return timedOut
	case !errors.As(err, &known):
		return err.Error()
	case known == kerr.NotLeaderForPartition:
		return "NOT_LEADER_OR_FOLLOWER" // kerr has the name from before Kafka 2.6
	}
	return known.Message
}
