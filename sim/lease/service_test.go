package lease

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
)

// bench is a world with a service and two processes that write down what they are answered.
type bench struct {
	t *testing.T
	*sim.World
	*Service
	heard []string
}

type asker struct {
	b    *bench
	name string
}

func start(t *testing.T) *bench {
	b := &bench{t: t, World: sim.New(sim.Config{Seed: 7, RoundTrip: true}), Service: New()}
	b.Costs = Costs{}
	b.Wake = func(m mailbox.Msg) { b.World.Send("ha", "ha", m) }
	add := func(name string, a mailbox.Actor) {
		b.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: a}} }})
	}
	add("ha", b.Service)
	add("jm-0", asker{b, "jm-0"})
	add("jm-1", asker{b, "jm-1"})
	b.Run(0)
	return b
}

func (a asker) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	says := ""
	switch m := m.(type) {
	case wire.CoordTxnDone:
		says = fmt.Sprintf("%d version %d %s", m.Req, m.Version, m.Err)
	case wire.CoordSessionAlive:
		says = fmt.Sprintf("%d session %s %s", m.Req, m.Session, m.Err)
	case wire.CoordEntries:
		says = fmt.Sprintf("%d at %d:", m.Req, m.Version)
		for _, e := range m.Entries {
			says += fmt.Sprintf(" %s=%s@%d%s", e.Key, e.Value, e.Version, e.Session)
		}
		says += " " + m.Err
	default:
		return nil
	}
	a.b.heard = append(a.b.heard, strings.TrimSpace(fmt.Sprintf("%v %s: %s", a.b.Now().Truncate(10*time.Millisecond), a.name, says)))
	return nil
}

func (b *bench) ask(from mailbox.Addr, m mailbox.Msg) { b.World.Send(from, "ha", m) }

// set writes one key, if it has the version.
func (b *bench) set(from mailbox.Addr, req uint64, key, value string, version uint64) {
	b.ask(from, wire.CoordTxn{Req: req, If: []wire.Compare{{Key: key, Version: version}}, Writes: []wire.Write{{Key: key, Value: []byte(value)}}})
}

// hold writes an ephemeral key.
func (b *bench) hold(from mailbox.Addr, req uint64, key, session string) {
	b.ask(from, wire.CoordTxn{Req: req, Writes: []wire.Write{{Key: key, Value: []byte(from), Session: session}}})
}

func (b *bench) session(from mailbox.Addr, req uint64, name string) {
	b.ask(from, wire.CoordSession{Req: req, Session: name, Timeout: 10 * time.Second})
}

func (b *bench) get(from mailbox.Addr, req uint64, prefix string) {
	b.ask(from, wire.CoordGet{Req: req, Prefix: prefix})
}

func (b *bench) watch(from mailbox.Addr, req uint64, prefix string, after uint64) {
	b.ask(from, wire.CoordWatch{Req: req, Prefix: prefix, After: after, Wait: 30 * time.Second})
}

// hears runs until a time and compares what came since the last look. Answers to different processes come
// over different links, so their order says nothing.
func (b *bench) hears(until time.Duration, want ...string) {
	b.t.Helper()
	b.Run(until + time.Millisecond)
	slices.Sort(b.heard)
	slices.Sort(want)
	if !slices.Equal(b.heard, want) {
		b.t.Errorf("heard\n  %s\nwant\n  %s", strings.Join(b.heard, "\n  "), strings.Join(want, "\n  "))
	}
	b.heard = nil
}

// Two JobManagers see that nobody leads, and both write the record: one of them wins.
func TestOfTwoWritesThatCompareOneWins(t *testing.T) {
	b := start(t)
	b.set("jm-0", 1, "leader", "jm-0", 0)
	b.set("jm-1", 1, "leader", "jm-1", 0)
	b.get("jm-1", 2, "leader")
	b.hears(0, "0s jm-0: 1 version 1", "0s jm-1: 1 version 0 conflict", "0s jm-1: 2 at 1: leader=jm-0@1")
	b.set("jm-1", 3, "leader", "jm-1", 1)
	b.set("jm-0", 2, "leader", "jm-0", 1)
	b.hears(0, "0s jm-1: 3 version 2", "0s jm-0: 2 version 0 conflict")
}

func TestATransactionIsAppliedWholeOrNotAtAll(t *testing.T) {
	b := start(t)
	b.set("jm-0", 1, "leader", "jm-0", 0)
	b.ask("jm-0", wire.CoordTxn{Req: 2, If: []wire.Compare{{Key: "leader", Version: 1}},
		Writes: []wire.Write{{Key: "checkpoints/1", Value: []byte("x")}, {Key: "counter", Value: []byte("2")}}})
	b.ask("jm-1", wire.CoordTxn{Req: 3, If: []wire.Compare{{Key: "leader", Version: 1}, {Key: "counter", Version: 9}},
		Writes: []wire.Write{{Key: "checkpoints/1", Delete: true}, {Key: "counter", Value: []byte("9")}}})
	b.ask("jm-0", wire.CoordTxn{Req: 4, If: []wire.Compare{{Key: "counter", Version: 2}}})
	b.ask("jm-0", wire.CoordTxn{Req: 5, Writes: []wire.Write{{Key: "checkpoints/1", Delete: true}, {Key: "none", Delete: true}}})
	b.get("jm-0", 6, "")
	b.ask("jm-0", wire.CoordGet{Req: 7, Prefix: "count", Exact: true})
	b.hears(0, "0s jm-0: 1 version 1", "0s jm-0: 2 version 2", "0s jm-1: 3 version 0 conflict", "0s jm-0: 4 version 2",
		"0s jm-0: 5 version 3", "0s jm-0: 6 at 3: counter=2@2 leader=jm-0@1", "0s jm-0: 7 at 3:")
}

func TestASessionLivesAsLongAsItShowsSignsOfLife(t *testing.T) {
	b := start(t)
	b.session("jm-0", 1, "s")
	b.hold("jm-0", 2, "latch/0", "s")
	b.watch("jm-1", 1, "latch/", 1)
	b.hears(8*time.Second, "0s jm-0: 1 session s", "0s jm-0: 2 version 1")
	b.session("jm-0", 3, "s")
	b.hears(17*time.Second, "8s jm-0: 3 session s")
	// The last sign of life was at 8 s, and the timeout is 10 s.
	b.hears(20*time.Second, "18s jm-1: 1 at 2:")
	// What has ended stays so.
	b.session("jm-0", 4, "s")
	b.hold("jm-0", 5, "latch/0", "s")
	b.hears(21*time.Second, "20s jm-0: 4 session s session-expired", "20s jm-0: 5 version 0 session-expired")
	if len(b.Sessions()) != 0 || b.Version() != 2 {
		t.Errorf("alive are %v, at version %d", b.Sessions(), b.Version())
	}
}

func TestWritingAnEphemeralKeyIsASignOfLifeAndClosingIsNot(t *testing.T) {
	b := start(t)
	b.session("jm-0", 1, "s")
	b.Run(8 * time.Second)
	b.hold("jm-0", 2, "latch/0", "s")
	b.Run(17 * time.Second)
	b.heard = nil
	b.watch("jm-1", 1, "latch/", 1)
	b.ask("jm-0", wire.CoordSession{Req: 3, Session: "s", Close: true})
	b.hears(17*time.Second, "17s jm-0: 3 session s", "17s jm-1: 1 at 2:")
}

func TestAWatchHearsOfItsPrefixOnly(t *testing.T) {
	b := start(t)
	b.set("jm-0", 1, "leader/a", "1", 0)
	b.watch("jm-1", 1, "leader/", 0) // there is something already
	b.hears(0, "0s jm-0: 1 version 1", "0s jm-1: 1 at 1: leader/a=1@1")
	b.watch("jm-1", 2, "leader/", 1)
	b.set("jm-0", 2, "other", "x", 0)
	b.hears(time.Second, "0s jm-0: 2 version 2")
	b.set("jm-0", 3, "leader/b", "2", 0)
	b.hears(time.Second, "1s jm-0: 3 version 3", "1s jm-1: 2 at 3: leader/a=1@1 leader/b=2@3")
	// A deletion between two watches is not missed, and without news the answer comes when patience ends.
	b.ask("jm-0", wire.CoordTxn{Req: 4, Writes: []wire.Write{{Key: "leader/a", Delete: true}}})
	b.watch("jm-1", 3, "leader/", 3)
	b.watch("jm-1", 4, "leader/", 4)
	b.hears(time.Minute, "1s jm-0: 4 version 4", "1s jm-1: 3 at 4: leader/b=2@3", "31s jm-1: 4 at 4: leader/b=2@3")
	// A watch is answered once.
	b.set("jm-0", 5, "leader/c", "3", 0)
	b.hears(2*time.Minute, "1m0s jm-0: 5 version 5")
}

func TestEverythingSurvivesARestartAndSessionsGetTheirTimeBack(t *testing.T) {
	b := start(t)
	b.session("jm-0", 1, "s")
	b.hold("jm-0", 2, "latch/0", "s")
	b.watch("jm-1", 9, "latch/", 1) // goes with the process: its asker must ask again
	b.Run(9 * time.Second)
	b.Kill("ha")
	b.Run(15 * time.Second)
	b.Restart("ha")
	b.heard = nil
	b.Run(15 * time.Second)
	b.get("jm-1", 1, "")
	b.watch("jm-1", 2, "latch/", 1)
	b.hears(30*time.Second, "15s jm-1: 1 at 1: latch/0=jm-0@1s", "25s jm-1: 2 at 2:")
}

func TestRequestsTakeEffectInTheOrderInWhichTheyCame(t *testing.T) {
	b := start(t)
	b.Costs = Costs{Latency: 10 * time.Millisecond, Jitter: 100 * time.Millisecond}
	for i := range uint64(20) {
		b.set("jm-0", i, "counter", fmt.Sprint(i), i)
	}
	b.Run(3 * time.Second)
	for i, said := range b.heard {
		if !strings.HasSuffix(said, fmt.Sprintf(": %d version %d", i, i+1)) {
			t.Errorf("answer %d is %q", i, said)
		}
	}
	if len(b.heard) != 20 {
		t.Errorf("%d answers came", len(b.heard))
	}
}

func TestInAnOutageNothingHappensAndNoSessionExpires(t *testing.T) {
	b := start(t)
	b.session("jm-0", 1, "s")
	b.hold("jm-0", 2, "latch/0", "s")
	b.Run(time.Second)
	b.heard = nil
	end := b.Outage(Timeout, Scope{})
	b.session("jm-0", 3, "s")
	b.set("jm-1", 1, "leader", "jm-1", 0)
	b.hears(time.Minute)
	end()
	b.get("jm-1", 2, "")
	b.hears(61*time.Second, "1m0s jm-1: 2 at 1: latch/0=jm-0@1s")
	b.Outage(Unavailable, Scope{Operations: []Operation{Write}, Prefix: "check"})
	b.set("jm-1", 3, "checkpoints/1", "x", 0)
	b.set("jm-1", 4, "counter", "1", 0)
	b.hears(62*time.Second, "1m1s jm-1: 3 version 0 unavailable", "1m1s jm-1: 4 version 2")
	b.Heal()
	b.set("jm-1", 5, "checkpoints/1", "x", 0)
	b.hears(62*time.Second, "1m2s jm-1: 5 version 3")
}

// A write whose answer is lost, or wrong, took effect: whoever repeats it finds a conflict with himself.
func TestALostOrWrongAnswerHidesAWriteThatTookEffect(t *testing.T) {
	b := start(t)
	b.LoseNextAnswers(1, Scope{Operations: []Operation{Write}})
	b.set("jm-0", 1, "checkpoints/1", "x", 0)
	b.set("jm-0", 2, "checkpoints/1", "x", 0)
	b.hears(0, "0s jm-0: 2 version 0 conflict")
	b.MisreportNext(1, Scope{})
	b.set("jm-0", 3, "checkpoints/2", "y", 0)
	b.get("jm-0", 4, "")
	b.hears(time.Second, "0s jm-0: 3 version 0 unavailable", "0s jm-0: 4 at 2: checkpoints/1=x@1 checkpoints/2=y@2")
	end := b.LoseAnswers(0.5, Scope{Operations: []Operation{Read}})
	for i := range uint64(100) {
		b.get("jm-0", i, "none")
	}
	b.Run(2 * time.Second)
	if n := len(b.heard); n < 30 || n > 70 {
		t.Errorf("half of the answers get lost, and %d of 100 came", n)
	}
	b.heard = nil
	end()
	b.get("jm-0", 1, "none")
	b.hears(3*time.Second, "2s jm-0: 1 at 2:")
}

// The leader lives and works, and its lease is gone: the others hear of it, and it does not.
func TestALeaseIsTakenFromItsHolder(t *testing.T) {
	b := start(t)
	b.set("jm-0", 1, "/default/election/leader", "jm-0", 0)
	b.set("jm-0", 2, "/default/counter", "7", 0)
	b.session("jm-0", 3, "s-0")
	b.session("jm-1", 1, "s-1")
	b.hold("jm-0", 4, "latch/0", "s-0")
	b.hold("jm-1", 2, "latch/1", "s-1")
	b.watch("jm-1", 3, "/default/", 2)
	b.watch("jm-1", 4, "latch/", 4)
	b.Run(time.Second)
	b.heard = nil
	if taken := b.LoseLease("jm-0"); !slices.Equal(taken, []string{"s-0", "/default/election/leader"}) {
		t.Errorf("%v was taken from jm-0", taken)
	}
	b.hears(time.Second, "1s jm-1: 3 at 6: /default/counter=7@2", "1s jm-1: 4 at 6: latch/1=jm-1@4s-1")
	if !b.ExpireSession("s-1") || b.ExpireSession("s-1") {
		t.Error("a session expires once")
	}
}

func TestAnObserverHearsLate(t *testing.T) {
	b := start(t)
	b.DelayWatches(5 * time.Second)
	b.watch("jm-1", 1, "leader", 0)
	b.set("jm-0", 1, "leader", "jm-0", 0)
	b.Run(time.Second)
	b.set("jm-0", 2, "leader", "jm-2", 1)
	b.hears(10*time.Second, "0s jm-0: 1 version 1", "1s jm-0: 2 version 2", "5s jm-1: 1 at 1: leader=jm-0@1")
}

// Faults are aimed at what a write means to an election.
func TestAWriteOfALeaseIsAnAcquisitionOrARenewal(t *testing.T) {
	b := start(t)
	const lease = "/default/election/leader"
	b.set("jm-0", 1, lease, "jm-0", 0)
	b.Outage(Unavailable, Scope{Operations: []Operation{Renew}})
	b.set("jm-0", 2, lease, "jm-0", 1)
	b.set("jm-1", 1, lease, "jm-1", 1)
	b.session("jm-0", 3, "s")
	b.session("jm-0", 4, "s")
	b.ask("jm-1", wire.CoordTxn{Req: 2, Writes: []wire.Write{{Key: lease, Delete: true}}})
	b.hears(0, "0s jm-0: 1 version 1", "0s jm-0: 2 version 0 unavailable", "0s jm-1: 1 version 2",
		"0s jm-0: 3 session s", "0s jm-0: 4 session s unavailable", "0s jm-1: 2 version 3")
}
