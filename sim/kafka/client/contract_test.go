package client

import (
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/connector/kafkatest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// counter is a lab whose clients keep the contract that the gateway to a real cluster keeps, too.
type counter struct {
	*lab
	heard map[mailbox.Addr]*ear
}

// ear writes down what its actor is told.
type ear struct{ heard []mailbox.Msg }

func (e *ear) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, ok := m.(mailbox.Started); !ok {
		e.heard = append(e.heard, m)
	}
	return nil
}

func newCounter(t *testing.T, tv protocol.TransactionVersion) *counter {
	b := &counter{newLab(t, kafka.Config{TransactionVersion: tv}), map[mailbox.Addr]*ear{}}
	homes := map[string][]sim.Resident{}
	for _, asker := range kafkatest.Askers {
		b.heard[asker] = &ear{}
		name := string(asker[len(asker.Process())+1:])
		homes[asker.Process()] = append(homes[asker.Process()], sim.Resident{Name: name, Actor: b.heard[asker]})
	}
	for _, process := range []string{"first", "second"} {
		b.World.Add(sim.Process{Name: process, BootTime: -1, Boot: func(int) []sim.Resident {
			client := New(Config{Brokers: b.Addrs(), TransactionVersion: tv})
			return append(slices.Clone(homes[process]), sim.Resident{Name: "kafka", Actor: client})
		}})
	}
	b.pass(0)
	return b
}

func (b *counter) Ask(asker mailbox.Addr, m mailbox.Msg) { b.Send(asker, asker.In("kafka"), m) }

func (b *counter) Answer(asker mailbox.Addr) mailbox.Msg {
	b.RunUntil(func() bool { return len(b.heard[asker].heard) > 0 }, b.Now()+2*time.Minute)
	return b.Heard(asker)
}

func (b *counter) Heard(asker mailbox.Addr) mailbox.Msg {
	e := b.heard[asker]
	if len(e.heard) == 0 {
		return nil
	}
	m := e.heard[0]
	e.heard = e.heard[1:]
	return m
}

func (b *counter) Unavailable(ask func()) (available func()) {
	b.FailCoordinators(protocol.CoordinatorNotAvailable, time.Hour)
	ask()
	b.pass(100 * time.Millisecond)
	return func() { b.FailCoordinators(protocol.None, 0) }
}

func (b *counter) Stored(partition int32) (all []record.Record) {
	for row := range b.Dump(kafkatest.Topic) {
		if row.Partition == partition {
			all = append(all, record.Record{Key: []byte(row.Key), Value: row.Value, Count: row.Count, Time: row.Time, Origin: row.Origin})
		}
	}
	return all
}

// What the runtime relies on holds in a world as it does at the gateway to a real cluster.
func TestTheModelClientKeepsTheContract(t *testing.T) {
	for name, tv := range map[string]protocol.TransactionVersion{"TV1": protocol.TV1, "TV2": protocol.TV2} {
		t.Run(name, func(t *testing.T) {
			kafkatest.Run(t, func(t *testing.T) kafkatest.Bench { return newCounter(t, tv) }, nil)
		})
	}
}
