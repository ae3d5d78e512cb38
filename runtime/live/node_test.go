package live

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// told is an actor made of a function.
type told func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error

func (f told) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	return f(env, from, m)
}

// town is a few processes that know where each other listen.
type town struct {
	t     *testing.T
	mu    sync.Mutex
	where map[string]string
	heard chan string
}

func newTown(t *testing.T) *town {
	return &town{t: t, where: map[string]string{}, heard: make(chan string, 4096)}
}

func (w *town) resolve(process string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at, ok := w.where[process]; ok {
		return at, nil
	}
	return "", fmt.Errorf("there is no process %s", process)
}

// start starts a process, again under the same port if it had one.
func (w *town) start(name string, root mailbox.Actor, change ...func(*Config)) *Node {
	w.t.Helper()
	w.mu.Lock()
	at := w.where[name]
	w.mu.Unlock()
	if at == "" {
		at = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.where[name] = l.Addr().String()
	w.mu.Unlock()
	cfg := Config{Name: name, Listen: l, Resolve: w.resolve, Residents: []Resident{{Actor: root}}}
	for _, c := range change {
		c(&cfg)
	}
	n := Start(cfg)
	w.t.Cleanup(func() { n.Stop() })
	return n
}

func (w *town) say(format string, args ...any) { w.heard <- fmt.Sprintf(format, args...) }

// hears waits for what must be said, in any order between processes.
func (w *town) hears(want ...string) {
	w.t.Helper()
	deadline := time.After(20 * time.Second)
	for len(want) > 0 {
		select {
		case got := <-w.heard:
			i := slices.Index(want, got)
			if i < 0 {
				w.t.Fatalf("heard %q, want one of %q", got, want)
			}
			want = slices.Delete(want, i, i+1)
		case <-deadline:
			w.t.Fatalf("never heard %q", want)
		}
	}
}

// parted waits until nobody reads or watches a connection: the end of each direction has been noticed, and told. Whoever
// knows a process anew before that hears of the other direction's end as well.
func (w *town) parted() {
	w.t.Helper()
	all := make([]byte, 1<<20)
	for late := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		going := string(all[:runtime.Stack(all, true)])
		if !strings.Contains(going, "live.(*Node).read(") && !strings.Contains(going, "live.(*link).watch(") {
			return
		}
		if time.Now().After(late) {
			w.t.Fatalf("a connection is still open:\n%s", going)
		}
	}
}

func ask(n uint64) mailbox.Msg    { return wire.BlobGet{Req: n, Path: "x"} }
func answer(n uint64) mailbox.Msg { return wire.BlobDone{Req: n} }

// echo answers every request.
var echo = told(func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	if g, ok := m.(wire.BlobGet); ok {
		env.Send(from, answer(g.Req))
	}
	return nil
})

func TestMailArrivesInOrderAndAnswersComeBack(t *testing.T) {
	w := newTown(t)
	w.start("store", echo)
	next := uint64(0)
	w.start("asker", told(func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
		switch m := m.(type) {
		case mailbox.Started:
			for n := range uint64(1000) {
				env.Send("store", ask(n))
			}
		case wire.BlobDone:
			if m.Req != next || from != "store" {
				w.say("answer %d from %s, want %d", m.Req, from, next)
			}
			if next++; next == 1000 {
				w.say("all")
			}
		}
		return nil
	}))
	w.hears("all")
}

func TestMailToNobodyComesBack(t *testing.T) {
	w := newTown(t)
	w.start("store", echo)
	w.start("asker", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		switch m := m.(type) {
		case mailbox.Started:
			env.Send("nowhere", ask(1))
			env.Send("store/nobody", ask(2))
			env.Send("asker/nobody", ask(3))
		case mailbox.Undeliverable:
			w.say("%s back from %s", m.M.Word(), m.To)
		}
		return nil
	}))
	w.hears("blob-get back from nowhere", "blob-get back from store/nobody", "blob-get back from asker/nobody")
}

// A process begins with all its residents: the first one can ask the last one at once.
func TestResidentsFindEachOther(t *testing.T) {
	w := newTown(t)
	w.start("p", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		switch m := m.(type) {
		case mailbox.Started:
			env.Send("p/resident-99", ask(1))
		case wire.BlobDone:
			w.say("answer %d", m.Req)
		case mailbox.Undeliverable:
			w.say("%s back from %s", m.M.Word(), m.To)
		}
		return nil
	}), func(cfg *Config) {
		for i := range 100 {
			cfg.Residents = append(cfg.Residents, Resident{fmt.Sprintf("resident-%d", i), echo})
		}
	})
	w.hears("answer 1")
}

// The death of a process is told once to those who knew it, and when it is there again it is reached again.
func TestADeadProcessIsNoticedAndItsSuccessorReached(t *testing.T) {
	w := newTown(t)
	store := w.start("store", echo)
	w.start("asker", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		switch m := m.(type) {
		case mailbox.Started:
			env.Send("store", ask(1))
		case wire.BlobDone:
			w.say("answer %d", m.Req)
		case mailbox.Disconnected:
			w.say("lost %s", m.Process)
		case wire.BlobDelete: // its cue
			env.Send("store", ask(2))
		}
		return nil
	}), func(cfg *Config) {
		cfg.Residents = append(cfg.Residents, Resident{"bystander", told(func(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
			if _, ok := m.(mailbox.Disconnected); ok {
				w.say("the bystander was told")
			}
			return nil
		})})
	})
	w.hears("answer 1")
	store.Stop()
	w.hears("lost store")
	w.parted()
	w.start("store", echo)
	w.start("prompter", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		if _, ok := m.(mailbox.Started); ok {
			env.Send("asker", wire.BlobDelete{})
		}
		return nil
	}))
	w.hears("answer 2")
}

// What an actor did leaves only if Receive returns nil; its parent hears of its end, with the cause.
func TestEffectsOfAFailureNeverHappen(t *testing.T) {
	w := newTown(t)
	w.start("p", told(func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
		switch m := m.(type) {
		case mailbox.Started:
			env.Spawn("bad", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
				env.Send("p", ask(1))
				env.Note(history.ProcessPaused{Name: "p"})
				return errors.New("no good")
			}))
			env.Spawn("good", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
				env.Send("p", ask(2))
				return mailbox.ErrDone
			}))
		case wire.BlobGet:
			w.say("mail %d from %s", m.Req, from)
		case mailbox.Exited:
			w.say("%s ended: %q", m.Child, m.Err)
		}
		return nil
	}), func(cfg *Config) { cfg.Note = func(e history.Entry) { w.say("note %s", e.Event.Kind()) } })
	w.hears("mail 2 from p/good", `p/bad ended: "no good"`, `p/good ended: ""`)
}

func TestTheEndOfTheRootIsTheEndOfTheProcess(t *testing.T) {
	n := newTown(t).start("p", told(func(mailbox.Env, mailbox.Addr, mailbox.Msg) error { return errors.New("no configuration") }))
	if err := n.Wait(); err == nil || err.Error() != "no configuration" {
		t.Errorf("it ended with %v", err)
	}
	n = newTown(t).start("p", told(func(mailbox.Env, mailbox.Addr, mailbox.Msg) error { panic("two owners") }))
	if err := n.Wait(); err == nil || !strings.Contains(err.Error(), "two owners") || !strings.Contains(err.Error(), `handling "started"`) {
		t.Errorf("it ended with %v", err)
	}
}

// A timer that was stopped stays silent, even if it had gone off already and waits in the mailbox.
func TestTimers(t *testing.T) {
	w := newTown(t)
	w.start("p", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		switch m := m.(type) {
		case mailbox.Started:
			never := env.After(0, answer(1))
			env.After(0, answer(2))
			env.After(time.Millisecond, answer(3))
			never.Stop()
		case wire.BlobDone:
			w.say("rang %d", m.Req)
		}
		return nil
	}))
	w.hears("rang 2", "rang 3")
}

// Who holds up the sink of notes holds up what follows the note, and nothing before it.
func TestANoteIsAGate(t *testing.T) {
	w := newTown(t)
	open := make(chan struct{})
	w.start("store", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		if g, ok := m.(wire.BlobGet); ok {
			w.say("asked %d", g.Req)
		}
		return nil
	}))
	w.start("p", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		if _, ok := m.(mailbox.Started); ok {
			env.Send("store", ask(1))
			env.Note(history.ProcessPaused{Name: "p"})
			env.Send("store", ask(2))
		}
		return nil
	}), func(cfg *Config) {
		cfg.Note = func(history.Entry) {
			w.say("at the gate")
			<-open
		}
	})
	w.hears("asked 1", "at the gate")
	select {
	case got := <-w.heard:
		t.Errorf("heard %q through a closed gate", got)
	default:
	}
	close(open)
	w.hears("asked 2")
}

// Whoever dials and talks nonsense is cut off; the process goes on.
func TestStrangersAreCutOff(t *testing.T) {
	w := newTown(t)
	w.start("store", echo)
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", string(appendFrame(nil, greeting("x"))) + string(appendFrame(nil, []byte("\x01x\x05storegarbage")))} {
		c, err := net.Dial("tcp", w.where["store"])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%q got an answer", text)
		}
		c.Close()
	}
	w.start("asker", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		switch m.(type) {
		case mailbox.Started:
			env.Send("store", ask(1))
		case wire.BlobDone:
			w.say("still there")
		}
		return nil
	}))
	w.hears("still there")
}

// Two releases that do not understand each other say so on both sides.
func TestAnotherReleaseIsToldWhy(t *testing.T) {
	w := newTown(t)
	w.start("store", echo)
	c, err := net.Dial("tcp", w.where["store"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(appendFrame(nil, []byte("flinch\x63old"))); err != nil {
		t.Fatal(err)
	}
	const want = "the process that dials speaks version 99 and the one that listens 1; run the same release on both"
	if why, err := io.ReadAll(c); !strings.HasSuffix(string(why), want) {
		t.Errorf("the other release hears %q, %v", why, err)
	}

	older, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	go func() {
		for {
			c, err := older.Accept()
			if err != nil {
				return
			}
			refuse(c, errors.New("run the same release"))
			c.Close()
		}
	}()
	w.where["older"] = older.Addr().String()
	w.start("asker", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		if _, ok := m.(mailbox.Started); ok {
			env.Send("older", ask(1))
		}
		return nil
	}), func(cfg *Config) { cfg.Log = slog.New(slog.NewTextHandler(w, nil)) })
	w.hears(`a process refuses our connection: run the same release`)
}

// Write hears what is logged of refusals.
func (w *town) Write(line []byte) (int, error) {
	if _, why, is := strings.Cut(string(line), `msg="a process refuses our connection" process=older why=`); is {
		w.say("%s", "a process refuses our connection: "+strings.Trim(why, "\"\n"))
	}
	return len(line), nil
}

// A mailbox that nobody reads stops the connection that fills it: the sender's data stays with the sender.
func TestASlowReaderIsNotMemory(t *testing.T) {
	w := newTown(t)
	hold := make(chan struct{})
	slow := w.start("slow", told(func(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		if _, ok := m.(wire.BlobGet); ok {
			<-hold
		}
		return nil
	}))
	w.start("fast", told(func(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
		if _, ok := m.(mailbox.Started); ok {
			for n := range uint64(50 * inboxMax) {
				env.Send("slow", ask(n))
			}
			w.say("all sent")
		}
		return nil
	}))
	w.hears("all sent")
	slow.mu.Lock()
	q := slow.actors["slow"].inbox
	slow.mu.Unlock()
	q.mu.Lock()
	if n := len(q.waiting); n > inboxMax {
		t.Errorf("%d messages wait, at most %d may", n, inboxMax)
	}
	q.mu.Unlock()
	close(hold)
}
