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

// producerFaults begin the names of those that strike an application before the job.
const producerFaults = string(fault.Producer) + "."

var producerKinds = slices.DeleteFunc(fault.Names(), func(name string) bool { return !strings.HasPrefix(name, producerFaults) })

// producerSteps are the protocol steps at which those are aimed.
var producerSteps = []string{"producer.ready", "producer.began", "producer.committed", "producer.aborted", "txn.preparecommit", "marker.appended"}

// drawProducer puts an application before the job of some plans, and strikes it. It is drawn last, so that the rest of a
// plan is what it was before there was a choice.
func drawProducer(t *rapid.T, s *scenario.Scenario) {
	if s.Pipeline.Source.Connector != "kafka" || rapid.IntRange(0, 2).Draw(t, "producer") < 2 {
		return
	}
	s.Pipeline.Source.Isolation = "read_committed"
	s.Pipeline.Source.Producer = &scenario.Producer{TransactionalID: "drawn-app",
		AbortPercent:          float64(rapid.IntRange(0, 5).Draw(t, "aborts") * 10),
		CommitInterval:        span(t, "commit interval", 500*time.Millisecond, 3*time.Second, 500*time.Millisecond),
		RecordsPerTransaction: oneOf[int64](t, "records per transaction", 0, 8, 200),
		TransactionTimeout:    oneOf[int64](t, "transaction timeout", 60_000, 10_000)}
	for i := range rapid.IntRange(0, 3).Draw(t, "faults of the producer") {
		kind, _ := fault.Lookup(oneOf(t, "kind", producerKinds...))
		f := fault.Fault{Name: fmt.Sprintf("p%d", i+1), Inject: kind.Name}
		if rapid.Bool().Draw(t, "at a step") {
			f.When = &fault.When{Event: oneOf(t, "step", producerSteps...),
				Nth: rapid.IntRange(1, 20).Draw(t, "nth"), Plus: span(t, "plus", 0, 50*time.Millisecond, time.Millisecond)}
		} else {
			f.At = &fault.Moment{At: span(t, "at", 0, time.Duration(s.Duration), 100*time.Millisecond)}
		}
		if kind.Lasts != fault.AtOnce {
			f.For = span(t, "for", time.Second, 30*time.Second, time.Second)
		}
		s.Faults = append(s.Faults, f)
	}
}
