package reports

import (
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
	"github.com/flinch-dev/flinch/runtime/history"
)

// chained is a run of two applications of which only the second, counts, is struck; one more fault for it never comes.
func chained() *Document {
	s := &stage{}
	s.to(53)
	s.note("", history.FaultStarted{Fault: "crash", Inject: "taskmanager.kill", Targets: []string{"taskmanager-counts-1"}, Asked: "at sink.precommitted#6"})
	asked := []AskedFault{
		{Name: "crash", Inject: "taskmanager.kill", Target: "counts/taskmanager:one", Application: "counts"},
		{Name: "late", Inject: "jobmanager.kill", Target: "counts/jobmanager:leader", Application: "counts"},
		{Name: "first", Inject: "jobmanager.kill", Target: "jobmanager:leader"},
	}
	return &Document{
		Scenario: Scenario{Faults: asked}, Run: checker.Run{End: ms(60_000)},
		Downstream: &Document{Application: "counts", Scenario: Scenario{Faults: asked}, Run: checker.Run{Events: s.h, End: ms(60_000)},
			Recoveries: []measure.Recovery{{Fault: "crash", At: ms(53_000), Detect: ms(1), Restart: ms(2), Restore: ms(3), Total: ms(6)}}},
	}
}

func TestWhatStruckOnlyTheDownstreamApplicationIsToldOfTheRun(t *testing.T) {
	d := chained()
	if got := sentence(d, read(d.Run)); !strings.Contains(got, "counts: taskmanager-counts-1 killed at +53.0 s") {
		t.Errorf("the sentence is: %s", got)
	}
	var missed []string
	for _, row := range faultRows(d, read(d.Run)) {
		if row.Missed {
			missed = append(missed, row.Name)
		}
	}
	if got := strings.Join(missed, ", "); got != "late, first" {
		t.Errorf("never struck: %s; want late and first", got)
	}
	if got := everyRecovery(d); len(got) != 1 || got[0].Fault != "counts/crash" {
		t.Errorf("recoveries: %v; want that of counts/crash", got)
	}
}

func TestADownstreamApplicationMissesOnlyItsOwnFaults(t *testing.T) {
	d := chained().Downstream
	rows := faultRows(d, read(d.Run))
	if len(rows) != 2 || rows[0].Name != "crash" || rows[0].Target == "" || rows[1].Name != "late" || !rows[1].Missed {
		t.Errorf("the faults of counts are %+v; want crash with its target, and late as missed", rows)
	}
}
