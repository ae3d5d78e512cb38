package sim

import (
	"testing"
	"time"
)

// Each fault of a link counts what it meets, in its direction, and a link on which nobody speaks counts nothing.
func TestALinkCountsWhatMeetsItsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		wrong      func(w *World)
		back, idle bool // b's answers meet it; nothing does
	}{
		"nothing is wrong":     {func(*World) {}, false, true},
		"cut":                  {func(w *World) { w.Cut("a", "b") }, false, false},
		"refused":              {func(w *World) { w.Refuse("a", "b", true) }, true, false}, // which breaks the connection of both
		"slow":                 {func(w *World) { w.Slow("a", "b", time.Millisecond, 0) }, false, false},
		"unsteady":             {func(w *World) { w.Slow("a", "b", 0, time.Millisecond) }, false, false},
		"lossy":                {func(w *World) { w.Lose("a", "b", 0.5) }, false, false},
		"narrow":               {func(w *World) { w.Narrow("a", "b", 1e6) }, false, false},
		"reset":                {func(w *World) { w.Reset("a", "b") }, true, false},
		"healed before":        {func(w *World) { w.Cut("a", "b"); w.Mend("a", "b") }, false, true},
		"another is cut":       {func(w *World) { w.Cut("a", "c") }, false, true},
		"a stranger's is lost": {func(w *World) { w.Reset("b", "c") }, false, true},
	} {
		w := New(Config{Seed: 7, Profile: Profiles["go-process"]})
		w.Add(Process{Name: "a", Boot: one(&player{serve: "b", limit: 1e6})})
		w.Add(Process{Name: "b", Boot: one(&player{limit: 1e6})})
		w.Add(Process{Name: "c", Boot: one(&keeper{})})
		w.Run(time.Second)
		c.wrong(w)
		w.Run(2 * time.Second)
		if hits := w.Hits("a", "b"); hits > 0 == c.idle {
			t.Errorf("%s: %d hits from a to b", name, hits)
		}
		if hits := w.Hits("b", "a"); hits > 0 != c.back {
			t.Errorf("%s: %d hits from b to a", name, hits)
		}
		if hits := w.Hits("a", "c") + w.Hits("c", "b") + w.Hits("b", "c"); hits > 0 {
			t.Errorf("%s: %d hits on the links of c, who says nothing", name, hits)
		}
	}
}
