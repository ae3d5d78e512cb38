// Package coordtest holds everything that serves the coordination service's words to the same contract.
//
//	func TestContract(t *testing.T) { coordtest.Run(t, start) }
//
// It says what wire/coordination.go promises and no more: versions grow, and by how much is the service's own
// affair. No case reads a clock: where time must pass, a watch that sees nothing lets it pass. So it runs in
// virtual time as in real time.
package coordtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Service is a running coordination service, as its askers see it.
type Service interface {
	// Ask mails a request to the service, from one of Askers.
	Ask(from mailbox.Addr, m mailbox.Msg)
	// Answer waits for the next answer to an asker. Nil: none came.
	Answer(to mailbox.Addr) mailbox.Msg
}

// Askers are the processes that a Service must let ask.
var Askers = []string{"jm-0", "jm-1"}

// Timeout is that of the sessions here: longer than a machine with much else to do stands still.
const Timeout = 2 * time.Second

// Run runs the contract. Every case starts a service of its own, which knows no key and no session.
func Run(t *testing.T, start func(t *testing.T) Service) {
	for _, c := range []struct {
		says  string
		holds func(a, b *asker)
	}{
		{"a key is created once", createsOnce},
		{"compare-and-swap", swaps},
		{"a conflict has no effect", conflictHasNoEffect},
		{"deletion", deletes},
		{"only what changes something has a version", versionsAreChanges},
		{"a prefix is read sorted", readsSorted},
		{"of two writers one wins", oneWins},
		{"requests take effect in the order in which they came", keepsOrder},
		{"a watch hears of a change", watchHearsOfChange},
		{"a watch hears of a deletion", watchHearsOfDeletion},
		{"a watch hears of what it has missed", watchHearsOfThePast},
		{"a watch ends when its wait is over", watchEnds},
		{"a session that shows signs of life keeps its keys", sessionLives},
		{"writing an ephemeral key is a sign of life", writingIsLife},
		{"a silent session ends, with its keys", silenceEnds},
		{"a closed session ends at once, with its keys", closingEnds},
		{"a name that has ended stays so", endedStaysSo},
		{"nobody writes for a session that is not there", needsSession},
		{"a key that is written without its session stays", leavesSession},
	} {
		t.Run(c.says, func(t *testing.T) {
			s := start(t)
			c.holds(&asker{t: t, s: s, name: "jm-0"}, &asker{t: t, s: s, name: "jm-1"})
		})
	}
}

func createsOnce(a, b *asker) {
	a.reads("leader", "")
	a.writes(set("leader", "a", 0))
	b.refused("conflict", set("leader", "b", 0))
	b.reads("leader", "leader=a")
}

func swaps(a, b *asker) {
	one := a.writes(set("leader", "a", 0))
	two := b.writes(set("leader", "b", one))
	a.refused("conflict", set("leader", "a", one))
	if e := a.get("leader").Entries[0]; e.Version != two || string(e.Value) != "b" {
		a.t.Errorf("leader is %q at version %d, want b at %d", e.Value, e.Version, two)
	}
	// A version that is yet to come is as wrong as one that has passed.
	a.refused("conflict", set("leader", "a", two+1))
}

// Of several comparisons all must hold, of several writes all happen.
func conflictHasNoEffect(a, b *asker) {
	version := a.writes(wire.CoordTxn{Writes: []wire.Write{put("counter", "1"), put("leader", "a")}})
	before := b.get("")
	b.refused("conflict", wire.CoordTxn{If: []wire.Compare{{Key: "leader", Version: version}, {Key: "counter", Version: version + 1}},
		Writes: []wire.Write{put("counter", "2"), put("plan", "x"), gone("leader")}})
	after := b.reads("", "counter=1 leader=a")
	if after.Version != before.Version || after.Entries[0].Version != version || after.Entries[1].Version != version {
		b.t.Errorf("versions have moved: %v, before %v", after, before)
	}
	// A transaction that only compares is a question.
	a.writes(wire.CoordTxn{If: []wire.Compare{{Key: "leader", Version: version}, {Key: "plan"}}})
	a.refused("conflict", wire.CoordTxn{If: []wire.Compare{{Key: "plan", Version: version}}})
}

func deletes(a, b *asker) {
	old := a.writes(wire.CoordTxn{Writes: []wire.Write{put("plan", "x"), put("other", "y")}})
	a.writes(wire.CoordTxn{If: []wire.Compare{{Key: "plan", Version: old}}, Writes: []wire.Write{gone("plan"), gone("none")}})
	b.reads("", "other=y")
	b.refused("conflict", set("plan", "z", old))
	// A key that has come again is another one.
	if again := b.writes(set("plan", "x", 0)); again <= old {
		b.t.Errorf("a key that has come again has version %d, before %d", again, old)
	}
}

func versionsAreChanges(a, b *asker) {
	var last uint64
	for _, key := range []string{"a", "b", "a"} {
		v := a.writes(wire.CoordTxn{Writes: []wire.Write{put(key, "same")}})
		if v <= last {
			a.t.Errorf("version %d comes after version %d", v, last)
		}
		last = v
	}
	a.writes(wire.CoordTxn{Writes: []wire.Write{gone("none")}})
	if v := b.get("").Version; v != last {
		b.t.Errorf("the version is %d after a deletion of nothing, before %d", v, last)
	}
	a.writes(wire.CoordTxn{Writes: []wire.Write{gone("a")}})
	if v := b.get("").Version; v <= last {
		b.t.Errorf("the version is %d after a deletion, before %d", v, last)
	}
}

func readsSorted(a, b *asker) {
	for _, key := range []string{"jobs/10", "jobs/2", "job", "jobs/1", "k", "jobs/1/x"} {
		a.writes(set(key, "", 0))
	}
	b.reads("jobs/", "jobs/1= jobs/1/x= jobs/10= jobs/2=")
	b.reads("jobs/1", "jobs/1= jobs/1/x= jobs/10=")
	b.reads("", "job= jobs/1= jobs/1/x= jobs/10= jobs/2= k=")
	b.reads("none", "")
	b.says(ask[wire.CoordEntries](b, wire.CoordGet{Prefix: "jobs/1", Exact: true}), "jobs/1=")
	b.says(ask[wire.CoordEntries](b, wire.CoordGet{Prefix: "jobs/", Exact: true}), "")
}

// Two JobManagers see that nobody leads, and both write the record.
func oneWins(a, b *asker) {
	var version uint64
	for range 5 {
		a.tell(set("leader", "jm-0", version))
		b.tell(set("leader", "jm-1", version))
		first, second := hear[wire.CoordTxnDone](a), hear[wire.CoordTxnDone](b)
		winner := "jm-0"
		if first.Err != "" {
			winner, first, second = "jm-1", second, first
		}
		if first.Err != "" || second.Err != "conflict" {
			a.t.Fatalf("the one is told %q and the other %q, want one conflict", first.Err, second.Err)
		}
		a.reads("leader", "leader="+winner)
		version = first.Version
	}
}

func keepsOrder(a, _ *asker) {
	for i := range 10 {
		a.tell(wire.CoordTxn{Writes: []wire.Write{put("counter", fmt.Sprint(i))}})
	}
	a.tell(wire.CoordGet{Prefix: "counter"})
	var last uint64
	for range 10 {
		done := hear[wire.CoordTxnDone](a)
		if done.Err != "" || done.Version <= last {
			a.t.Errorf("a write is answered %+v, after version %d", done, last)
		}
		last = done.Version
	}
	a.says(hear[wire.CoordEntries](a), "counter=9")
}

func watchHearsOfChange(a, b *asker) {
	a.writes(set("leader/a", "1", 0))
	known := b.get("leader/").Version
	b.watch("leader/", known, long)
	a.writes(set("other", "x", 0))
	news := a.writes(set("leader/b", "2", 0))
	heard := b.says(hear[wire.CoordEntries](b), "leader/a=1 leader/b=2")
	if heard.Version < news || heard.Entries[1].Version != news {
		b.t.Errorf("heard %v, the news had version %d", heard, news)
	}
	// It is answered once: the next answer is that of the next question.
	a.writes(set("leader/c", "3", 0))
	b.reads("leader/", "leader/a=1 leader/b=2 leader/c=3")
}

func watchHearsOfDeletion(a, b *asker) {
	version := a.writes(set("leader", "a", 0))
	b.watch("leader", version, long)
	a.writes(wire.CoordTxn{Writes: []wire.Write{gone("leader")}})
	b.says(hear[wire.CoordEntries](b), "")
}

// What happened between two watches is not missed.
func watchHearsOfThePast(a, b *asker) {
	version := a.writes(wire.CoordTxn{Writes: []wire.Write{put("leader/a", "1"), put("leader/b", "1")}})
	b.watch("leader/", version-1, long)
	b.says(hear[wire.CoordEntries](b), "leader/a=1 leader/b=1")
	a.writes(wire.CoordTxn{Writes: []wire.Write{gone("leader/a")}})
	a.writes(set("other", "x", 0))
	b.watch("leader/", version, long)
	b.says(hear[wire.CoordEntries](b), "leader/b=1")
}

func watchEnds(a, b *asker) {
	version := a.writes(set("leader", "a", 0))
	for _, wait := range []time.Duration{0, 50 * time.Millisecond} {
		b.watch("leader", version, wait)
		b.says(hear[wire.CoordEntries](b), "leader=a")
		b.watch("none", version, wait)
		b.says(hear[wire.CoordEntries](b), "")
	}
}

// The session lives twice as long as it would in silence.
func sessionLives(a, b *asker) {
	a.session("s", "")
	version := a.writes(hold("latch", "s"))
	for range 9 {
		b.watch("latch", version, Timeout/4)
		if e := b.says(hear[wire.CoordEntries](b), "latch=held by s").Entries[0]; e.Version != version {
			b.t.Fatalf("the key has version %d, want %d still", e.Version, version)
		}
		b.session("s", "") // whoever knows the name keeps it alive
	}
}

func writingIsLife(a, b *asker) {
	a.session("s", "")
	for range 9 {
		version := a.writes(hold("latch", "s"))
		b.watch("latch", version, Timeout/4)
		b.says(hear[wire.CoordEntries](b), "latch=held by s")
	}
}

func silenceEnds(a, b *asker) {
	a.session("s", "")
	a.writes(set("plan", "x", 0))
	version := a.writes(wire.CoordTxn{Writes: []wire.Write{{Key: "latch/0", Value: []byte("held"), Session: "s"},
		{Key: "latch/1", Value: []byte("held"), Session: "s"}}})
	b.watch("latch/", version, long)
	b.says(hear[wire.CoordEntries](b), "") // both at once
	b.reads("", "plan=x")
	a.session("s", "session-expired")
}

func closingEnds(a, b *asker) {
	a.session("s", "")
	b.session("t", "")
	version := a.writes(hold("latch/0", "s"))
	b.writes(hold("latch/1", "t"))
	b.watch("latch/0", version, long)
	a.closes("s", "")
	b.says(hear[wire.CoordEntries](b), "")
	b.reads("", "latch/1=held by t")
	b.session("t", "")
}

func endedStaysSo(a, b *asker) {
	a.session("s", "")
	a.closes("s", "")
	for _, who := range []*asker{b, a} {
		who.session("s", "session-expired")
		who.closes("s", "session-expired")
		who.refused("session-expired", hold("latch", "s"))
	}
	// One that was closed before it was opened has ended too: its opening may have been on its way.
	b.closes("t", "")
	a.session("t", "session-expired")
}

func needsSession(a, b *asker) {
	a.writes(set("leader", "a", 0))
	nobodys := hold("latch", "nobody")
	nobodys.Writes = append(nobodys.Writes, put("plan", "x"))
	a.refused("session-expired", nobodys)
	nobodys.If = []wire.Compare{{Key: "leader"}}
	a.refused("conflict", nobodys) // comparisons come first
	b.reads("", "leader=a")
}

func leavesSession(a, b *asker) {
	a.session("s", "")
	a.session("t", "")
	a.writes(hold("latch/0", "s"))
	a.writes(hold("latch/1", "s"))
	b.writes(wire.CoordTxn{Writes: []wire.Write{put("latch/0", "taken")}})
	b.writes(hold("latch/1", "t"))
	a.closes("s", "")
	b.reads("", "latch/0=taken latch/1=held by t")
}

// long is longer than anything that a watch waits for here.
const long = 10 * Timeout

func put(key, value string) wire.Write { return wire.Write{Key: key, Value: []byte(value)} }
func gone(key string) wire.Write       { return wire.Write{Key: key, Delete: true} }

// set writes one key, if it has the version.
func set(key, value string, version uint64) wire.CoordTxn {
	return wire.CoordTxn{If: []wire.Compare{{Key: key, Version: version}}, Writes: []wire.Write{put(key, value)}}
}

// hold writes an ephemeral key.
func hold(key, session string) wire.CoordTxn {
	return wire.CoordTxn{Writes: []wire.Write{{Key: key, Value: []byte("held"), Session: session}}}
}

// asker is a process. It numbers what it asks, and hears the answers in the same order.
type asker struct {
	t     *testing.T
	s     Service
	name  mailbox.Addr
	asked uint64
	heard uint64
}

func (a *asker) tell(m mailbox.Msg) {
	a.asked++
	switch r := m.(type) {
	case wire.CoordTxn:
		r.Req = a.asked
		m = r
	case wire.CoordGet:
		r.Req = a.asked
		m = r
	case wire.CoordWatch:
		r.Req = a.asked
		m = r
	case wire.CoordSession:
		r.Req = a.asked
		m = r
	}
	a.s.Ask(a.name, m)
}

// hear waits for the next answer.
func hear[Answer mailbox.Msg](a *asker) Answer {
	a.t.Helper()
	a.heard++
	m := a.s.Answer(a.name)
	answer, ok := m.(Answer)
	if !ok {
		a.t.Fatalf("%s hears %T %+v, want %T", a.name, m, m, answer)
	}
	var req uint64
	switch m := m.(type) {
	case wire.CoordTxnDone:
		req = m.Req
	case wire.CoordEntries:
		req = m.Req
	case wire.CoordSessionAlive:
		req = m.Req
	}
	if req != a.heard {
		a.t.Fatalf("%s hears the answer %+v to request %d, want that to %d", a.name, m, req, a.heard)
	}
	return answer
}

func ask[Answer mailbox.Msg](a *asker, m mailbox.Msg) Answer {
	a.t.Helper()
	a.tell(m)
	return hear[Answer](a)
}

// writes expects a transaction to be applied, and returns its version.
func (a *asker) writes(t wire.CoordTxn) (version uint64) {
	a.t.Helper()
	done := ask[wire.CoordTxnDone](a, t)
	if done.Err != "" {
		a.t.Fatalf("%s: %+v is answered %q", a.name, t, done.Err)
	}
	return done.Version
}

func (a *asker) refused(why string, t wire.CoordTxn) {
	a.t.Helper()
	if done := ask[wire.CoordTxnDone](a, t); done.Err != why || done.Version != 0 {
		a.t.Errorf("%s: %+v is answered %+v, want %s and no version", a.name, t, done, why)
	}
}

func (a *asker) get(prefix string) wire.CoordEntries {
	a.t.Helper()
	return ask[wire.CoordEntries](a, wire.CoordGet{Prefix: prefix})
}

func (a *asker) reads(prefix, want string) wire.CoordEntries {
	a.t.Helper()
	return a.says(a.get(prefix), want)
}

// says compares entries with "key=value key=value by session".
func (a *asker) says(m wire.CoordEntries, want string) wire.CoordEntries {
	a.t.Helper()
	var all []string
	for _, e := range m.Entries {
		said := fmt.Sprintf("%s=%s", e.Key, e.Value)
		if e.Session != "" {
			said += " by " + e.Session
		}
		if e.Version == 0 || e.Version > m.Version {
			a.t.Errorf("%s has version %d, and the service %d", e.Key, e.Version, m.Version)
		}
		all = append(all, said)
	}
	if got := strings.Join(all, " "); got != want || m.Err != "" {
		a.t.Fatalf("%s reads %q %s, want %q", a.name, got, m.Err, want)
	}
	return m
}

func (a *asker) watch(prefix string, after uint64, wait time.Duration) {
	a.tell(wire.CoordWatch{Prefix: prefix, After: after, Wait: wait})
}

// session gives a sign of life, and compares its answer.
func (a *asker) session(name, want string) {
	a.t.Helper()
	a.answered(wire.CoordSession{Session: name, Timeout: Timeout}, want)
}

func (a *asker) closes(name, want string) {
	a.t.Helper()
	a.answered(wire.CoordSession{Session: name, Close: true}, want)
}

func (a *asker) answered(m wire.CoordSession, want string) {
	a.t.Helper()
	if alive := ask[wire.CoordSessionAlive](a, m); alive.Session != m.Session || alive.Err != want {
		a.t.Errorf("%s: %+v is answered %+v, want %q", a.name, m, alive, want)
	}
}
