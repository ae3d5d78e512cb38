package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// watchman writes down what his clock shows whenever it has gone on for a second.
type watchman struct{ shown []time.Duration }

func (m *watchman) Receive(env mailbox.Env, _ mailbox.Addr, msg mailbox.Msg) error {
	if _, ok := msg.(ball); ok {
		m.shown = append(m.shown, env.Now().Sub(Epoch))
	}
	env.After(time.Second, ball{})
	return nil
}

// A clock that jumps changes what it shows, and one that runs fast the waits, too. It is the machine's: the next life of a
// process has it, and only another machine has a right one.
func TestAWrongClockIsTheMachines(t *testing.T) {
	w := New(Config{})
	var m *watchman
	w.Add(Process{Name: "p", BootTime: -1, Boot: func(int) []Resident {
		m = &watchman{}
		return []Resident{{Actor: m}}
	}})
	shows := func(what string, want ...time.Duration) {
		t.Helper()
		m.shown = nil
		w.Run(w.Now() + time.Second)
		if !slices.Equal(m.shown, want) {
			t.Errorf("%s shows %v, not %v", what, m.shown, want)
		}
	}
	w.Run(0)
	shows("a right clock", time.Second)
	w.SetClock("p", time.Hour, 1)
	shows("one that has jumped", time.Hour+2*time.Second)
	w.SetClock("p", 0, 2)
	w.Run(w.Now() + time.Second) // the wait that had begun
	shows("one that runs fast", 5*time.Second, 6*time.Second)
	w.Kill("p")
	w.Restart("p")
	w.Run(w.Now())
	shows("that of the next life", 7*time.Second, 8*time.Second)
	w.LoseMachine("p")
	w.Restart("p")
	w.Run(w.Now())
	shows("that of another machine", 6*time.Second)
}
