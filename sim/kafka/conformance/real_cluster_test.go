package conformance_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// real is an Apache Kafka of several nodes that is ours to break.
type real struct {
	*wire
	server *apache.Server
}

func (r *real) Kill(nodes ...int32) { must(r.server.Kill, nodes) }

// Start starts brokers that were killed, and returns when they serve.
func (r *real) Start(nodes ...int32) { must(r.server.Start, nodes) }

func must(do func(nodes ...int) error, nodes []int32) {
	var all []int
	for _, n := range nodes {
		all = append(all, int(n))
	}
	if err := do(all...); err != nil {
		panic(fmt.Sprintf("break the cluster for a case: %v", err))
	}
}

// transactionLog is where transactional ids are, with as many partitions as package apache gives it; offsetsLog is where
// groups are, in one partition.
const (
	transactionLog = "__transaction_state"
	txnPartitions  = 5
	offsetsLog     = "__consumer_offsets"
)

func (r *real) MoveCoordinator(id string, to int32) {
	r.MoveLeader(transactionLog, int32(kafka.TxnPartitionOf(id)%txnPartitions), to)
}

func (r *real) MoveGroup(_ string, to int32) { r.MoveLeader(offsetsLog, 0, to) }

// MoveLeader has a broker elected, again until it is: who was dead a moment ago has to be in sync first.
func (r *real) MoveLeader(topic string, partition, to int32) {
	l := conformance.NewLab(r, "")
	l.Comes(inSyncAgain, "moved", func() string {
		if l.Leads(topic, partition) == to {
			return "moved"
		}
		r.elect(l, topic, partition, to)
		return "elected"
	})
}

// inSyncAgain is longer than a broker takes for that.
const inSyncAgain = time.Minute

// elect makes a broker the preferred leader, which is a matter of the order of replicas, and has that one elected.
func (r *real) elect(l *conformance.Lab, topic string, partition, to int32) {
	resp := l.Metadata(conformance.AnyNode, topic)
	var replicas []int32
	for _, p := range resp.Topics[0].Partitions {
		if p.Partition == partition {
			replicas = slices.Clone(p.Replicas)
		}
	}
	replicas = append([]int32{to}, slices.DeleteFunc(replicas, func(n int32) bool { return n == to })...)
	assign := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	t := kmsg.NewAlterPartitionAssignmentsRequestTopic()
	t.Topic = topic
	p := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
	p.Partition, p.Replicas = partition, replicas
	t.Partitions = append(t.Partitions, p)
	assign.Topics, assign.TimeoutMillis = append(assign.Topics, t), int32(conformance.Patience.Milliseconds())
	l.Ask(resp.ControllerID, 0, assign)
	elect := kmsg.NewPtrElectLeadersRequest()
	e := kmsg.NewElectLeadersRequestTopic()
	e.Topic, e.Partitions = topic, []int32{partition}
	elect.Topics, elect.TimeoutMillis = append(elect.Topics, e), int32(conformance.Patience.Milliseconds())
	l.Ask(resp.ControllerID, 2, elect)
}
