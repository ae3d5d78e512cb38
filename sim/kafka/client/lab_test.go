package client

import (
	"regexp"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// lab is a cluster in a world, with the topic "out" of two partitions, and whoever looks at what comes of a client's work.
type lab struct {
	t *testing.T
	*sim.World
	*kafka.Cluster
	*conformance.Lab
	*conformance.Asker
}

// newLab starts a cluster. When the story is over nobody may have failed, and no invariant been broken.
func newLab(t *testing.T, cfg kafka.Config) *lab {
	w := sim.New(sim.Config{Seed: 7})
	cfg.Now = w.Now
	cfg.Wake = func(to mailbox.Addr, m mailbox.Msg) { w.Send(to, to, m) }
	c := kafka.NewCluster(cfg)
	l := &lab{t: t, World: w, Cluster: c}
	c.CreateTopic("out", 2)
	for n, addr := range c.Addrs() {
		l.add(string(addr), func() mailbox.Actor { return c.Broker(n) })
	}
	l.Asker = conformance.NewAsker(w, c.Addrs(), conformance.Traits{Brokers: 3, TransactionVersion: cfg.TransactionVersion.Level()})
	l.Lab = conformance.NewLab(struct {
		*conformance.Asker
		*kafka.Cluster
	}{l.Asker, c}, "", "out")
	l.Timeout, l.Fatal = time.Minute, t.Fatal
	l.Passing = regexp.MustCompile("CONCURRENT_TRANSACTIONS")
	l.pass(0)
	t.Cleanup(func() {
		for _, d := range l.Differences {
			t.Error(d)
		}
		for _, w := range l.Wrong() {
			t.Error(w)
		}
	})
	return l
}

func (l *lab) add(name string, actor func() mailbox.Actor) {
	l.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor()}} }})
}

// What both the world or the cluster and the lab have is the former's here.
func (l *lab) Now() time.Duration                        { return l.World.Now() }
func (l *lab) Send(from, to mailbox.Addr, m mailbox.Msg) { l.World.Send(from, to, m) }
func (l *lab) CreateTopic(topic string, partitions int)  { l.Cluster.CreateTopic(topic, partitions) }

func (l *lab) pass(d time.Duration) { l.Pass(d) }

func (l *lab) is(got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("at %v: got %q, want %q", l.Now(), got, want)
	}
}

// failOver makes another broker the coordinator of an id, and waits until that has loaded what it needs.
func (l *lab) failOver(id string) {
	l.MoveCoordinator(kafka.TxnPartitionOf(id), (l.Coordinator(id)+1)%3)
	l.pass(time.Second)
}
