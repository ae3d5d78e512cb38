package sim

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

type ball struct{ n int }

func (ball) Word() string { return "ball" }

type fault struct{ Name string }

func (fault) Kind() string { return "test.step" }

// player returns every ball, until the limit.
type player struct {
	serve mailbox.Addr
	limit int
	seen  int
}

func (p *player) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		if p.serve != "" {
			env.Send(p.serve, ball{1})
		}
	case ball:
		p.seen++
		if m.n < p.limit {
			env.Send(from, ball{m.n + 1})
		}
	}
	return nil
}

// keeper writes down what it gets, and does what it is told.
type keeper struct {
	got []string
	do  func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error
}

func (k *keeper) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	k.got = append(k.got, fmt.Sprintf("%s<-%s", m.Word(), from))
	if k.do != nil {
		return k.do(env, from, m)
	}
	return nil
}

func one(a mailbox.Actor) func(int) []Resident {
	return func(int) []Resident { return []Resident{{Actor: a}} }
}

func court(seed uint64) *World {
	w := New(Config{Seed: seed, Profile: Profiles["go-process"]})
	w.Add(Process{Name: "a", Boot: one(&player{serve: "b", limit: 1000})})
	w.Add(Process{Name: "b", Boot: one(&player{limit: 1000})})
	return w
}

func TestTheSameSeedIsTheSameRun(t *testing.T) {
	hash := func(seed uint64) uint64 {
		w := court(seed)
		w.Run(time.Minute)
		return w.TraceHash()
	}
	if a, b := hash(7), hash(7); a != b {
		t.Errorf("seed 7 gave %x and then %x", a, b)
	}
	if a, b := hash(7), hash(8); a == b {
		t.Errorf("seeds 7 and 8 both gave %x", a)
	}
}

func TestEffectsAfterAnErrorNeverHappen(t *testing.T) {
	w := New(Config{})
	parent := &keeper{}
	parent.do = func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
		if (m == mailbox.Started{}) {
			env.Spawn("child", &keeper{do: func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
				env.Send("p", ball{})
				return errors.New("broken")
			}})
		}
		return nil
	}
	w.Add(Process{Name: "p", Boot: one(parent)})
	w.Run(time.Second)
	want := []string{"started<-p", "exited<-p/child"}
	if !slices.Equal(parent.got, want) {
		t.Errorf("the parent got %q, want %q", parent.got, want)
	}
}

func TestAFaultAtANoteCutsTheEffectsAfterIt(t *testing.T) {
	w := New(Config{})
	other := &keeper{}
	w.Add(Process{Name: "other", Boot: one(other)})
	w.Add(Process{Name: "victim", Boot: one(&keeper{do: func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		env.Send("other", ball{1})
		env.Note(fault{"step"})
		env.Send("other", ball{2})
		return nil
	}})})
	w.Observe(func(e history.Entry) {
		if e.Event == (fault{"step"}) {
			w.Kill("victim")
		}
	})
	w.Run(time.Second)
	if want := []string{"started<-other"}; !slices.Equal(other.got[:1], want) || len(other.got) > 2 {
		t.Errorf("other got %q: the second ball must not have left", other.got)
	}
}

func TestPausedProcessesHandleTheirMailLater(t *testing.T) {
	w := New(Config{Profile: Profiles["go-process"]})
	k := &keeper{}
	w.Add(Process{Name: "k", Boot: one(k)})
	w.Add(Process{Name: "s", Boot: one(&keeper{})})
	w.Run(time.Second)
	w.Pause("k")
	w.Send("s", "k", ball{1})
	w.Send("s", "k", ball{2})
	w.Run(2 * time.Second)
	if len(k.got) != 1 {
		t.Fatalf("a paused process handled %q", k.got)
	}
	w.Resume("k")
	w.Run(3 * time.Second)
	if len(k.got) != 3 {
		t.Errorf("after the pause it had handled %q", k.got)
	}
}

func TestACutHoldsMailAndMendingLetsItThrough(t *testing.T) {
	w := New(Config{Profile: Profiles["go-process"]})
	a, b := &keeper{}, &keeper{}
	a.do = func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
		if from == "outside" {
			env.Send("b", m)
		}
		return nil
	}
	w.Add(Process{Name: "a", Boot: one(a)})
	w.Add(Process{Name: "b", Boot: one(b)})
	w.Run(time.Second)
	w.Cut("a", "b")
	w.Send("outside", "a", ball{1})
	w.Send("outside", "a", ball{2})
	w.Run(time.Minute)
	if len(b.got) != 1 {
		t.Fatalf("through a cut came %q", b.got)
	}
	w.Mend("a", "b")
	w.Run(2 * time.Minute)
	if len(b.got) != 3 {
		t.Errorf("after the cut there are %q", b.got)
	}
}

// A ball counts 256 bytes on the wire: at 256 a second one passes each second, in order. A cut stops the line too; what
// waits when the throttle ends passes at once.
func TestAThrottledLinkLetsOneAfterTheOtherThrough(t *testing.T) {
	w := New(Config{Profile: Profiles["go-process"]})
	a, b := &keeper{}, &keeper{}
	a.do = func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
		if from == "outside" {
			env.Send("b", m)
		}
		return nil
	}
	w.Add(Process{Name: "a", Boot: one(a)})
	w.Add(Process{Name: "b", Boot: one(b)})
	w.Run(time.Second)
	w.Narrow("a", "b", 256)
	began := w.Now()
	for n := range 10 {
		w.Send("outside", "a", ball{n})
	}
	has := func(after time.Duration, want int) {
		t.Helper()
		w.Run(began + after)
		if n := len(b.got) - 1; n != want {
			t.Errorf("%d balls have come after %s, want %d: %q", n, after, want, b.got)
		}
	}
	has(500*time.Millisecond, 0)
	has(1500*time.Millisecond, 1)
	has(4500*time.Millisecond, 4)
	w.Cut("a", "b")
	has(20*time.Second, 4)
	w.Mend("a", "b")
	has(20*time.Second+1500*time.Millisecond, 5)
	w.Narrow("a", "b", 0)
	has(22*time.Second, 10)
}

func TestTheDeathOfAProcessIsNoticedByItsPeersAndRefusedToOthers(t *testing.T) {
	w := New(Config{Profile: Profiles["go-process"]})
	a := &keeper{do: func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
		if from == "outside" {
			env.Send("b", m)
		}
		return nil
	}}
	w.Add(Process{Name: "a", Boot: one(a)})
	w.Add(Process{Name: "b", Boot: one(&keeper{}), RestartAfter: time.Second})
	w.Run(time.Second)
	w.Send("outside", "a", ball{1})
	w.Run(2 * time.Second)
	w.Kill("b")
	w.Send("outside", "a", ball{2})
	w.Run(2500 * time.Millisecond)
	want := []string{"started<-a", "ball<-outside", "ball<-outside", "disconnected<-a", "undeliverable<-a"}
	if !slices.Equal(a.got, want) {
		t.Errorf("a got %q, want %q", a.got, want)
	}
	w.Run(5 * time.Second)
	if !w.Up("b") {
		t.Error("the supervisor has not restarted b")
	}
}

func TestWorkOccupiesTheCore(t *testing.T) {
	w := New(Config{Profile: Profile{Work: [mailbox.Works]float64{mailbox.Process: 1e9}}})
	var done []time.Duration
	worker := func() mailbox.Actor {
		return &keeper{do: func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
			if (m == ball{}) {
				env.Work(mailbox.Process, 1) // a second
				env.Note(fault{})
			}
			return nil
		}}
	}
	w.Add(Process{Name: "p", Cores: 1, Boot: func(int) []Resident {
		return []Resident{{"", worker()}, {"x", worker()}}
	}})
	w.Observe(func(e history.Entry) {
		if e.Event == (fault{}) {
			done = append(done, e.At)
		}
	})
	w.Run(0)
	w.Send("o", "p", ball{})
	w.Send("o", "p/x", ball{})
	w.Run(time.Minute)
	if want := []time.Duration{time.Second, 2 * time.Second}; !slices.Equal(done, want) {
		t.Errorf("two seconds of work on one core ended at %v, want %v", done, want)
	}
}

func TestAFailedAssertionEndsItsProcessOnly(t *testing.T) {
	w := New(Config{})
	w.Add(Process{Name: "bad", Boot: one(&keeper{do: func(mailbox.Env, mailbox.Addr, mailbox.Msg) error { panic("two owners") }})})
	good := &keeper{}
	w.Add(Process{Name: "good", Boot: one(good)})
	w.Run(time.Second)
	if w.Up("bad") || !w.Up("good") || len(w.Panics()) != 1 || len(good.got) != 1 {
		t.Errorf("bad up %v, good up %v, panics %q", w.Up("bad"), w.Up("good"), w.Panics())
	}
}

// BenchmarkKernel is the queue and the trace hash alone: 64 functions that call themselves again.
func BenchmarkKernel(b *testing.B) {
	w := New(Config{Seed: 1})
	for i := range 64 {
		n := uint64(i)
		var again callback
		again = func() {
			n = Mix(n)
			w.queue.push(w.now+int64(n%1e6), event{do: call, m: again})
		}
		again()
	}
	b.ReportAllocs()
	for b.Loop() {
		w.guarded(func() bool { return true }, 1000)
	}
	b.ReportMetric(float64(w.Events())/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkMail is 64 pairs of actors in as many processes that play for ever: links, boxes, effects and all.
func BenchmarkMail(b *testing.B) {
	w := New(Config{Seed: 1, Profile: Profile{Latency: time.Microsecond, Jitter: time.Millisecond}})
	for i := range 64 {
		left, right := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
		w.Add(Process{Name: left, Boot: one(&player{serve: mailbox.Addr(right), limit: 1 << 60})})
		w.Add(Process{Name: right, Boot: one(&player{limit: 1 << 60})})
	}
	w.Run(time.Second)
	from := w.Events()
	b.ReportAllocs()
	for b.Loop() {
		w.guarded(func() bool { return true }, 1000)
	}
	b.ReportMetric(float64(w.Events()-from)/b.Elapsed().Seconds(), "events/s")
}

// Whoever is abandoned goes on until it ends; then neither its supervisor nor anybody else starts it again.
func TestNobodyStartsAnAbandonedProcessAgain(t *testing.T) {
	w := New(Config{Seed: 1})
	for _, name := range []string{"kept", "abandoned"} {
		w.Add(Process{Name: name, RestartAfter: time.Second, Boot: one(&keeper{})})
	}
	w.Run(time.Second)
	w.Abandon("abandoned")
	w.Run(2 * time.Second)
	if !w.Up("abandoned") {
		t.Error("it ended when it was abandoned")
	}
	w.Kill("kept")
	w.Kill("abandoned")
	w.Run(time.Minute)
	w.Restart("abandoned")
	w.Run(2 * time.Minute)
	if !w.Up("kept") || w.Up("abandoned") {
		t.Errorf("kept is up: %v, abandoned is up: %v", w.Up("kept"), w.Up("abandoned"))
	}
}
