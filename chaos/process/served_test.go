//go:build unix

package process

import (
	"testing"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/cluster"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/client"
)

// The coordinator dies at the very step at which it has decided for a commit: it has told nobody, and written no marker.
// The members' own clients ask again; whoever coordinates next finds the decision in its log, and carries it out, once.
func TestACoordinatorDiesBetweenDecisionAndMarkers(t *testing.T) {
	c := conduct(t, Parts{Kafka: Served})
	var decided history.Transaction
	var coordinator string
	var after []string
	c.Observe(func(e history.Entry) {
		switch ev := e.Event.(type) {
		case history.Transaction:
			switch {
			case decided.ID == "" && ev.State == "PrepareCommit":
				decided, coordinator = ev, e.Process
				c.Kill(coordinator)
			case ev.ID == decided.ID && ev.ProducerID == decided.ProducerID:
				after = append(after, ev.State)
			}
		case history.MarkerAppended:
			if ev.ID != decided.ID {
				break
			}
			if after = append(after, "marker"); !c.Up(coordinator) {
				t.Errorf("a marker was written of which the dead %s can have told nobody", coordinator)
			}
		}
	})
	waits(t, c, "the decision is carried out", func() bool { return len(after) >= 2 })
	if after[0] != "marker" || after[1] != "CompleteCommit" {
		t.Errorf("after the decision: %v", after)
	}
	before := committed(t, c)
	waits(t, c, "output goes on", func() bool { return committed(t, c) > before+5 })
	offsets := map[int64]int{}
	for row := range c.Log.Dump("out") {
		if row.Fate != kafka.Committed {
			continue // of an attempt that a stall of the machine has ended, or not yet
		}
		if offsets[row.Origin.Offset]++; offsets[row.Origin.Offset] > 1 {
			t.Errorf("record %d was written twice", row.Origin.Offset)
		}
	}
}

// asker asks a client of its process for the partitions of a topic, and keeps the answer.
type asker struct {
	client   mailbox.Addr
	answered wire.KafkaPartitionsAre
}

func (a *asker) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		env.Send(a.client, wire.KafkaPartitions{Req: 1, Topic: "out"})
	case wire.KafkaPartitionsAre:
		a.answered = m
	}
	return nil
}

// A process of the world itself has its client there, and the same brokers.
func TestAProcessOfTheWorldReachesAServedKafka(t *testing.T) {
	c := conduct(t, Parts{Kafka: Served})
	a := &asker{client: "other/kafka"}
	c.Add(sim.Process{Name: "other", BootTime: -1, Boot: func(int) []sim.Resident {
		return []sim.Resident{{Actor: a}, {Name: "kafka", Actor: client.New(client.Config{Brokers: c.Kafka.Addrs()})}}
	}})
	waits(t, c, "it knows the output", func() bool { return a.answered.Req == 1 })
	if len(a.answered.Latest) != 1 || a.answered.Err != "" {
		t.Errorf("the answer is %+v", a.answered)
	}
}

// What is wrong with the network is wrong between a member and the brokers as well as between brokers.
func TestAServedKafkaIsOnTheNetwork(t *testing.T) {
	c := conduct(t, Parts{Kafka: Served})
	brokers := []string{cluster.Broker(0), cluster.Broker(1), cluster.Broker(2)}
	for _, story := range []struct {
		says     string
		from, to []string
		set      func(from, to string, wrong bool)
	}{
		{"nobody is heard by the TaskManager", brokers, []string{"taskmanager-0"},
			func(from, to string, wrong bool) { c.SetLink(from, to, fault.LinkState{Cut: wrong}) }},
		{"no broker is heard by another", brokers, brokers, func(from, to string, wrong bool) {
			if c.Mend(from, to); wrong {
				c.Cut(from, to)
			}
		}},
	} {
		t.Run(story.says, func(t *testing.T) {
			all := func(wrong bool) {
				for _, from := range story.from {
					for _, to := range story.to {
						if from != to {
							story.set(from, to, wrong)
						}
					}
				}
			}
			waits(t, c, "output is committed", func() bool { return committed(t, c) > 0 })
			all(true)
			before := standstill(t, c)
			all(false)
			waits(t, c, "output is committed again", func() bool { return committed(t, c) > before })
		})
	}
}
