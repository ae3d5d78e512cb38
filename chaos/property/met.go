package property

import (
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/runtime/history"
)

// Met counts what plans have met: the steps of transactions and brokers, and the anomalies that their faults are for.
type Met map[string]int

// The anomalies.
const (
	successorAborts = "an open transaction was aborted by its successor"
	timesOut        = "a transaction timed out"
	timesOutSkewed  = "a transaction timed out while the clock of a broker was wrong"
	commitTooLate   = "a commit came after its transaction had timed out"
	commitLost      = "a commit after its timeout was told as lost, and the broker showed it"
	commitAgain     = "a commit was repeated after a restore"
	dangling        = "a dangling transaction was aborted after a restore"
	usedAgain       = "a transactional id was used again after a commit"
	sameEpoch       = "a transaction had the epoch of the one before"
	ownEpoch        = "a transaction had an epoch of its own"
	epochsUsedUp    = "an id passed the last epoch into a new producer id"
	coordinatorGone = "a coordinator moved or died while transactions were decided"
	coordinatorTook = "a decision was found by a coordinator whose predecessor had not seen it confirmed"
	coordinatorNew  = "a coordinator moved or died while a decision was being appended"
	leaderGone      = "a leader moved or died while transactions were open"
	brokerHalted    = "a broker halted, with its disk full"
	leaderlessLogs  = "a partition had no leader"
	refusedWrites   = "a partition lost its minimum of replicas in sync, and writes were refused"
	throttled       = "an answer was throttled"
	decidedLagging  = "a transaction was decided while replicas did not follow"
	answersLost     = "a transaction was decided while answers to commits were lost"
	requestsLate    = "a transaction was decided while commits came late"
	markersSlow     = "a marker was written while markers were slow"
	zombieRefused   = "a zombie instance of the application was refused"
	writtenAgain    = "an application's transaction was aborted, and written again"
	endUnknown      = "an application asked again for an end of which nobody had told it"
)

// all is what a swarm has to meet.
var all = slices.Concat(
	[]string{"txn.empty", "txn.ongoing", "txn.appending", "txn.preparecommit", "txn.completecommit", "txn.prepareabort", "txn.completeabort", "txn.fenced",
		"marker.appended", "coordinator.loading", "coordinator.loaded", "isr.shrunk", "isr.expanded", "partition.elected", "request.late",
		successorAborts, timesOut, timesOutSkewed, commitTooLate, commitLost, commitAgain, dangling, usedAgain, sameEpoch, ownEpoch, epochsUsedUp,
		coordinatorGone, coordinatorTook, coordinatorNew, leaderGone, brokerHalted, leaderlessLogs, refusedWrites, throttled, decidedLagging,
		answersLost, requestsLate, markersSlow, zombieRefused, writtenAgain, endUnknown,
		version("0"), version("1"), version("2"), struck("clock.skew")},
	allStruck(kafkaFaults), allStruck(producerKinds))

// rare are those that a thousand plans meet, and fewer need not.
var rare = []string{timesOutSkewed, refusedWrites}

func version(of string) string    { return "a plan with transaction.version " + of }
func struck(inject string) string { return "struck by " + inject }

func allStruck(kinds []string) (names []string) {
	for _, k := range kinds {
		names = append(names, struck(k))
	}
	return names
}

// meeting is one run under the eyes of Met.
type meeting struct {
	Met
	plan      *scenario.Scenario
	lasting   map[string]history.FaultStarted // by the fault's name
	appending map[string]bool                 // by transactional id, as all that follow
	deciding  map[string]bool
	open      map[string]bool
	committed map[string]bool
	last      map[string]history.Transaction // the last one that was opened
	aborted   map[int64]bool                 // by its first record: of the application
	ready     string                         // the newest instance of it
	unknown   map[int32]bool                 // of its transactions
}

// Count adds what a run has met.
func (m Met) Count(s *scenario.Scenario, events history.History) {
	m[version(s.Pipeline.Broker["transaction.version"])]++
	r := meeting{m, s, map[string]history.FaultStarted{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{},
		map[string]history.Transaction{}, map[int64]bool{}, "", map[int32]bool{}}
	for _, e := range events {
		r.see(e)
	}
}

func (r *meeting) see(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.FaultStarted:
		r.strike(ev)
	case history.FaultEnded:
		delete(r.lasting, ev.Fault)
	case history.ProcessStopped:
		r.stop(ev)
	case history.Transaction:
		r.transaction(ev)
	case history.TransactionAppending:
		r.Met[ev.Kind()]++
		r.appending[ev.ID] = true
	case history.CoordinatorLoading, history.CoordinatorLoaded, history.ISRChanged, history.RequestLate:
		r.Met[ev.Kind()]++
	case history.PartitionElected:
		r.Met[ev.Kind()]++
		r.when(ev.Leader < 0, leaderlessLogs)
	case history.MarkerAppended:
		r.Met[ev.Kind()]++
		r.when(r.during("kafka.markers.slow"), markersSlow)
	case history.WriteRefused:
		r.Met[refusedWrites]++
	case history.ClientThrottled:
		r.Met[throttled]++
	case history.SinkCommitLost:
		r.Met[commitTooLate]++
		r.when(ev.Proven, commitLost)
	case history.SinkCommitted:
		r.when(ev.Restored, commitAgain)
	case history.SinkAborted:
		r.Met[dangling]++
	case history.ProducerReady:
		r.ready = e.Process
	case history.ProducerBegan:
		r.when(r.aborted[ev.First], writtenAgain)
		delete(r.aborted, ev.First)
	case history.ProducerTold:
		r.when(r.unknown[ev.Transaction], endUnknown)
		r.unknown[ev.Transaction] = ev.Outcome == history.ToldUnknown
		r.aborted[ev.First] = ev.Outcome == history.ToldAborted
	}
}

func (r *meeting) when(so bool, what string) {
	if so {
		r.Met[what]++
	}
}

// during says whether a fault of a kind is in force.
func (r *meeting) during(inject string) bool { return r.strikes(inject, "") }

// strikes says whether it is in force at a process, or at any if that is "".
func (r *meeting) strikes(inject, process string) bool {
	for _, f := range r.lasting { // in any order: one is enough
		if f.Inject == inject && (process == "" || slices.Contains(f.Targets, process)) {
			return true
		}
	}
	return false
}

// strikesEnds says whether a fault of a kind is in force that strikes the requests by which transactions end, and not others.
func (r *meeting) strikesEnds(inject string) bool {
	return slices.ContainsFunc(r.plan.Faults, func(f fault.Fault) bool {
		_, lasts := r.lasting[f.Name]
		return lasts && f.Inject == inject && slices.Contains(strings.Split(f.Param("operations"), ","), "EndTxn")
	})
}

// skewed says whether the clock of a broker is wrong. Those of others are not drawn.
func (r *meeting) skewed() bool { return r.during("clock.skew") }

func (r *meeting) strike(ev history.FaultStarted) {
	r.lasting[ev.Fault] = ev
	r.Met[struck(ev.Inject)]++
	died := ev.Inject == "kafka.broker.kill"
	coordinators, leaders := died || ev.Inject == "kafka.coordinator.move", died || ev.Inject == "kafka.leader.move"
	r.when(coordinators && len(r.deciding) > 0, coordinatorGone)
	r.when(coordinators && len(r.appending) > 0, coordinatorNew)
	r.when(leaders && len(r.open) > 0, leaderGone)
}

func (r *meeting) stop(ev history.ProcessStopped) {
	r.when(r.strikes("kafka.disk.full", ev.Name) && !r.strikes("kafka.broker.kill", ev.Name), brokerHalted)
	fenced := strings.Contains(ev.Cause, "PRODUCER_FENCED") || strings.Contains(ev.Cause, "INVALID_PRODUCER_EPOCH")
	r.when(strings.HasPrefix(ev.Name, string(fault.Producer)) && ev.Name != r.ready && fenced, zombieRefused)
}

func (r *meeting) transaction(ev history.Transaction) {
	r.Met[ev.Kind()]++
	r.when(ev.Cause == "failover", coordinatorTook)
	switch ev.State {
	case "Fenced": // what is open stays so
	case "Ongoing":
		r.open[ev.ID] = true
		r.when(r.committed[ev.ID], usedAgain)
		if before, known := r.last[ev.ID]; known {
			r.when(before.ProducerID == ev.ProducerID && before.Epoch == ev.Epoch, sameEpoch)
			r.when(before.ProducerID == ev.ProducerID && before.Epoch != ev.Epoch, ownEpoch)
			r.when(before.ProducerID != ev.ProducerID, epochsUsedUp)
		}
		r.last[ev.ID] = ev
	case "PrepareCommit", "PrepareAbort":
		delete(r.open, ev.ID)
		delete(r.appending, ev.ID)
		r.deciding[ev.ID] = true
		r.decided(ev)
	default:
		delete(r.deciding, ev.ID)
		r.committed[ev.ID] = r.committed[ev.ID] || ev.State == "CompleteCommit"
	}
}

func (r *meeting) decided(ev history.Transaction) {
	r.when(r.during("kafka.replica.lag"), decidedLagging)
	if ev.State == "PrepareCommit" {
		r.when(r.strikesEnds("kafka.lost-answer"), answersLost)
		r.when(r.strikesEnds("kafka.late-request"), requestsLate)
		return
	}
	r.when(ev.Cause == "init", successorAborts)
	r.when(ev.Cause == "timeout", timesOut)
	r.when(ev.Cause == "timeout" && r.skewed(), timesOutSkewed)
}

// Missing are the steps and anomalies that none of so many plans has met.
func (m Met) Missing(plans int) []string {
	return slices.DeleteFunc(slices.Clone(all), func(what string) bool {
		return m[what] > 0 || plans < 1000 && slices.Contains(rare, what)
	})
}
