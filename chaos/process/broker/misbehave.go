package broker

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// forever is longer than any run.
const forever = 1 << 60

// Misbehave says all that is wrong with a model cluster as a whole, served or simulated. What contradicts itself is as the
// latest word has it: coordinators give one answer.
func Misbehave(c *kafka.Cluster, states []fault.ServiceState) error {
	var lost []kafka.Share
	var late []kafka.Late
	coordinator, slow := protocol.None, time.Duration(0)
	for _, s := range states {
		share := kafka.Share{Share: s.Share, IDs: s.Prefix}
		for _, name := range s.Operations {
			share.Of = append(share.Of, keyOf(name))
		}
		switch s.Mode {
		case fault.CoordinatorUnavailable:
			coordinator = protocol.CoordinatorNotAvailable
		case fault.CoordinatorLoading:
			coordinator = protocol.CoordinatorLoadInProgress
		case fault.LostAnswer:
			lost = append(lost, share)
		case fault.LateRequest:
			late = append(late, kafka.Late{Share: share, By: s.Wait})
		case fault.SlowMarkers:
			slow = max(slow, s.Wait)
		default:
			return fmt.Errorf("make Kafka %s: the model cannot do that", s.Mode)
		}
	}
	c.LoseAnswersOf(lost...)
	c.DelayRequestsOf(late...)
	c.FailCoordinators(coordinator, forever)
	c.SlowMarkers(slow, forever)
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
