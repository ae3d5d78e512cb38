package upstream

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/client"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// shop is an application in a world with a Kafka, where a thousand orders come in, a hundred each second.
type shop struct {
	t *testing.T
	*sim.World
	*kafka.Cluster
	version protocol.TransactionVersion
	lives   int32
}

const orders = 1000

func (*shop) Due(now time.Time) int64 {
	return min(int64(now.Sub(sim.Epoch)/(10*time.Millisecond)), orders)
}
func (*shop) Record(n int64) record.Record {
	return record.Record{Key: []byte(fmt.Sprint(n)), Value: n, Count: 1}
}

func open(t *testing.T, version protocol.TransactionVersion) *shop {
	s := &shop{t: t, World: sim.New(sim.Config{Seed: 7}), version: version}
	s.Cluster = kafka.NewCluster(kafka.Config{Now: s.Now, TransactionVersion: version,
		Wake: func(to mailbox.Addr, m mailbox.Msg) { s.Send(to, to, m) }})
	s.CreateTopic("orders", 4)
	for n, addr := range s.Addrs() {
		s.Add(sim.Process{Name: string(addr), BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: s.Broker(n)}} }})
	}
	t.Cleanup(func() {
		for _, p := range s.Panics() {
			t.Error(p)
		}
	})
	return s
}

// hire starts an instance, with a supervisor if it is to be restarted.
func (s *shop) hire(name string, supervised bool, change func(*Config)) {
	p := sim.Process{Name: name, Boot: func(int) []sim.Resident {
		cfg := Config{Kafka: mailbox.Addr(name).In("kafka"), TransactionalID: "app", Group: "app-position", Topic: "orders",
			Timeout: 20 * time.Second, Interval: time.Second, Life: s.lives, Feed: s}
		s.lives++
		if change != nil {
			change(&cfg)
		}
		client := client.New(client.Config{Brokers: s.Addrs(), TransactionVersion: s.version,
			RequestTimeout: 2 * time.Second, DeliveryTimeout: 5 * time.Second})
		return []sim.Resident{{Actor: New(cfg)}, {Name: "kafka", Actor: client}}
	}}
	if supervised {
		p.RestartAfter = time.Second
	}
	s.Add(p)
}

func (s *shop) pass(d time.Duration) { s.Run(s.Now() + d) }

// wroteAll compares what read_committed readers see with all orders, each once, in order within its partition.
func (s *shop) wroteAll() {
	s.t.Helper()
	times, last := map[int64]int{}, map[int32]int64{}
	for row := range s.Dump("orders") {
		if row.Fate == kafka.Committed {
			times[row.Value]++
			if row.Value != row.Origin.Offset || row.Value < last[row.Partition] {
				s.t.Errorf("order %d is numbered %d, and comes after %d", row.Value, row.Origin.Offset, last[row.Partition])
			}
			last[row.Partition] = row.Value
		}
	}
	for n := range int64(orders) {
		if times[n] != 1 {
			s.t.Errorf("order %d can be read %d times", n, times[n])
		}
	}
}

// heard counts the notes of a kind.
func (s *shop) heard(kind string) (n int) {
	for _, e := range s.History() {
		if e.Event.Kind() == kind {
			n++
		}
	}
	return n
}

// ends are why processes have ended.
func (s *shop) ends() (causes []string) {
	for _, e := range s.History() {
		if stopped, ok := e.Event.(history.ProcessStopped); ok {
			causes = append(causes, stopped.Name+": "+stopped.Cause)
		}
	}
	return causes
}

var versions = []protocol.TransactionVersion{protocol.TV1, protocol.TV2}

// The position goes with the records, so whoever comes next goes on after the last commit.
func TestAnInstanceThatDiesIsGoneOnFor(t *testing.T) {
	for _, v := range versions {
		s := open(t, v)
		s.hire("producer-0", true, nil)
		for range 5 {
			s.pass(1700 * time.Millisecond)
			s.Kill("producer-0")
		}
		s.pass(time.Minute)
		s.wroteAll()
		if n := s.heard("producer.ready"); n != 6 {
			t.Errorf("%d lives got ready", n)
		}
	}
}

// What it aborts on purpose it writes once more, and asks for no new epoch in between.
func TestWhatIsAbortedIsWrittenAgain(t *testing.T) {
	for _, v := range versions {
		s := open(t, v)
		s.hire("producer-0", false, func(cfg *Config) { cfg.Abort, cfg.Records = 0.5, 20 })
		s.pass(time.Minute)
		s.wroteAll()
		if aborted := s.heard("producer.aborted"); aborted < 20 || s.heard("producer.ready") != 1 {
			t.Errorf("%d transactions were aborted, and it got ready %d times", aborted, s.heard("producer.ready"))
		}
		if committed := s.heard("producer.committed"); committed < orders/20 {
			t.Errorf("%d transactions were committed; each has 20 orders", committed)
		}
	}
}

// An end of which nobody tells the outcome is asked for until somebody does: writing it again would be twice.
func TestAnUnknownOutcomeIsAskedForAgain(t *testing.T) {
	s := open(t, protocol.TV2)
	s.hire("producer-0", false, nil)
	s.pass(2500 * time.Millisecond)
	s.LoseAnswersOf(kafka.Share{Of: []kmsg.Key{kmsg.EndTxn}, Share: 1})
	s.pass(70 * time.Second)
	if s.heard("producer.unknown") == 0 || s.heard("producer.committed") != 2 {
		t.Errorf("%d unknown, %d committed", s.heard("producer.unknown"), s.heard("producer.committed"))
	}
	s.LoseAnswersOf()
	s.pass(time.Minute)
	s.wroteAll()
	if ends := s.ends(); len(ends) > 0 {
		t.Errorf("%s", strings.Join(ends, "\n"))
	}
}

// Two instances with one transactional id: the second fences the first, which ends.
func TestAZombieIsFenced(t *testing.T) {
	for _, v := range versions {
		s := open(t, v)
		s.hire("producer-0", false, nil)
		s.pass(3500 * time.Millisecond)
		s.hire("producer-1", false, nil)
		s.pass(time.Minute)
		s.wroteAll()
		if ends := s.ends(); len(ends) != 1 || !strings.HasPrefix(ends[0], "producer-0: app cannot go on: ") {
			t.Errorf("version %d: %s", v, ends)
		}
	}
}

// With an id each, both go on from one position: the same orders are there twice.
func TestTwoIdsAreNoFence(t *testing.T) {
	s := open(t, protocol.TV2)
	s.hire("producer-0", false, func(cfg *Config) { cfg.TransactionalID = "app-0" })
	s.pass(3500 * time.Millisecond)
	s.hire("producer-1", false, func(cfg *Config) { cfg.TransactionalID = "app-1" })
	s.pass(time.Minute)
	var numbers []int64
	for row := range s.Dump("orders") {
		if row.Fate == kafka.Committed {
			numbers = append(numbers, row.Value)
		}
	}
	slices.Sort(numbers)
	if twice := len(numbers) - len(slices.Compact(numbers)); twice == 0 {
		t.Error("no order is there twice")
	}
}

// What cannot be delivered is aborted, and the instance ends; its next life writes it.
func TestWhatCannotBeDeliveredIsAborted(t *testing.T) {
	for _, v := range versions {
		s := open(t, v)
		s.hire("producer-0", true, nil)
		s.pass(2500 * time.Millisecond)
		s.DelayRequestsOf(kafka.Late{Share: kafka.Share{Of: []kmsg.Key{kmsg.Produce}, Share: 1, IDs: "app"}, By: 15 * time.Second})
		s.pass(8 * time.Second)
		s.DelayRequestsOf(kafka.Late{Share: kafka.Share{Of: []kmsg.Key{kmsg.Produce}, Share: 1, IDs: "another"}, By: time.Hour}) // which are not this one's
		s.pass(time.Minute)
		s.wroteAll()
		if ends := s.ends(); len(ends) == 0 || ends[0] != "producer-0: app cannot go on: TIMED_OUT" {
			t.Errorf("version %d: %s", v, ends)
		}
	}
}
