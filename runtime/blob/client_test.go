package blob

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/blobs"
)

// asker is an actor whose client waits 10 s for an answer and tries three times. It writes down when it hears
// what, in seconds. The store it asks answers at once, unless the test breaks it.
type asker struct {
	t *testing.T
	*sim.World
	store  *blobs.Store
	client *Client
	todo   []func(env mailbox.Env)
	heard  []string
	strays []string // messages that are not the client's
}

func ask(t *testing.T) *asker {
	a := &asker{t: t, World: sim.New(sim.Config{Seed: 7, RoundTrip: true}), store: blobs.New(), client: NewClient("objectstore", 10*time.Second, 3)}
	a.store.Costs = blobs.Costs{}
	one := func(name string, actor mailbox.Actor) {
		a.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor}} }})
	}
	one("objectstore", a.store)
	one("asker", a)
	a.Run(0)
	return a
}

func (a *asker) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m.(type) {
	case mailbox.Started, mailbox.Disconnected:
	case wire.EndOfData: // its cue
		for _, do := range a.todo {
			do(env)
		}
		a.todo = nil
	default:
		if !a.client.Handle(env, m) {
			a.strays = append(a.strays, m.Word())
		}
	}
	return nil
}

func (a *asker) hear(format string, args ...any) {
	a.heard = append(a.heard, fmt.Sprintf("%.0f s: ", a.Now().Seconds())+fmt.Sprintf(format, args...))
}

func (a *asker) does(do func(env mailbox.Env)) {
	a.todo = append(a.todo, do)
	a.Send("asker", "asker", wire.EndOfData{})
}

func (a *asker) write(path, data string) {
	a.does(func(env mailbox.Env) {
		a.client.Put(env, path, []byte(data), func(_ mailbox.Env, err error) { a.hear("wrote %s: %v", path, err) })
	})
}

func (a *asker) read(path string) {
	a.does(func(env mailbox.Env) {
		a.client.Get(env, path, func(_ mailbox.Env, data []byte, err error) { a.hear("read %s=%s: %v", path, data, err) })
	})
}

func (a *asker) list(prefix string) {
	a.does(func(env mailbox.Env) {
		a.client.List(env, prefix, func(_ mailbox.Env, paths []string, err error) { a.hear("listed %v: %v", paths, err) })
	})
}

func (a *asker) remove(paths ...string) {
	a.does(func(env mailbox.Env) {
		a.client.Delete(env, paths, func(_ mailbox.Env, err error) { a.hear("deleted %v: %v", paths, err) })
	})
}

// hears lets time pass, and compares what was heard in it.
func (a *asker) hears(within time.Duration, want ...string) {
	a.t.Helper()
	a.Run(a.Now() + within)
	if !slices.Equal(a.heard, want) {
		a.t.Errorf("heard\n  %s\nwant\n  %s", strings.Join(a.heard, "\n  "), strings.Join(want, "\n  "))
	}
	a.heard = nil
	if len(a.strays) > 0 || len(a.Panics()) > 0 {
		a.t.Errorf("not for the client: %v; panics: %v", a.strays, a.Panics())
	}
}

func TestWhatIsWrittenIsThere(t *testing.T) {
	a := ask(t)
	a.write("chk-1/b", "beta")
	a.write("chk-1/a", "alpha")
	a.read("chk-1/a")
	a.list("chk-1/")
	a.remove("chk-1/a", "chk-1/never-was")
	a.list("chk-1/")
	a.hears(time.Minute, "0 s: wrote chk-1/b: <nil>", "0 s: wrote chk-1/a: <nil>", "0 s: read chk-1/a=alpha: <nil>",
		"0 s: listed [chk-1/a chk-1/b]: <nil>", "0 s: deleted [chk-1/a chk-1/never-was]: <nil>", "0 s: listed [chk-1/b]: <nil>")
}

// That an object is not there is an answer, not a failure: nobody asks again.
func TestAMissingObjectIsAnAnswer(t *testing.T) {
	a := ask(t)
	a.does(func(env mailbox.Env) {
		a.client.Get(env, "chk-1/a", func(_ mailbox.Env, data []byte, err error) {
			var missing ErrNotFound
			a.hear("%v, %q, %v", errors.As(err, &missing) && missing.Path == "chk-1/a", data, err)
		})
	})
	a.hears(time.Minute, `0 s: true, "", object chk-1/a is not in the store`)
}

// Silence says nothing. The client asks again when its time is over, and after the last try gives up.
func TestASilentStoreIsAskedAgain(t *testing.T) {
	a := ask(t)
	end := a.store.Outage(blobs.Timeout, blobs.Scope{})
	a.write("a", "alpha")
	a.hears(15 * time.Second)
	end()
	a.hears(15*time.Second, "20 s: wrote a: <nil>")

	a.store.Outage(blobs.Timeout, blobs.Scope{})
	a.read("a")
	a.remove("a", "b")
	a.list("chk-")
	a.hears(29 * time.Second)
	a.hears(2*time.Second, "60 s: read a=: read a in the object store: no answer after 3 tries",
		"60 s: deleted [a b]: delete 2 objects in the object store: no answer after 3 tries",
		"60 s: listed []: list chk-* in the object store: no answer after 3 tries")
	if !a.client.Idle() {
		t.Error("the client waits for an answer that it has given up")
	}
}

// A store that refuses is left alone for the rest of the try's time, but no longer than there are tries.
func TestARefusalIsNotAskedAgainAtOnce(t *testing.T) {
	a := ask(t)
	end := a.store.Outage(blobs.Unavailable, blobs.Scope{})
	a.write("a", "alpha")
	a.hears(9 * time.Second)
	if a.client.Idle() {
		t.Error("the client has given up after one refusal")
	}
	end()
	a.hears(2*time.Second, "10 s: wrote a: <nil>")
	a.store.Outage(blobs.Unavailable, blobs.Scope{})
	a.read("a")
	a.hears(time.Minute, "31 s: read a=: read a in the object store: unavailable after 3 tries")
}

// The write took effect and its answer got lost. Asking again is right, since an object is written whole.
func TestALostAnswerIsRepaired(t *testing.T) {
	a := ask(t)
	a.store.LoseNextAnswers(1, blobs.Scope{})
	a.write("a", "alpha")
	a.hears(time.Second)
	if data, there := a.store.Object("a"); !there || string(data) != "alpha" {
		t.Errorf("the object is %q", data)
	}
	a.hears(time.Minute, "10 s: wrote a: <nil>")
}

func TestAnUploadThatBreaksOffIsRepeated(t *testing.T) {
	a := ask(t)
	a.store.PartialUpload(2, "")
	a.write("a", "alpha")
	a.hears(time.Minute, "20 s: wrote a: <nil>")
	if data, _ := a.store.Object("a"); string(data) != "alpha" {
		t.Errorf("the object is %q", data)
	}
}

// An answer counts whichever try it answers, once: those to the other tries come to nobody.
func TestALateAnswerCountsOnce(t *testing.T) {
	a := ask(t)
	a.store.Slow(15*time.Second, blobs.Scope{Operations: []blobs.Operation{blobs.Put}})
	a.write("a", "alpha")
	a.write("b", "beta")
	a.hears(time.Minute, "15 s: wrote a: <nil>", "15 s: wrote b: <nil>")
}

// The store's process is down: that is as good as silence.
func TestAStoreThatIsDownIsAskedAgain(t *testing.T) {
	a := ask(t)
	a.Kill("objectstore")
	a.write("a", "alpha")
	a.hears(5 * time.Second)
	a.Restart("objectstore")
	a.hears(time.Minute, "10 s: wrote a: <nil>")
}

// What is done about an answer may ask for more: the next step of a protocol begins where the last one ended.
func TestAnAnswerMayAskForMore(t *testing.T) {
	a := ask(t)
	a.write("pending", "alpha")
	a.does(func(env mailbox.Env) {
		a.client.Get(env, "pending", func(env mailbox.Env, data []byte, err error) {
			a.client.Put(env, "final", data, func(env mailbox.Env, err error) {
				a.client.Delete(env, []string{"pending"}, func(_ mailbox.Env, err error) { a.hear("moved: %v", err) })
			})
		})
	})
	a.hears(time.Minute, "0 s: wrote pending: <nil>", "0 s: moved: <nil>")
	if got := a.store.Paths(); !slices.Equal(got, []string{"final"}) {
		t.Errorf("there is %v", got)
	}
}

// Mail that is not from the store is for somebody else.
func TestForeignMailIsNotTheClients(t *testing.T) {
	c := NewClient("objectstore", time.Second, 1)
	for _, m := range []mailbox.Msg{wire.Credit{}, mailbox.Undeliverable{To: "ha"}, mailbox.Started{}} {
		if c.Handle(nil, m) {
			t.Errorf("the client took %q", m.Word())
		}
	}
	if !c.Handle(nil, mailbox.Undeliverable{To: "objectstore"}) || !c.Handle(nil, wire.BlobDone{Req: 9}) {
		t.Error("the client did not take what is its own")
	}
}
