package election

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	coord "github.com/flinch-dev/flinch/sim/lease"
)

// candidate is a process that contends, and writes what it is told to while it leads.
type candidate struct {
	conf    config.Config
	name    string
	elector Elector
	store   *Store
	did     []string
	version uint64 // of the key it created or adopted last
}

// do tells a candidate to write a key: create it, or delete it.
type do struct{ call, key, value string }

func (do) Word() string { return "do" }

func (c *candidate) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		c.elector = New(c.conf.HighAvailability, c.name, "ha", c)
		c.elector.Start(env)
	case mailbox.Stop:
		c.elector.Resign(env)
	case do:
		answer := func(_ mailbox.Env, o Outcome) { c.did = append(c.did, fmt.Sprintf("%s %s: %s", m.call, m.key, o)) }
		switch m.call {
		case "create":
			c.store.Create(env, m.key, []byte(m.value), func(env mailbox.Env, o Outcome, version uint64) {
				c.version = version
				answer(env, o)
			})
		case "adopt":
			c.store.List(env, m.key, func(env mailbox.Env, entries []wire.Entry, _ error) {
				c.store.Adopt(env, entries[0], func(env mailbox.Env, o Outcome, version uint64) {
					c.version = version
					answer(env, o)
				})
			})
		case "remove":
			c.store.Remove(env, m.key, c.version, answer)
		default:
			c.store.Delete(env, []string{m.key}, answer)
		}
	default:
		// The store's requests have large numbers here, so that both can live in one actor.
		if c.store != nil && asksStore(m) {
			c.store.Handle(env, m)
		} else {
			c.elector.Handle(env, m)
		}
	}
	return nil
}

// asksStore says whether an answer or a timer is one of the store's.
func asksStore(m mailbox.Msg) bool {
	switch m := m.(type) {
	case wire.CoordTxnDone:
		return m.Req > storeRequests
	case wire.CoordEntries:
		return m.Req > storeRequests
	case overdue:
		return m.Req > storeRequests
	case later:
		return m.Req > storeRequests
	case mailbox.Undeliverable:
		req, _ := requestOf(m.M)
		return req > storeRequests
	}
	return false
}

const storeRequests = 1 << 32

func (c *candidate) Granted(_ mailbox.Env, token id.Token) {
	c.store = NewStore(c.conf, "ha", token, c.name)
	c.store.svc.req = storeRequests
}

func (c *candidate) Revoked(mailbox.Env, id.Token, string) {}

// contest is two candidates and the service.
type contest struct {
	*sim.World
	t     *testing.T
	lease *coord.Service
	who   map[string]*candidate
}

func hold(t *testing.T, kind string, more map[string]string) *contest {
	given := map[string]string{"high-availability.type": kind, "high-availability.storageDir": "s3://ha", "pekko.ask.timeout": "2 s",
		"high-availability.zookeeper.client.session-timeout": "30 s", "high-availability.zookeeper.client.retry-wait": "1 s"}
	for k, v := range more {
		given[k] = v
	}
	conf, _, err := config.Parse(given)
	if err != nil {
		t.Fatal(err)
	}
	c := &contest{World: sim.New(sim.Config{Seed: 3, RoundTrip: true}), t: t, lease: coord.New(), who: map[string]*candidate{}}
	c.lease.Wake = func(m mailbox.Msg) { c.Send("ha", "ha", m) }
	c.Add(sim.Process{Name: "ha", BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: c.lease}} }})
	for _, name := range []string{"a", "b"} {
		c.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident {
			c.who[name] = &candidate{conf: conf, name: name}
			return []sim.Resident{{Actor: c.who[name]}}
		}})
	}
	return c
}

// story is the grants and losses so far: "a leads, a lost it, b leads".
func (c *contest) story() string {
	var all []string
	for _, e := range c.History() {
		switch e := e.Event.(type) {
		case history.LeaderElected:
			all = append(all, e.Holder+" leads")
		case history.LeaderLost:
			all = append(all, e.Holder+" lost it")
		}
	}
	if len(c.Panics()) > 0 {
		c.t.Fatal(c.Panics()[0])
	}
	return strings.Join(all, ", ")
}

func (c *contest) tells(until time.Duration, want string) {
	c.t.Helper()
	c.Run(until)
	if got := c.story(); got != want {
		c.t.Errorf("by %s: %q, want %q", until, got, want)
	}
}

// first waits for the first grant.
func (c *contest) first() (leader, other string) {
	c.Run(time.Second)
	if c.story() == "a leads" {
		return "a", "b"
	}
	return "b", "a"
}

func (c *contest) write(who string, d do) string {
	before := len(c.who[who].did)
	c.Send("test", mailbox.Addr(who), d)
	c.RunUntil(func() bool { return len(c.who[who].did) > before }, c.Now()+5*time.Minute)
	return c.who[who].did[before]
}

var kinds = []string{"kubernetes", "zookeeper"}

func TestOneOfTwoLeadsAndTheOtherFollowsWhenItDies(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			c := hold(t, kind, nil)
			a, b := c.first()
			c.tells(2*time.Minute, a+" leads")
			c.Kill(a)
			c.tells(4*time.Minute, a+" leads, "+b+" leads")
		})
	}
}

// A process that stops says so: the other one leads as soon as it hears of it, and waits for nothing to run out.
func TestAProcessThatStopsResigns(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			c := hold(t, kind, map[string]string{"high-availability.kubernetes.leader-election.retry-period": "1 s"})
			a, b := c.first()
			c.Send("test", mailbox.Addr(a), mailbox.Stop{})
			c.tells(c.Now()+3*time.Second, a+" leads, "+a+" lost it, "+b+" leads")
			c.Kill(b)
			c.tells(c.Now()+5*time.Minute, a+" leads, "+a+" lost it, "+b+" leads") // who has resigned never leads again
		})
	}
}

// It does not matter in which state it is told to, nor what is under way.
func TestAProcessResignsInAnyState(t *testing.T) {
	for _, kind := range append(kinds, "NONE") {
		t.Run(kind, func(t *testing.T) {
			for at := time.Duration(0); at < 20*time.Millisecond; at += 250 * time.Microsecond {
				c := hold(t, kind, map[string]string{"high-availability.kubernetes.leader-election.retry-period": "1 s"})
				c.Run(at)
				c.Send("test", "a", mailbox.Stop{})
				c.Run(time.Minute)
				if story := c.story(); !strings.HasSuffix(story, "b leads") && kind != "NONE" {
					t.Errorf("told at %s: %q", at, story)
				}
				c.Kill("b")
				before := c.story()
				c.tells(5*time.Minute, before)
			}
		})
	}
}

// Leadership is taken away from a living process. It notices, and contends again.
func TestLeadershipIsTakenAway(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			c := hold(t, kind, nil)
			a, _ := c.first()
			for range 3 {
				c.lease.LoseLease("a")
				c.lease.LoseLease("b")
				c.Run(c.Now() + 2*time.Minute)
			}
			story := strings.Split(c.story(), ", ")
			if len(story) != 7 || story[0] != a+" leads" {
				t.Errorf("the story is %q, want four grants and three losses", c.story())
			}
			tokens := map[id.Token]bool{}
			for _, e := range c.History() {
				if l, ok := e.Event.(history.LeaderElected); ok {
					tokens[l.Token] = true
				}
			}
			if len(tokens) != 4 {
				t.Errorf("%d tokens for 4 grants", len(tokens))
			}
		})
	}
}

// The answer to the take-over is lost: the candidate reads the record, finds itself there, and leads.
func TestTheAnswerToATakeOverIsLost(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			c := hold(t, kind, nil)
			c.Kill("b")
			c.lease.LoseNextAnswers(1, coord.Scope{Operations: []coord.Operation{coord.Acquire}, Prefix: "/default/election/"})
			if kind == "kubernetes" {
				c.tells(12*time.Second, "a leads") // before its own record has run out
			}
			c.tells(2*time.Minute, "a leads")
		})
	}
}

// The connection breaks while a take-over is under way: its answer will never come, and it is tried again.
func TestTheConnectionBreaksDuringATakeOver(t *testing.T) {
	c := hold(t, "zookeeper", nil)
	c.Kill("b")
	c.lease.LoseNextAnswers(1, coord.Scope{Operations: []coord.Operation{coord.Acquire}, Prefix: "/default/election/"})
	c.Run(5 * time.Second)
	c.Reset("a", "ha")
	c.tells(time.Minute, "a leads")
}

// Lost answers to renewals do not end leadership, as long as the record says that it was renewed.
func TestAnswersToRenewalsAreLost(t *testing.T) {
	c := hold(t, "kubernetes", nil)
	a, _ := c.first()
	c.lease.LoseAnswers(0.6, coord.Scope{Operations: []coord.Operation{coord.Renew}})
	c.tells(5*time.Minute, a+" leads")
}

// The service is out of reach. A lease ends at the renew-deadline, counted from the last renewal.
func TestTheRenewDeadline(t *testing.T) {
	c := hold(t, "kubernetes", nil)
	a, _ := c.first()
	c.Run(time.Minute)
	c.lease.Outage(coord.Timeout, coord.Scope{})
	c.Run(c.Now() + time.Minute)
	lost := c.History()[len(c.History())-1]
	if l, ok := lost.Event.(history.LeaderLost); !ok || l.Holder != a || lost.At > time.Minute+15*time.Second || lost.At < time.Minute+5*time.Second {
		t.Errorf("at the end: %+v at %s", lost.Event, lost.At)
	}
}

// With ZooKeeper the connection is enough: a short cut ends leadership at once, unless that is tolerated.
func TestASuspendedConnection(t *testing.T) {
	for tolerate, want := range map[string]string{"false": "%[1]s leads, %[1]s lost it, %[1]s leads", "true": "%[1]s leads"} {
		c := hold(t, "zookeeper", map[string]string{"high-availability.zookeeper.client.tolerate-suspended-connections": tolerate})
		a, _ := c.first()
		c.Run(15 * time.Second)
		c.Reset(a, "ha")
		c.tells(5*time.Minute, fmt.Sprintf(want, a))
	}
}

// A leader stands still for longer than its lease. When it goes on it believes that it leads, and writes; what
// is compared with the record is refused.
func TestAPausedLeaderCannotWrite(t *testing.T) {
	c := hold(t, "kubernetes", nil)
	a, b := c.first()
	c.Run(7 * time.Second)
	c.Pause(a)
	c.Send("test", mailbox.Addr(a), do{"create", "x", "old"})
	c.tells(time.Minute, a+" leads, "+b+" leads")
	c.Resume(a)
	c.RunUntil(func() bool { return len(c.who[a].did) > 0 }, 2*time.Minute)
	if got := c.who[a].did; !slices.Equal(got, []string{"create x: deposed"}) {
		t.Errorf("the paused leader did %q", got)
	}
	if len(c.lease.Entries("/default/x")) != 0 {
		t.Error("it has written")
	}
	if got := c.write(b, do{"create", "x", "new"}); got != "create x: written" {
		t.Errorf("the new leader did %q", got)
	}
}

// With ZooKeeper a leader that was replaced can still write. But it cannot remove what its successor uses.
func TestAReplacedLeaderCannotRemoveWhatWasAdopted(t *testing.T) {
	c := hold(t, "zookeeper", nil)
	a, b := c.first()
	got := []string{c.write(a, do{"create", "x", "1"})}
	c.Cut(a, "ha")
	c.Run(2 * time.Minute)
	got = append(got, c.write(b, do{call: "adopt", key: "x"}))
	c.Mend(a, "ha")
	got = append(got, c.write(a, do{call: "remove", key: "x"}), c.write(b, do{call: "remove", key: "x"}))
	if want := []string{"create x: written", "adopt x: written", "remove x: refused", "remove x: written"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What is known of a write, and what was really done.
func TestOutcomesOfAWrite(t *testing.T) {
	on := coord.Scope{Prefix: "/default/x"}
	for _, c := range []struct {
		why   string
		fault func(s *coord.Service)
		want  string
		there bool
	}{
		{"all is well", func(*coord.Service) {}, "written", true},
		{"the answer is lost", func(s *coord.Service) { s.LoseNextAnswers(1, on) }, "written", true},
		{"the answer is wrong", func(s *coord.Service) { s.MisreportNext(1, on) }, "written", true},
		{"nobody answers, and it was written", func(s *coord.Service) { s.LoseAnswers(1, on) }, "ambiguous", true},
		{"nobody answers, and it was not", func(s *coord.Service) { s.Outage(coord.Timeout, on) }, "ambiguous", false},
	} {
		for _, kind := range kinds {
			t.Run(kind+": "+c.why, func(t *testing.T) {
				h := hold(t, kind, nil)
				a, _ := h.first()
				c.fault(h.lease)
				got := h.write(a, do{"create", "x", "1"})
				if there := len(h.lease.Entries("/default/x")) == 1; got != "create x: "+c.want || there != c.there {
					t.Errorf("%s; it is there: %v", got, there)
				}
			})
		}
	}
}

func TestAKeyIsCreatedOnce(t *testing.T) {
	for _, kind := range kinds {
		c := hold(t, kind, nil)
		a, _ := c.first()
		c.write(a, do{"create", "x", "1"})
		got := []string{c.write(a, do{"create", "x", "1"}), c.write(a, do{"create", "x", "2"}), c.write(a, do{call: "delete", key: "x"}),
			c.write(a, do{call: "delete", key: "x"}), c.write(a, do{"create", "x", "2"})}
		want := []string{"create x: written", "create x: refused", "delete x: written", "delete x: written", "create x: written"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

// Without high availability each process leads at once, and keeps what it writes to itself.
func TestNoHighAvailability(t *testing.T) {
	c := hold(t, "NONE", nil)
	c.tells(time.Minute, "a leads, b leads")
	if got := []string{c.write("a", do{"create", "x", "1"}), c.write("b", do{"create", "x", "2"}), c.write("a", do{"create", "x", "2"})}; !slices.Equal(got,
		[]string{"create x: written", "create x: written", "create x: refused"}) {
		t.Errorf("%q", got)
	}
	if len(c.lease.Entries("")) != 0 {
		t.Error("something was written to the service")
	}
}
