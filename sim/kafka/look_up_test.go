package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// What an operator, or a sink that looks for lingering transactions, can see.
func TestDescribe(t *testing.T) {
	tell(t, []story{
		{"every coordinator lists its own, and says so while it loads", func(l *lab) {
			l.Writer("a")
			to := (l.Coordinator("a") + 1) % 3
			l.MoveCoordinator(TxnPartitionOf("a"), to)
			l.is(l.List(func(*kmsg.ListTransactionsRequest) {}), "COORDINATOR_LOAD_IN_PROGRESS")
			l.pass(time.Second)
			l.is(l.List(func(*kmsg.ListTransactionsRequest) {}), "a Empty")
		}},
	})
}

// What a client asks first: who is there, what they can, who leads and coordinates what.
func TestLookUp(t *testing.T) {
	tell(t, []story{
		{"metadata names brokers, topics and leaders", func(l *lab) {
			l.CreateTopic("in", 1)
			l.is(l.metadata(), "kafka-0 kafka-1 kafka-2, out-0 on 0, out-1 on 1, in-0 on 1")
			l.is(l.metadata("in"), "kafka-0 kafka-1 kafka-2, in-0 on 1")
			l.is(l.metadata("none"), "kafka-0 kafka-1 kafka-2, none UNKNOWN_TOPIC_OR_PARTITION")
		}},
		{"and after a fail-over those that are left", func(l *lab) {
			l.Kill("kafka-1")
			l.FailOver(1)
			l.is(l.metadata("out"), "kafka-0 kafka-2, out-0 on 0, out-1 on 2")
			l.Restart("kafka-1")
			l.pass(time.Second)
			l.is(l.metadata("out"), "kafka-0 kafka-1 kafka-2, out-0 on 0, out-1 on 2")
		}},
		{"coordinators are found by the hash of the id, old style and new", func(l *lab) {
			l.is(fmt.Sprint(TxnPartitionOf("a"), TxnPartitionOf("sink-0-1"), TxnPartitionOf("\U0001f99c")), "47 30 30")
			req := kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorKey, req.CoordinatorType = "a", 1
			l.is(fmt.Sprint(l.ask(0, 3, req).(*kmsg.FindCoordinatorResponse).NodeID), "2")
			req = kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorKeys, req.CoordinatorType = []string{"a", "b"}, 1
			said := ""
			for _, c := range l.ask(0, 4, req).(*kmsg.FindCoordinatorResponse).Coordinators {
				said += fmt.Sprintf("%s on %d (%s), ", c.Key, c.NodeID, c.Host)
			}
			l.is(said, "a on 2 (kafka-2), b on 0 (kafka-0), ")
		}},
	})
}

// metadata asks the first broker for topics, or for all.
func (l *lab) metadata(topics ...string) string {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	resp, ok := l.ask(0, 12, req).(*kmsg.MetadataResponse)
	if !ok {
		return silence
	}
	var said []string
	for _, b := range resp.Brokers {
		said = append(said, b.Host)
	}
	line := strings.Join(said, " ")
	for _, t := range resp.Topics {
		if t.ErrorCode != protocol.None {
			line += fmt.Sprintf(", %s %s", *t.Topic, name(t.ErrorCode))
		}
		for _, p := range t.Partitions {
			line += fmt.Sprintf(", %s-%d on %d", *t.Topic, p.Partition, p.Leader)
		}
	}
	return line
}
