package cluster

import "testing"

func TestAProcessTellsWhoseItIs(t *testing.T) {
	for process, want := range map[string]struct {
		application string
		member      bool
	}{
		"taskmanager-0":            {"", true},
		"jobmanager-12":            {"", true},
		"taskmanager-totals-3":     {"totals", true},
		"jobmanager-per-region-0":  {"per-region", true},
		"taskmanager-2024-1":       {"2024", true},
		"kafka-0":                  {"", false},
		"objectstore":              {"", false},
		"producer-0":               {"", false},
		"":                         {"", false},
		"taskmanager":              {"", false},
		"taskmanager-per-region-x": {"per-region", false},
	} {
		if application, member := ApplicationOf(process); application != want.application || member != want.member {
			t.Errorf("%s is of %q (%v), not of %q (%v)", process, application, member, want.application, want.member)
		}
	}
	a := Application{Name: "per-region"}
	if name, _ := ApplicationOf(a.process(taskManager, 7)); name != a.Name {
		t.Errorf("%s is of %q", a.process(taskManager, 7), name)
	}
}
