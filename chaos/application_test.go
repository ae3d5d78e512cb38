package chaos

import (
	"slices"
	"testing"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// Of two applications each has the history of its own processes, and both have that of what they share.
func TestEachApplicationHasItsOwnHistory(t *testing.T) {
	var all history.History
	note := func(process string, e history.Event) {
		all = append(all, history.Entry{N: len(all) + 1, Process: process, Event: e})
	}
	note("jobmanager-0", history.LeaderElected{Holder: "jobmanager-0"})
	note("jobmanager-counts-0", history.LeaderElected{Holder: "jobmanager-counts-0"})
	note("kafka-1", history.Transaction{ID: "store-sol-0-1", State: "Ongoing"})
	note("", history.FaultStarted{Fault: "theirs", Targets: []string{"taskmanager-counts-1"}})
	note("", history.ProcessStopped{Name: "taskmanager-counts-1"})
	note("", history.FaultEnded{Fault: "theirs"})
	note("", history.FaultStarted{Fault: "ours", Targets: []string{"taskmanager-0->taskmanager-1"}})
	note("", history.FaultEnded{Fault: "ours"})
	note("", history.FaultStarted{Fault: "everybody's", Targets: []string{"kafka-1"}})

	for name, want := range map[string][]int{"": {1, 3, 7, 8, 9}, "counts": {2, 3, 4, 5, 6, 9}} {
		a := application{View: cluster.NewView(name), name: name}
		var got []int
		for _, e := range a.events(all) {
			got = append(got, e.N)
		}
		if !slices.Equal(got, want) {
			t.Errorf("application %q: %v, not %v", name, got, want)
		}
	}
}
