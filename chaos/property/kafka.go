package property

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// kafkaFaults strike Kafka, or those whose transactions are open there.
var kafkaFaults = append(slices.DeleteFunc(slices.Clone(harmless), func(name string) bool { return !strings.HasPrefix(name, "kafka.") }),
	"taskmanager.kill", "jobmanager.kill", "network.partition")

// kafkaSteps are the steps of a transaction at which faults are aimed.
var kafkaSteps = []string{"txn.ongoing", "txn.preparecommit", "txn.prepareabort", "marker.appended", "txn.completecommit",
	"sink.precommitted", "checkpoint.completed", "restore.started"}

// DrawKafka draws a plan for Kafka alone: one exactly-once job, and faults of Kafka at the steps of its transactions.
// Every fourth has transactions that time out before their checkpoint is committed: it may lose output, by design.
func DrawKafka(t *rapid.T) scenario.Scenario {
	s := Draw(t)
	s.Duration = scenario.Duration(40 * time.Second)
	s.SteadyState = nil
	s.Pipeline = scenario.Pipeline{
		Source:    scenario.Source{Connector: "kafka", Topic: "in", Partitions: 4, RecordsPerSecond: 50, Keys: 20},
		Operators: []scenario.Operator{{Name: "sum", Kind: "keyed-sum"}},
		Sink: map[string]string{"connector": "kafka", "topic": "out", "sink.delivery-guarantee": "exactly-once",
			"sink.transactional-id-prefix": "drawn", "properties.transaction.timeout.ms": oneOf(t, "timeout", "900000", "900000", "900000", "12000")},
	}
	s.Deployment.FlinkConfiguration["execution.checkpointing.interval"] = oneOf(t, "interval", "1 s", "2 s", "4 s")
	s.Faults = nil
	for i := range rapid.IntRange(2, 6).Draw(t, "faults") {
		kind, _ := fault.Lookup(oneOf(t, "kind", kafkaFaults...))
		f := fault.Fault{Name: fmt.Sprintf("f%d", i+1), Inject: kind.Name,
			When: &fault.When{Event: oneOf(t, "step", kafkaSteps...), Nth: rapid.IntRange(1, 40).Draw(t, "nth")}}
		if kind.Lasts != fault.AtOnce {
			f.For = span(t, "for", time.Second, 30*time.Second, time.Second)
		}
		if kind.Network {
			f.Target = fault.Aim{Between: [][]fault.Side{{{Role: []fault.Role{fault.TaskManager}, Pick: fault.One}}, {{Role: []fault.Role{fault.Kafka}, Pick: fault.All}}},
				Direction: oneOf(t, "direction", fault.Both, fault.To, fault.From)}
		}
		f.With = drawParams(t, kind)
		s.Faults = append(s.Faults, f)
	}
	// Drawn last, so that the rest of a plan is what it was before there was a choice.
	s.Pipeline.Sink["sink.transaction-naming-strategy"] = oneOf(t, "naming", "INCREMENTING", "POOLING")
	drawBrokers(t, &s)
	s.Invariants = []string{"commitAfterCheckpoint", "noTornTransaction", "notificationsMonotone", "noCrash", "jobAlive"}
	if s.Pipeline.Sink["properties.transaction.timeout.ms"] == "900000" && !late(&s, "InitProducerId") {
		s.Invariants = append(s.Invariants, "exactlyOnce", "movingCut", "stateMatchesReplay")
		if !mayReopen(&s) {
			s.Invariants = append(s.Invariants, "noHangingTransaction")
		}
	}
	if s.Pipeline.Source.Producer != nil {
		s.Invariants = append(s.Invariants, "upstreamExactlyOnce")
	}
	return s
}
