package cluster

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/client"
)

// Log is Kafka as those see it who stand outside of the job: who feeds its input, and who reads everything when it
// is over.
type Log interface {
	CreateTopic(name string, partitions int)
	// Append appends records to a partition, as a producer without transactions does.
	Append(topic string, partition int, now time.Duration, records []record.Record)
	// Fetched is how many records of a topic its readers have fetched; false: that is not known.
	Fetched(topic string) (n int64, known bool)
	// End is the offset after the last one of a topic, summed up over its partitions: where a reader stands who has read
	// everything.
	End(topic string) int64
	// Rows is how many rows Dump gives, for each partition of a topic.
	Rows(topic string) []int
	// Dump reads a topic out, partition by partition, in log order; see kafka.Cluster.
	Dump(topic string) iter.Seq[*kafka.Row]
	// Events is what the log itself tells and nobody has noted, in the order of time.
	Events() history.History
}

// model is the Log of the model.
type model struct {
	*kafka.Cluster
	topics map[string]int
}

func (m model) CreateTopic(name string, partitions int) {
	m.topics[name] = partitions
	m.Cluster.CreateTopic(name, partitions)
}

func (m model) Append(topic string, partition int, now time.Duration, records []record.Record) {
	m.Partition(topic, partition).AppendInput(now, records...)
}

func (m model) Fetched(topic string) (n int64, known bool) {
	for p := range m.topics[topic] {
		n += m.Partition(topic, p).Position()
	}
	return n, true
}

func (m model) End(topic string) (sum int64) {
	for p := range m.topics[topic] {
		sum += m.Partition(topic, p).HighWatermark()
	}
	return sum
}

func (m model) Events() history.History { return nil }

// kafka sets up Kafka, and returns the Kafka clients that each process has in the world.
func (c *Cluster) kafka(cfg Config) (clients func() []sim.Resident) {
	nothing := func() []sim.Resident { return nil }
	switch {
	case cfg.Log != nil: // the brokers have names, so that faults can be aimed at the way to them
		c.Log = cfg.Log
		for i := range cfg.Brokers {
			c.Add(sim.Process{Name: Broker(i), BootTime: -1, Boot: func(int) []sim.Resident { return nothing() }})
		}
		return nothing
	case cfg.Served != nil:
		c.brokers(cfg.Served, cfg.RestartAfter, cfg.Outside.Mail, func(i, boot int) []sim.Resident {
			cfg.Outside.Start(Broker(i), boot)
			return nil
		})
		return nothing
	}
	cfg.Kafka.Now = c.Now
	cfg.Kafka.Wake = func(to mailbox.Addr, m mailbox.Msg) { c.Send(to, to, m) }
	modelled := kafka.NewCluster(cfg.Kafka)
	c.brokers(modelled, cfg.RestartAfter, nil, func(i, _ int) []sim.Resident { return []sim.Resident{{Actor: modelled.Broker(i)}} })
	return func() []sim.Resident {
		return []sim.Resident{{Name: "kafka", Actor: client.New(client.Config{Brokers: modelled.Addrs(), TransactionVersion: cfg.Kafka.TransactionVersion})}}
	}
}

// brokers adds the processes of a model's brokers, whose lives are here or outside.
func (c *Cluster) brokers(k *kafka.Cluster, restart time.Duration, outside func(from, to mailbox.Addr, m mailbox.Msg), life func(i, boot int) []sim.Resident) {
	c.Kafka, c.Log = k, model{k, map[string]int{}}
	for i, addr := range k.Addrs() {
		c.Add(sim.Process{Name: string(addr), BootTime: -1, RestartAfter: restart, Outside: outside,
			Boot: func(boot int) []sim.Resident { return life(i, boot) }})
	}
	k.OnHalt(func(broker int) { c.After(0, func() { c.Kill(Broker(broker)) }) }) // not while it is at work
	c.Observe(func(e history.Entry) {
		if died, ok := e.Event.(history.ProcessStopped); ok {
			if i := slices.Index(k.Addrs(), mailbox.Addr(died.Name)); i >= 0 {
				c.missed(i)
			}
		}
	})
}

// brokerSession is how long a broker may be silent until others lead what it led (broker.session.timeout.ms).
const brokerSession = 9 * time.Second

// missed has others lead what a dead broker led, unless it is back by then.
func (c *Cluster) missed(broker int) {
	c.Kafka.Died(broker)
	c.After(brokerSession, func() {
		if !c.Up(Broker(broker)) {
			c.Kafka.FailOver(broker)
		}
	})
}

// Broker is the name of a broker.
func Broker(i int) string { return fmt.Sprintf("kafka-%d", i) }
