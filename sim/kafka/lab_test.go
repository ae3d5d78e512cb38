package kafka

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
)

// lab is a cluster in a world, with the topic "out" of two partitions, and a client that sends any request to
// any broker. Answers are written as a person would: the name of the error, or NONE and what was granted;
// "p2/1" is epoch 1 of the second producer id that the lab has seen.
type lab struct {
	t *testing.T
	*sim.World
	*Cluster
	heard   map[uint64]kmsg.Response
	asked   uint64
	conn    uint32 // to send on; 0 is a new one each time
	pids    []int64
	hasty   bool   // CONCURRENT_TRANSACTIONS is an answer, and not a reason to ask again
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

// Receive is the client's mailbox.
func (l *lab) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if m, ok := m.(Response); ok {
		if l.heard[m.Corr] != nil {
			l.t.Errorf("at %v: %s is answered twice", l.Now(), m.Word())
		}
		l.heard[m.Corr] = m.Resp
	}
	return nil
}

// newLab starts a cluster. When the story is over no broker may have failed, and no invariant been broken.
func newLab(t *testing.T, cfg Config) *lab {
	l := &lab{t: t, World: sim.New(sim.Config{Seed: 7}), heard: map[uint64]kmsg.Response{}}
	cfg.Now = l.Now
	cfg.Wake = func(to mailbox.Addr, m mailbox.Msg) { l.Send(to, to, m) }
	l.Cluster = NewCluster(cfg)
	l.CreateTopic("out", 2)
	for n, addr := range l.Addrs() {
		l.add(string(addr), func() mailbox.Actor { return l.Broker(n) })
	}
	l.add("client", func() mailbox.Actor { return l })
	l.pass(0)
	t.Cleanup(func() {
		for _, p := range l.Panics() {
			t.Error(p)
		}
		for _, e := range l.History() {
			if v, ok := e.Event.(history.Violation); ok && v.Invariant != l.excused {
				t.Errorf("%v: %s is broken: %s", e.At, v.Invariant, v.Detail)
			}
		}
	})
	return l
}

func (l *lab) add(name string, actor func() mailbox.Actor) {
	l.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor()}} }})
}

func (l *lab) pass(d time.Duration) { l.Run(l.Now() + d) }

func (l *lab) is(got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("at %v: got %q, want %q", l.Now(), got, want)
	}
}

// send puts a request on its way, through the bytes of the protocol: what a version does not carry is lost.
func (l *lab) send(node int, version int16, req kmsg.Request) uint64 {
	req.SetVersion(version)
	carried := preview.RequestFor(req.Key(), version)
	carried.SetVersion(version)
	if err := carried.ReadFrom(req.AppendTo(nil)); err != nil {
		l.t.Fatalf("request %s v%d cannot be read: %v", kmsg.NameForKey(req.Key()), version, err)
	}
	l.asked++
	l.Send("client", Addr(node), Request{Corr: l.asked, Conn: l.conn, Req: carried})
	return l.asked
}

// answer waits for an answer, ten seconds at most: nil if there is none.
func (l *lab) answer(asked uint64) kmsg.Response {
	if !l.RunUntil(func() bool { return l.heard[asked] != nil }, l.Now()+10*time.Second) {
		return nil
	}
	resp := l.heard[asked]
	carried := preview.ResponseFor(resp.Key(), resp.GetVersion())
	carried.SetVersion(resp.GetVersion())
	if err := carried.ReadFrom(resp.AppendTo(nil)); err != nil {
		l.t.Fatalf("answer %s v%d cannot be read: %v", kmsg.NameForKey(resp.Key()), resp.GetVersion(), err)
	}
	return carried
}

func (l *lab) ask(node int, version int16, req kmsg.Request) kmsg.Response {
	return l.answer(l.send(node, version, req))
}

// untilSettled tries again while the transaction before is being ended, as clients do.
func (l *lab) untilSettled(try func() string) string {
	deadline := l.Now() + 10*time.Second
	for {
		said := try()
		if said != "CONCURRENT_TRANSACTIONS" || l.hasty || l.Now() > deadline {
			return said
		}
		l.pass(20 * time.Millisecond)
	}
}

const silence = "no answer"

func name(code int16) string {
	if code == none {
		return "NONE"
	}
	return nameOf(code)
}

// pair writes a producer id and epoch.
func (l *lab) pair(pid int64, epoch int16) string {
	n := slices.Index(l.pids, pid)
	if n < 0 {
		n = len(l.pids)
		l.pids = append(l.pids, pid)
	}
	return fmt.Sprintf("p%d/%d", n+1, epoch)
}

// failOver makes another broker the coordinator of an id, and waits until that has loaded what it needs.
func (l *lab) failOver(id string) {
	l.MoveCoordinator(TxnPartitionOf(id), (l.Coordinator(id)+1)%3)
	l.pass(time.Second)
}

// newTopicConfig is that of a topic whose brokers have their defaults.
func newTopicConfig(set map[string]string) (*topicConfig, string) {
	return new(Config).topicConfig(set)
}
