package kafka

import (
	"regexp"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

// lab is a cluster in a world, with the topic "out" of two partitions. What is asked of it, and how answers are written, is
// as in package conformance; the stories here plant faults between two steps of a broker, or look inside.
type lab struct {
	t *testing.T
	*sim.World
	*Cluster
	*conformance.Lab
	*conformance.Asker
	excused string // an invariant that the story breaks on purpose
}

// story is one case: what is done to a new lab, and what it must answer.
type story struct {
	name string
	tell func(l *lab)
}

func tell(t *testing.T, stories []story) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) { s.tell(newLab(t, Config{})) })
	}
}

// newLab starts a cluster. When the story is over no broker may have failed, and no invariant been broken.
func newLab(t *testing.T, cfg Config) *lab {
	w := sim.New(sim.Config{Seed: 7})
	cfg.Now = w.Now
	cfg.Wake = func(to mailbox.Addr, m mailbox.Msg) { w.Send(to, to, m) }
	c := NewCluster(cfg)
	l := &lab{t: t, World: w, Cluster: c}
	l.CreateTopic("out", 2)
	for n, addr := range l.Addrs() {
		l.add(string(addr), func() mailbox.Actor { return l.Broker(n) })
	}
	l.Asker = conformance.NewAsker(w, l.Addrs(), conformance.Traits{Brokers: 3, TransactionVersion: cfg.TransactionVersion.Level()})
	l.Lab = conformance.NewLab(struct {
		*conformance.Asker
		*Cluster
	}{l.Asker, c}, "", "out")
	l.Timeout, l.Fatal = time.Minute, t.Fatal
	l.Passing = regexp.MustCompile("CONCURRENT_TRANSACTIONS") // the others are what stories here are about
	l.pass(0)
	t.Cleanup(func() {
		for _, d := range l.Differences {
			t.Error(d)
		}
		for _, w := range l.Wrong(l.excused) {
			t.Error(w)
		}
	})
	return l
}

func (l *lab) add(name string, actor func() mailbox.Actor) {
	l.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor()}} }})
}

// What both the world or the cluster and the lab's clients have is the former's here.
func (l *lab) Now() time.Duration                        { return l.World.Now() }
func (l *lab) Send(from, to mailbox.Addr, m mailbox.Msg) { l.World.Send(from, to, m) }
func (l *lab) CreateTopic(topic string, partitions int)  { l.Cluster.CreateTopic(topic, partitions) }
func (l *lab) DeleteTopic(topic string)                  { l.Cluster.DeleteTopic(topic) }
func (l *lab) GroupCoordinator(group string) int         { return l.Cluster.GroupCoordinator(group) }

func (l *lab) pass(d time.Duration) { l.Pass(d) }

// noted is how often brokers have noted events of a kind.
func (l *lab) noted(kind string) (n int) {
	for _, e := range l.History() {
		if e.Event.Kind() == kind {
			n++
		}
	}
	return n
}

func (l *lab) is(got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("at %v: got %q, want %q", l.Now(), got, want)
	}
}

// send puts a request on its way to a broker, and ask waits for what comes.
func (l *lab) send(node int, version int16, req kmsg.Request) (await func() kmsg.Response) {
	return l.SendTo(int32(node), version, req)
}

func (l *lab) ask(node int, version int16, req kmsg.Request) kmsg.Response {
	return l.send(node, version, req)()
}

// failOver makes another broker the coordinator of an id, and waits until that has loaded what it needs.
func (l *lab) failOver(id string) {
	l.MoveCoordinator(TxnPartitionOf(id), (l.Coordinator(id)+1)%3)
	l.pass(time.Second)
}

// failOverGroup does so for the group "g".
func (l *lab) failOverGroup() {
	l.MoveGroups(TxnPartitionOf("g"), (l.GroupCoordinator("g")+1)%3)
	l.pass(time.Second)
}

const silence = conformance.Silence

func name(code int16) string { return conformance.Name(code) }

type writer = conformance.Writer

// newTopicConfig is that of a topic whose brokers have their defaults.
func newTopicConfig(set map[string]string) (*topicConfig, string) {
	return new(Config).topicConfig(set)
}
