package broker

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Misbehave makes a model cluster misbehave, served or simulated, and returns how to undo it; nil if there is no such way
// to misbehave.
func Misbehave(c *kafka.Cluster, state fault.ServiceState) (undo func()) {
	const forever = 1 << 60
	share := kafka.Share{Share: state.Share, IDs: state.Prefix}
	for _, name := range state.Operations {
		share.Of = append(share.Of, keyOf(name))
	}
	switch state.Mode {
	case fault.CoordinatorUnavailable:
		c.FailCoordinators(protocol.CoordinatorNotAvailable, forever)
		return func() { c.FailCoordinators(protocol.CoordinatorNotAvailable, 0) }
	case fault.CoordinatorLoading:
		c.FailCoordinators(protocol.CoordinatorLoadInProgress, forever)
		return func() { c.FailCoordinators(protocol.CoordinatorLoadInProgress, 0) }
	case fault.LostAnswer:
		c.LoseAnswersOf(share)
		return func() { c.LoseAnswersOf(kafka.Share{}) }
	case fault.LateRequest:
		c.DelayRequestsOf(share, state.Wait)
		return func() { c.DelayRequestsOf(kafka.Share{}, 0) }
	case fault.SlowMarkers:
		c.SlowMarkers(state.Wait, forever)
		return func() { c.SlowMarkers(0, 0) }
	}
	return nil
}

// Break says what is wrong with one broker of a model cluster.
func Break(c *kafka.Cluster, node int, state fault.BrokerState) {
	if state.DiskFull {
		c.FillDisk(node)
	} else {
		c.FreeDisk(node)
	}
	c.SetQuota(node, kafka.Quota{Produce: state.Produce, Fetch: state.Fetch})
}

// keyOf is the number of a request by Kafka's own name of it, -1 if there is none.
func keyOf(name string) kmsg.Key {
	for key := range kmsg.Key(kmsg.MaxKey + 1) {
		if strings.EqualFold(key.Name(), name) {
			return key
		}
	}
	return -1
}
