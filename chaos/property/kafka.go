package property

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/runtime/history"
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
	s.Invariants = []string{"commitAfterCheckpoint", "noTornTransaction", "notificationsMonotone", "noCrash", "jobAlive"}
	if s.Pipeline.Sink["properties.transaction.timeout.ms"] == "900000" {
		s.Invariants = append(s.Invariants, "exactlyOnce", "movingCut", "stateMatchesReplay", "noHangingTransaction")
	}
	return s
}

// Met counts what plans have met: the steps of transactions, and the anomalies that their faults are for.
type Met map[string]int

// The anomalies.
const (
	successorAborts = "an open transaction was aborted by its successor"
	timesOut        = "a transaction timed out"
	commitTooLate   = "a commit came after its transaction had timed out"
	commitAgain     = "a commit was repeated after a restore"
	usedAgain       = "a transactional id was used again after a commit"
	coordinatorGone = "a coordinator moved or died while transactions were decided"
	leaderGone      = "a leader moved or died while transactions were open"
	answersLost     = "a transaction was decided while answers to commits were lost"
	requestsLate    = "a transaction was decided while requests came late"
	markersSlow     = "a marker was written while markers were slow"
)

// all is what a swarm has to meet.
var all = []string{"txn.empty", "txn.ongoing", "txn.preparecommit", "txn.completecommit", "txn.prepareabort", "txn.completeabort", "txn.fenced", "marker.appended",
	successorAborts, timesOut, commitTooLate, commitAgain, usedAgain, coordinatorGone, leaderGone, answersLost, requestsLate, markersSlow}

// Count adds what a run has met.
func (m Met) Count(events history.History) {
	deciding, open, committed := map[string]bool{}, map[string]bool{}, map[string]bool{}
	lasting := map[string]string{} // what is wrong, by the fault's name
	during := func(inject string) bool {
		for _, i := range lasting { // in any order: one is enough
			if i == inject {
				return true
			}
		}
		return false
	}
	for _, e := range events {
		switch ev := e.Event.(type) {
		case history.FaultStarted:
			lasting[ev.Fault] = ev.Inject
			if (ev.Inject == "kafka.coordinator.move" || ev.Inject == "kafka.broker.kill") && len(deciding) > 0 {
				m[coordinatorGone]++
			}
			if (ev.Inject == "kafka.leader.move" || ev.Inject == "kafka.broker.kill") && len(open) > 0 {
				m[leaderGone]++
			}
		case history.FaultEnded:
			delete(lasting, ev.Fault)
		case history.MarkerAppended:
			m[ev.Kind()]++
			if during("kafka.markers.slow") {
				m[markersSlow]++
			}
		case history.SinkCommitLost:
			m[commitTooLate]++
		case history.SinkCommitted:
			if ev.Restored {
				m[commitAgain]++
			}
		case history.Transaction:
			m.step(ev, during)
			switch ev.State {
			case "Fenced": // what is open stays so
			case "Ongoing":
				open[ev.ID] = true
				if committed[ev.ID] {
					m[usedAgain]++
				}
			case "PrepareCommit", "PrepareAbort":
				delete(open, ev.ID)
				deciding[ev.ID] = true
			default:
				delete(deciding, ev.ID)
				committed[ev.ID] = committed[ev.ID] || ev.State == "CompleteCommit"
			}
		}
	}
}

func (m Met) step(ev history.Transaction, during func(inject string) bool) {
	m[ev.Kind()]++
	if ev.State == "PrepareAbort" {
		switch ev.Cause {
		case "init":
			m[successorAborts]++
		case "timeout":
			m[timesOut]++
		}
	}
	if ev.State == "PrepareCommit" && during("kafka.lost-answer") {
		m[answersLost]++
	}
	if ev.State == "PrepareCommit" && during("kafka.late-request") {
		m[requestsLate]++
	}
}

// Missing are the steps and anomalies that no plan has met.
func (m Met) Missing() []string {
	return slices.DeleteFunc(slices.Clone(all), func(what string) bool { return m[what] > 0 })
}
