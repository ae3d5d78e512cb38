package gatewaytest

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// SharesSessions says that what a gateway knows is in the service: another one goes on with the same sessions.
func SharesSessions(here, there *Office) {
	here.t.Helper()
	session := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	here.Hears(session, "alive")
	there.Hears(Write("latch", "s"), "done")
	here.Hears(wire.CoordGet{}, "latch=x s")
	there.Hears(session, "alive")
	there.Hears(wire.CoordSession{Session: "s", Close: true}, "alive")
	here.Hears(session, "alive session-expired")
	here.Hears(wire.CoordGet{}, "")
}

// ForgetsThePast says that a watch that asks for a past that the service has forgotten waits for what comes, unless it sees
// that something has changed meanwhile. In forget, the service forgets all that has happened so far.
func ForgetsThePast(o *Office, forget func()) {
	o.t.Helper()
	leader := o.Hears(Write("leader", ""), "done")
	o.Hears(Write("plan", ""), "done")
	forget()
	o.Hears(wire.CoordWatch{Prefix: "leader", After: leader - 1, Wait: time.Hour}, "leader=x")
	o.Hears(wire.CoordWatch{Prefix: "plan", After: leader, Wait: time.Hour}, "plan=x")
	o.Ask("jm-1", wire.CoordWatch{Prefix: "leader", After: leader, Wait: time.Hour})
	news := o.Hears(Delete("leader"), "done")
	if heard := o.Next("jm-1", ""); heard < news {
		o.t.Errorf("the watch hears of version %d, want that the key went at %d", heard, news)
	}
}

// UnderWay waits until a gateway has begun with that many requests that do not end.
func UnderWay(t *testing.T, requests int) {
	t.Helper()
	await(t, func(going []string) bool { return len(going) >= requests }, theGateway)
}

// Quiet says that no goroutine goes on in code with one of these words in its name, as in "etcd.(*cluster)", or in a
// gateway. The goroutines of other tests are like these, so none runs beside it.
func Quiet(t *testing.T, words ...string) {
	t.Helper()
	await(t, func(going []string) bool { return len(going) == 0 }, append(words, theGateway)...)
}

const theGateway = "coordination.(*Gateway)."

// await looks at goroutines again and again: what begins or ends may be on its first or last step.
func await(t *testing.T, enough func(going []string) bool, words ...string) {
	t.Helper()
	for late := time.Now().Add(Patience); ; runtime.Gosched() {
		going := goroutines(words)
		if enough(going) {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d goroutines go on:\n%s", len(going), strings.Join(going, "\n\n"))
		}
	}
}

// goroutines are the stacks in which one of these words is.
func goroutines(words []string) (going []string) {
	all := make([]byte, 1<<20)
	for _, stack := range strings.Split(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(stack, word) }) {
			going = append(going, stack)
		}
	}
	return going
}
