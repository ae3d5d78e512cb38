package property

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// lastProducerEpoch is the last one that a producer is given before its id has none left.
const lastProducerEpoch = 32766

// brokerSteps are what brokers do among themselves, at which more faults are aimed.
var brokerSteps = []string{"txn.appending", "coordinator.loading", "isr.shrunk", "partition.elected", "write.refused", "client.throttled", "txn.preparecommit"}

// drawBrokers sets the brokers of a plan up, and has faults for what is set up so. Nothing may be lost by what it draws,
// so these are not in it:
//
//   - unclean elections, which give records up that were acknowledged;
//   - transaction.partition.verification.enable: false, with which what comes late opens a transaction that hangs
//     (KAFKA-14402);
//   - clocks that jump as far as a sink's transaction may last: coordinators abort what is pre-committed then. An
//     application's transactions are shorter, and it writes them again;
//   - late ends of an application before transaction.version 2: its next transaction has the same epoch, and may be
//     ended by the end of the one before (KAFKA-17754). A sink takes its ids anew for each transaction;
//   - INCREMENTING names where epochs begin near their end: such a sink takes what is above epoch 0 for a former life's.
func drawBrokers(t *rapid.T, s *scenario.Scenario) {
	s.Pipeline.Broker = map[string]string{
		"transaction.version":     oneOf(t, "transaction.version", "2", "2", "1", "0"),
		"min.insync.replicas":     oneOf(t, "min.insync.replicas", "1", "2", "3"),
		"replica.lag.time.max.ms": oneOf(t, "replica.lag.time.max.ms", "30000", "5000", "1000"),
	}
	if rapid.IntRange(0, 3).Draw(t, "few epochs left") == 3 {
		s.Pipeline.Broker["flinch.first.producer.epoch"] = strconv.Itoa(lastProducerEpoch - rapid.IntRange(0, 20).Draw(t, "epochs left"))
		s.Pipeline.Sink["sink.transaction-naming-strategy"] = "POOLING"
	}
	if rapid.Bool().Draw(t, "others take over") { // from brokers whose sessions run out before they are back
		s.Deployment.Supervisor.Delay = scenario.Duration(12 * time.Second)
	}
	for i := range s.Faults {
		drawStrength(t, &s.Faults[i])
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "faults of brokers") {
		kind, _ := fault.Lookup(oneOf(t, "kind", "clock.skew", "clock.skew", "kafka.disk.full", "kafka.replica.lag", "kafka.throttle", "kafka.coordinator.move", "kafka.broker.kill"))
		f := fault.Fault{Name: fmt.Sprintf("b%d", i+1), Inject: kind.Name, With: drawParams(t, kind),
			When: &fault.When{Event: oneOf(t, "step", brokerSteps...), Nth: rapid.IntRange(1, 20).Draw(t, "nth")}}
		if kind.Lasts != fault.AtOnce {
			f.For = span(t, "for", time.Second, 30*time.Second, time.Second)
		}
		drawStrength(t, &f)
		s.Faults = append(s.Faults, f)
	}
	drawProducer(t, s)
	if s.Pipeline.Source.Producer != nil && rapid.IntRange(0, 7).Draw(t, "silence") == 7 { // for longer than max.block.ms, 60 s
		s.Duration = scenario.Duration(100 * time.Second)
		s.Faults = append(s.Faults, fault.Fault{Name: "u1", Inject: "kafka.lost-answer", With: map[string]string{"operations": "EndTxn"},
			When: &fault.When{Event: "producer.began", Nth: rapid.IntRange(1, 10).Draw(t, "nth")}, For: scenario.Duration(80 * time.Second)})
	}
	if s.Pipeline.Source.Producer != nil && late(s, "EndTxn") {
		s.Pipeline.Broker["transaction.version"] = "2"
	}
}

// late says whether a fault holds requests of a kind back. An InitProducerId of an attempt that has ended aborts, in any
// version, what its successor has pre-committed under the same transactional id: such a plan may lose output.
func late(s *scenario.Scenario, operation string) bool {
	return slices.ContainsFunc(s.Faults, func(f fault.Fault) bool {
		return f.Inject == "kafka.late-request" && f.Param("operations") == operation
	})
}

// drawStrength draws how many brokers a fault strikes, and how hard, where its defaults would do little to a small job.
func drawStrength(t *rapid.T, f *fault.Fault) {
	switch f.Inject {
	case "clock.skew":
		f.With["rate"] = oneOf(t, "rate", "1", "0.5", "2")
	case "kafka.throttle":
		f.With["bytes-per-second"] = oneOf(t, "bytes-per-second", "200", "1000", "5000")
		return
	case "kafka.replica.lag":
		if rapid.Bool().Draw(t, "the output alone") {
			f.With["topic"] = "out"
		}
	case "kafka.disk.full":
	default:
		return
	}
	f.Target = fault.Aim{Side: fault.Side{Role: []fault.Role{fault.Kafka}, Pick: oneOf(t, "brokers", fault.One, fault.All)}}
}

// mayReopen says whether partitions that are added late may open a transaction once more that is committed. Before
// transaction.version 2 they have its epoch still. Nobody writes to it or ends it but its coordinator, after its timeout, so
// it is open when the run is over, and holds no reader back.
func mayReopen(s *scenario.Scenario) bool {
	return s.Pipeline.Broker["transaction.version"] != "2" && late(s, "AddPartitionsToTxn")
}
