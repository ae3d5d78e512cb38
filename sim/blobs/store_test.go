package blobs

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

// bench is a world with a store, and a client that writes down what it is answered.
type bench struct {
	t *testing.T
	*sim.World
	*Store
	heard []string
}

func start(t *testing.T) *bench {
	b := &bench{t: t, World: sim.New(sim.Config{Seed: 7, RoundTrip: true}), Store: New()}
	b.Costs = Costs{}
	b.Add(sim.Process{Name: "objectstore", BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: b.Store}} }})
	b.Add(sim.Process{Name: "client", BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: b}} }})
	b.Run(0)
	return b
}

func (b *bench) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	at := b.Now().Milliseconds()
	switch m := m.(type) {
	case wire.BlobDone:
		b.heard = append(b.heard, fmt.Sprintf("%d: %d done %s", at, m.Req, m.Err))
	case wire.BlobData:
		b.heard = append(b.heard, fmt.Sprintf("%d: %d %s=%s %s", at, m.Req, m.Path, m.Data, m.Err))
	case wire.BlobPaths:
		b.heard = append(b.heard, fmt.Sprintf("%d: %d paths %s %s", at, m.Req, strings.Join(m.Paths, ","), m.Err))
	}
	return nil
}

func (b *bench) ask(m mailbox.Msg) { b.World.Send("client", "objectstore", m) }
func (b *bench) put(req uint64, path, data string) {
	b.ask(wire.BlobPut{Req: req, Path: path, Data: []byte(data)})
}
func (b *bench) get(req uint64, path string)    { b.ask(wire.BlobGet{Req: req, Path: path}) }
func (b *bench) list(req uint64, prefix string) { b.ask(wire.BlobList{Req: req, Prefix: prefix}) }

// hears lets a minute pass and compares what came in it, as "milliseconds: request answer".
func (b *bench) hears(want ...string) {
	b.t.Helper()
	b.Run(b.Now() + time.Minute)
	for i := range b.heard {
		b.heard[i] = strings.TrimSpace(b.heard[i])
	}
	if !slices.Equal(b.heard, want) {
		b.t.Errorf("heard\n  %s\nwant\n  %s", strings.Join(b.heard, "\n  "), strings.Join(want, "\n  "))
	}
	b.heard = nil
}

func TestWhatIsWrittenCanBeReadListedAndDeleted(t *testing.T) {
	b := start(t)
	b.put(1, "chk-1/b", "beta")
	b.put(2, "chk-1/a", "alpha")
	b.put(3, "chk-2/a", "")
	b.get(4, "chk-1/a")
	b.get(5, "chk-1/none")
	b.list(6, "chk-1/")
	b.ask(wire.BlobDelete{Req: 7, Paths: []string{"chk-1/a", "chk-1/none"}})
	b.list(8, "")
	b.hears("0: 1 done", "0: 2 done", "0: 3 done", "0: 4 chk-1/a=alpha", "0: 5 chk-1/none= not-found",
		"0: 6 paths chk-1/a,chk-1/b", "0: 7 done", "0: 8 paths chk-1/b,chk-2/a")
	if b.Bytes() != 4 || !slices.Equal(b.Paths(), []string{"chk-1/b", "chk-2/a"}) {
		t.Errorf("there are %d bytes in %v", b.Bytes(), b.Paths())
	}
}

func TestContentsOutliveTheProcess(t *testing.T) {
	b := start(t)
	b.put(1, "a", "alpha")
	b.hears("0: 1 done")
	b.Kill("objectstore")
	b.Restart("objectstore")
	b.Run(b.Now() + time.Second)
	b.get(2, "a")
	b.hears("61000: 2 a=alpha")
}

func TestRequestsTakeTimeAndShareTheLine(t *testing.T) {
	b := start(t)
	b.Costs = Costs{Latency: 20 * time.Millisecond, Bandwidth: 1000}
	b.put(1, "a", strings.Repeat("x", 100))
	b.put(2, "b", strings.Repeat("x", 50))
	b.get(3, "a") // is not there yet: nothing has to come over the line, so it overtakes
	b.hears("20: 3 a= not-found", "120: 1 done", "170: 2 done")
}

func TestInAnOutageNothingHappens(t *testing.T) {
	b := start(t)
	b.put(1, "chk-1/a", "alpha")
	b.put(2, "other", "beta")
	b.hears("0: 1 done", "0: 2 done")
	end := b.Outage(Unavailable, Scope{Operations: []Operation{Put, Get}, Prefix: "chk-"})
	b.put(3, "chk-1/a", "new")
	b.get(4, "chk-1/a")
	b.get(5, "other")
	b.list(6, "chk-")
	b.hears("60000: 3 done unavailable", "60000: 4 chk-1/a= unavailable", "60000: 5 other=beta", "60000: 6 paths chk-1/a")
	end()
	b.get(7, "chk-1/a")
	b.hears("120000: 7 chk-1/a=alpha")
	b.Outage(Timeout, Scope{})
	b.put(8, "chk-1/a", "new")
	b.hears()
	b.Heal()
	b.get(9, "chk-1/a")
	b.hears("240000: 9 chk-1/a=alpha")
}

func TestALostAnswerHidesAWriteThatTookEffect(t *testing.T) {
	b := start(t)
	b.LoseNextAnswers(1, Scope{Operations: []Operation{Put}})
	b.put(1, "a", "alpha")
	b.get(2, "a")
	b.put(3, "a", "again")
	b.hears("0: 2 a=alpha", "0: 3 done")

	end := b.LoseAnswers(0.5, Scope{})
	for req := range uint64(100) {
		b.get(req, "a")
	}
	b.Run(b.Now() + time.Second)
	if n := len(b.heard); n < 30 || n > 70 {
		t.Errorf("half of the answers get lost, and %d of 100 came", n)
	}
	b.heard = nil
	end()
	b.get(1, "a")
	b.hears("61000: 1 a=again")
}

func TestSlowThrottledAndNarrow(t *testing.T) {
	b := start(t)
	end := b.Store.Slow(time.Second, Scope{Operations: []Operation{List}})
	b.list(1, "")
	b.get(2, "a")
	b.hears("0: 2 a= not-found", "1000: 1 paths")
	end()
	end = b.Throttle(2, Scope{})
	for req := range uint64(3) {
		b.get(req, "a")
	}
	b.hears("60000: 0 a= not-found", "60500: 1 a= not-found", "61000: 2 a= not-found")
	end()
	b.Limit(10)
	b.put(1, "a", "0123456789")
	b.hears("121000: 1 done")
}

func TestAnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	b := start(t)
	b.PartialUpload(1, "chk-")
	b.put(1, "other", "x")
	b.put(2, "chk-1/a", "alpha")
	b.get(3, "chk-1/a")
	b.put(4, "chk-1/a", "alpha")
	b.hears("0: 1 done", "0: 2 done incomplete", "0: 3 chk-1/a= not-found", "0: 4 done")
}

func TestAStaleListingMissesWhatIsNewAndShowsWhatIsGone(t *testing.T) {
	b := start(t)
	b.put(1, "a", "alpha")
	b.hears("0: 1 done")
	end := b.StaleListing()
	b.put(2, "b", "beta")
	b.ask(wire.BlobDelete{Req: 3, Paths: []string{"a"}})
	b.list(4, "")
	b.get(5, "b")
	b.hears("60000: 2 done", "60000: 3 done", "60000: 4 paths a", "60000: 5 b=beta")
	end()
	b.list(6, "")
	b.hears("120000: 6 paths b")
}

// A reader may still hold the bytes that it was given: damage must not reach into them.
func TestDamageAndLoss(t *testing.T) {
	b := start(t)
	b.put(1, "a", "alpha")
	b.hears("0: 1 done")
	before, _ := b.Object("a")
	if !b.Corrupt("a") || b.Corrupt("none") || string(before) != "alpha" {
		t.Errorf("damage was done to %q", before)
	}
	b.get(2, "a")
	b.hears("60000: 2 a=alqha")
	if !b.Store.Delete("a") {
		t.Error("there was nothing to lose")
	}
	b.get(3, "a")
	b.hears("120000: 3 a= not-found")
	if b.Store.Delete("a") || b.Corrupt("a") {
		t.Error("an object that is gone was lost or damaged again")
	}
}
