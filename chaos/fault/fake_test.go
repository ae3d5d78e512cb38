package fault

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// fake is a world that writes down what is done to it, with a clock that the test moves.
type fake struct {
	t       *testing.T
	up      map[Role][]string
	leader  string
	hosts   map[string][]string // "sink-0", "sink--1"
	log     []string
	now     time.Duration
	timers  []fakeTimer
	history history.History
	in      *Injector
	links   map[string]uint64 // hits, by "a->b"
	service map[Role]uint64   // hits
}

type fakeTimer struct {
	at time.Duration
	f  func()
}

func newFake(t *testing.T, limits map[Role]int, faults ...string) *fake {
	w := &fake{t: t, leader: "jm-0", links: map[string]uint64{}, service: map[Role]uint64{}, hosts: map[string][]string{"sink-0": {"tm-1"}, "sink--1": {"tm-0", "tm-1"}}}
	w.up = map[Role][]string{
		JobManager: {"jm-0", "jm-1"}, TaskManager: {"tm-0", "tm-1", "tm-2"},
		ObjectStore: {"store"}, Kafka: {"kafka"}, HA: {"ha"}, Producer: {"app"},
	}
	var all []Fault
	for n, line := range faults {
		f, err := Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "" {
			f.Name = fmt.Sprintf("f%d", n+1)
		}
		all = append(all, f)
	}
	in, err := New(Config{
		Faults: all, Target: w, MaxAffected: limits, Note: w.note,
		At: func(wait time.Duration, f func()) { w.timers = append(w.timers, fakeTimer{w.now + wait, f}) },
		Rand: func(name string, n int) *rand.Rand {
			h := fnv.New64a()
			h.Write([]byte(name))
			return rand.New(rand.NewPCG(h.Sum64(), uint64(n)))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.in = in
	in.Start()
	return w
}

// note is what the world does with an event: stamp it, then let the injector see it.
func (w *fake) note(e history.Event) { w.noteOf("", e) }

func (w *fake) noteOf(process string, e history.Event) {
	entry := history.Entry{N: len(w.history) + 1, At: w.now, Process: process, Event: e}
	w.history = append(w.history, entry)
	w.in.Observe(entry)
}

func (w *fake) run(until time.Duration) {
	for {
		next := -1
		for n, timer := range w.timers {
			if timer.at <= until && (next < 0 || timer.at < w.timers[next].at) {
				next = n
			}
		}
		if next < 0 {
			w.now = until
			return
		}
		timer := w.timers[next]
		w.timers = slices.Delete(w.timers, next, next+1)
		w.now = timer.at
		timer.f()
	}
}

func (w *fake) do(format string, args ...any) error {
	w.log = append(w.log, fmt.Sprintf("%s ", w.now)+fmt.Sprintf(format, args...))
	return nil
}

func (w *fake) wants(lines ...string) {
	w.t.Helper()
	if !slices.Equal(w.log, lines) {
		w.t.Errorf("the world was told\n\t%s\nwant\n\t%s", strings.Join(w.log, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

func (w *fake) die(process string) {
	for role, up := range w.up {
		w.up[role] = slices.DeleteFunc(slices.Clone(up), func(p string) bool { return p == process })
	}
	if w.leader == process {
		w.leader = ""
	}
	w.note(history.ProcessStopped{Name: process, Cause: "killed"})
}

func (w *fake) is(process string) error {
	for _, up := range w.up {
		if slices.Contains(up, process) {
			return nil
		}
	}
	return ErrGone
}

func (w *fake) Processes(role Role) []string { return w.up[role] }
func (w *fake) Application(process string) string {
	if strings.HasPrefix(process, "tm-totals-") || strings.HasPrefix(process, "jm-totals-") {
		return "totals"
	}
	return ""
}
func (w *fake) Leader(application string) string {
	if application == "totals" {
		return "jm-totals-0"
	}
	return w.leader
}
func (w *fake) Hosting(_, o string, n int) []string {
	return w.hosts[fmt.Sprintf("%s-%d", o, n)]
}
func (w *fake) Kill(p string) error {
	w.do("kill %s", p)
	w.die(p)
	return nil
}
func (w *fake) LoseMachine(p string) error { w.do("lose machine of %s", p); w.die(p); return nil }
func (w *fake) Pause(p string) error       { return w.do("pause %s", p) }
func (w *fake) Resume(p string) error {
	if err := w.is(p); err != nil {
		return err
	}
	return w.do("resume %s", p)
}
func (w *fake) SkewClock(p string, o time.Duration, r float64) error {
	return w.do("clock %s %s x%g", p, o, r)
}
func (w *fake) SetLink(a, b string, s LinkState) error {
	if s == (LinkState{}) {
		return w.do("heal %s->%s", a, b)
	}
	if s.Cut {
		return w.do("cut %s->%s", a, b)
	}
	return w.do("link %s->%s delay %s loss %g", a, b, s.Delay, s.Loss)
}
func (w *fake) Reset(a, b string) error { return w.do("reset %s-%s", a, b) }
func (w *fake) SetService(r Role, all []ServiceState) error {
	if len(all) == 0 {
		return w.do("%s is well", r)
	}
	var wrong []string
	for _, s := range all {
		wrong = append(wrong, strings.TrimSuffix(fmt.Sprintf("%s %s", s.Mode, strings.Join(s.Operations, "+")), " "))
	}
	return w.do("%s %s", r, strings.Join(wrong, ", "))
}
func (w *fake) LinkHits(a, b string) uint64   { return w.links[a+"->"+b] }
func (w *fake) ServiceHits(r Role) uint64     { return w.service[r] }
func (w *fake) Replace(p string) error        { return w.do("replace %s", p) }
func (w *fake) LoseLease(p string) error      { return w.do("revoke lease of %s", p) }
func (w *fake) Move(p string, what Led) error { return w.do("move %s of %s", what, p) }
func (w *fake) StopFollowers(p string, topics []string) error {
	return w.do("stop followers on %s %v", p, topics)
}
func (w *fake) SetBroker(p string, s BrokerState) error {
	return w.do("broker %s full %v produce %g fetch %g", p, s.DiskFull, s.Produce, s.Fetch)
}
func (w *fake) ResumeFollowers(p string) error { return w.do("resume followers on %s", p) }
func (w *fake) ElectUnclean(p string) error    { return w.do("elect %s", p) }
