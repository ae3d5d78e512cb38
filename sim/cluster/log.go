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
)

// Log is Kafka as those see it who stand outside of the job: who feeds its input, and who reads everything when it
// is over.
type Log interface {
	CreateTopic(name string, partitions int)
	// Append appends records to a partition, as a producer without transactions does.
	Append(topic string, partition int, now time.Duration, records []record.Record)
	// Fetched is how many records of a topic its readers have fetched; false: that is not known.
	Fetched(topic string) (n int64, known bool)
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

func (m model) Events() history.History { return nil }

// kafka sets up Kafka, and returns the Kafka clients that each process has in the world.
func (c *Cluster) kafka(cfg Config) (client func() []sim.Resident) {
	if cfg.Log != nil { // the brokers have names, so that faults can be aimed at the way to them
		c.Log = cfg.Log
		for i := range cfg.Brokers {
			c.Add(sim.Process{Name: Broker(i), BootTime: -1, Boot: func(int) []sim.Resident { return nil }})
		}
		return func() []sim.Resident { return nil }
	}
	cfg.Kafka.Now = c.Now
	cfg.Kafka.Wake = func(to mailbox.Addr, m mailbox.Msg) { c.Send(to, to, m) }
	c.Kafka = kafka.NewCluster(cfg.Kafka)
	c.Log = model{c.Kafka, map[string]int{}}
	brokers := c.Kafka.Addrs()
	for i, addr := range brokers {
		c.Add(sim.Process{Name: string(addr), BootTime: -1, RestartAfter: cfg.RestartAfter,
			Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: c.Kafka.Broker(i)}} }})
	}
	c.Observe(func(e history.Entry) {
		if died, ok := e.Event.(history.ProcessStopped); ok {
			if i := slices.Index(brokers, mailbox.Addr(died.Name)); i >= 0 {
				c.missed(i)
			}
		}
	})
	return func() []sim.Resident {
		return []sim.Resident{{Name: "kafka", Actor: kafka.NewClient(kafka.ClientConfig{Brokers: brokers})}}
	}
}

// brokerSession is how long a broker may be silent until others lead what it led (broker.session.timeout.ms).
const brokerSession = 9 * time.Second

// missed has others lead what a dead broker led, unless it is back by then.
func (c *Cluster) missed(broker int) {
	c.After(brokerSession, func() {
		if !c.Up(Broker(broker)) {
			c.Kafka.FailOver(broker)
		}
	})
}

// Broker is the name of a broker.
func Broker(i int) string { return fmt.Sprintf("kafka-%d", i) }
