package etcd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/election/coordtest"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// patient is how long a gateway waits for an etcd that will answer, on a machine with much else to do.
const patient = 20 * time.Second

func serve(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Embedded(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, s *Server) *clientv3.Client {
	t.Helper()
	c, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// office is a process with a gateway, and with the askers in it.
type office struct {
	node  *live.Node
	heard map[mailbox.Addr]chan mailbox.Msg
}

// clerk keeps what an asker hears.
type clerk chan mailbox.Msg

func (c clerk) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, started := m.(mailbox.Started); !started {
		c <- m
	}
	return nil
}

func open(t *testing.T, cfg Config) *office {
	t.Helper()
	o := &office{heard: map[mailbox.Addr]chan mailbox.Msg{}}
	residents := []live.Resident{{Actor: New(cfg)}}
	for _, name := range coordtest.Askers {
		c := make(clerk, 64)
		o.heard[mailbox.Addr(name)] = c
		residents = append(residents, live.Resident{Name: name, Actor: c})
	}
	o.node = live.Start(live.Config{Name: "ha", Residents: residents})
	t.Cleanup(func() { o.node.Stop() })
	return o
}

func (o *office) Ask(from mailbox.Addr, m mailbox.Msg) { o.node.Send("ha/"+from, "ha", m) }

func (o *office) Answer(to mailbox.Addr) mailbox.Msg {
	select {
	case m := <-o.heard[to]:
		return m
	case <-time.After(2 * patient):
		return nil
	}
}

func TestContract(t *testing.T) {
	coordtest.Run(t, func(t *testing.T) coordtest.Service {
		t.Parallel()
		return open(t, Config{Client: connect(t, serve(t, t.TempDir())), Patience: patient})
	})
}

// hears sends a request and compares the answer, up to the versions in it.
func (o *office) hears(t *testing.T, m mailbox.Msg, want string) (version uint64) {
	t.Helper()
	o.Ask("jm-0", m)
	said := ""
	switch m := o.Answer("jm-0").(type) {
	case wire.CoordTxnDone:
		said, version = "done "+m.Err, m.Version
	case wire.CoordSessionAlive:
		said = "alive " + m.Err
	case wire.CoordEntries:
		for _, e := range m.Entries {
			said += fmt.Sprintf("%s=%s %s ", e.Key, e.Value, e.Session)
		}
		said, version = said+m.Err, m.Version
	}
	if said = strings.TrimSpace(said); said != want {
		t.Errorf("%+v is answered %q, want %q", m, said, want)
	}
	return version
}

func write(key, session string) wire.CoordTxn {
	return wire.CoordTxn{Writes: []wire.Write{{Key: key, Value: []byte("x"), Session: session}}}
}

// etcd dies and comes back. Whoever asks meanwhile hears so, and nothing is lost, nor does a session end.
func TestEtcdIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Embedded(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s)
	o, hasty := open(t, Config{Client: c, Patience: patient}), open(t, Config{Client: c, Patience: 50 * time.Millisecond})
	session := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	o.hears(t, session, "alive")
	o.hears(t, write("latch", "s"), "done")
	s.Stop()
	hasty.hears(t, write("plan", ""), "done unavailable")
	hasty.hears(t, write("latch", "s"), "done unavailable")
	hasty.hears(t, session, "alive unavailable")
	hasty.hears(t, wire.CoordGet{}, "unavailable")
	hasty.hears(t, wire.CoordWatch{Wait: 50 * time.Millisecond}, "unavailable")
	c.SetEndpoints(serve(t, dir).Endpoint())
	o.hears(t, session, "alive")
	o.hears(t, wire.CoordGet{Prefix: "latch"}, "latch=x s")
}

// What a gateway knows is in etcd: another one goes on with the same sessions.
func TestSessionsAreOfAllGateways(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	here, there := open(t, Config{Client: connect(t, s), Patience: patient}), open(t, Config{Client: connect(t, s), Patience: patient})
	session := wire.CoordSession{Session: "s", Timeout: 10 * time.Second}
	here.hears(t, session, "alive")
	there.hears(t, write("latch", "s"), "done")
	here.hears(t, wire.CoordGet{}, "latch=x s")
	there.hears(t, wire.CoordSession{Session: "s", Close: true}, "alive")
	here.hears(t, session, "alive session-expired")
	here.hears(t, wire.CoordGet{}, "")
}

// Two processes begin to open a session when nobody knows its name, and one is slower: its lease is not used.
func TestANameIsUsedOnce(t *testing.T) {
	t.Parallel()
	g := New(Config{Client: connect(t, serve(t, t.TempDir()))})
	for _, want := range []bool{true, false} {
		if first, err := g.use(t.Context(), "s"); err != nil || first != want {
			t.Errorf("the name is used: first %v, %v; want %v", first, err, want)
		}
	}
	if first, err := g.open(t.Context(), wire.CoordSession{Session: "s", Timeout: time.Second}); err != nil || first {
		t.Errorf("the name is opened once more: first %v, %v", first, err)
	}
	if lease, used, err := g.session(t.Context(), "s"); err != nil || lease != nobodys || !used {
		t.Errorf("the name has lease %x, used %v, %v; want none", lease, used, err)
	}
}

// etcd forgets its past now and then. A watch that asks for it waits for what comes, unless it sees that
// something has changed meanwhile.
func TestAWatchOfAPastThatIsForgotten(t *testing.T) {
	t.Parallel()
	c := connect(t, serve(t, t.TempDir()))
	o := open(t, Config{Client: c, Patience: patient})
	leader := o.hears(t, write("leader", ""), "done")
	o.hears(t, write("plan", ""), "done")
	if _, err := c.Compact(t.Context(), int64(o.hears(t, write("other", ""), "done"))); err != nil {
		t.Fatal(err)
	}
	o.hears(t, wire.CoordWatch{Prefix: "leader", After: leader - 1, Wait: time.Hour}, "leader=x")
	o.hears(t, wire.CoordWatch{Prefix: "plan", After: leader, Wait: time.Hour}, "plan=x")
	o.Ask("jm-1", wire.CoordWatch{Prefix: "leader", After: leader, Wait: time.Hour})
	news := o.hears(t, wire.CoordTxn{Writes: []wire.Write{{Key: "leader", Delete: true}}}, "done")
	if m, ok := o.Answer("jm-1").(wire.CoordEntries); !ok || len(m.Entries) > 0 || m.Version < news {
		t.Errorf("the watch hears %+v, want that the key went at %d", m, news)
	}
}

// candidate contends for leadership until it is told to die.
type candidate struct {
	conf    config.HighAvailability
	name    string
	says    chan string
	elector election.Elector
}

type die struct{}

func (die) Word() string { return "die" }

func (c *candidate) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m.(type) {
	case mailbox.Started:
		c.elector = election.New(c.conf, c.name, "ha", c)
		c.elector.Start(env)
	case die:
		return mailbox.ErrDone
	default:
		c.elector.Handle(env, m)
	}
	return nil
}

func (c *candidate) Granted(mailbox.Env, id.Token) { c.says <- c.name }
func (c *candidate) Revoked(_ mailbox.Env, _ id.Token, cause string) {
	c.says <- c.name + " lost it: " + cause
}

// Of two candidates one leads; when it dies the other one follows.
func TestElectionOnEtcd(t *testing.T) {
	for _, kind := range []string{"kubernetes", "zookeeper"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			conf, _, err := config.Parse(map[string]string{"high-availability.type": kind, "high-availability.storageDir": "s3://ha",
				"high-availability.kubernetes.leader-election.lease-duration": "1 s",
				"high-availability.kubernetes.leader-election.renew-deadline": "1 s",
				"high-availability.kubernetes.leader-election.retry-period":   "100 ms",
				"high-availability.zookeeper.client.session-timeout":          "1 s",
				"high-availability.zookeeper.client.retry-wait":               "100 ms"})
			if err != nil {
				t.Fatal(err)
			}
			says := make(chan string, 16)
			residents := []live.Resident{{Actor: New(Config{Client: connect(t, serve(t, t.TempDir())), Patience: patient})}}
			for _, name := range []string{"a", "b"} {
				residents = append(residents, live.Resident{Name: name, Actor: &candidate{conf: conf.HighAvailability, name: name, says: says}})
			}
			node := live.Start(live.Config{Name: "ha", Residents: residents})
			t.Cleanup(func() { node.Stop() })
			leader := <-says
			node.Send("ha", mailbox.Addr("ha/"+leader), die{})
			if next := <-says; next == leader || len(next) > 1 {
				t.Errorf("%s leads and dies; then %s", leader, next)
			}
		})
	}
}
