package cluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka/client"
	"github.com/flinch-dev/flinch/sim/upstream"
)

// Producer is an application that writes the input in transactions; see package upstream.
type Producer struct {
	TransactionalID string
	Naming          Naming
	Records         int64         // so many make a transaction; 0: any number
	Interval        time.Duration // a transaction as old as this is ended
	Abort           float64       // the share of transactions that are aborted on purpose, 0 to 1
	Timeout         time.Duration // transaction.timeout.ms
	RequestTimeout  time.Duration // request.timeout.ms
	DeliveryTimeout time.Duration // delivery.timeout.ms
}

// Naming is who shares a transactional id, and so who fences whom.
type Naming string

// The namings. Only the first keeps two instances from writing the same.
const (
	ByApplication Naming = "application" // every instance has the same
	ByInstance    Naming = "instance"    // each has its own
	ByStart       Naming = "start"       // each has another one whenever it starts
)

// producer begins the names of the application's processes.
const producer = "producer"

// instances are those of the application, by the order in which they were first started.
type instances struct {
	cluster *Cluster
	process sim.Process // but for its name and its actors
	app     Producer
	client  client.Config
	topic   string
	feed    upstream.Feed
	started int
	lives   int32
}

// upstream sets up the first instance of the application that writes the input, if there is one.
func (c *Cluster) upstream(cfg Config) {
	app := cfg.Input.Producer
	if app == nil {
		return
	}
	c.instances = &instances{cluster: c, process: sim.Process{Cores: cfg.Cores, RestartAfter: cfg.RestartAfter},
		app: *app, topic: cfg.Input.Topic, feed: c.Input,
		client: client.Config{Brokers: c.Kafka.Addrs(), TransactionVersion: cfg.Kafka.TransactionVersion,
			RequestTimeout: app.RequestTimeout, DeliveryTimeout: app.DeliveryTimeout}}
	c.instances.start()
}

// start starts another instance.
func (i *instances) start() {
	p := i.process
	p.Name = fmt.Sprintf("%s-%d", producer, i.started)
	i.started++
	p.Boot = func(boot int) []sim.Resident {
		life := i.lives
		i.lives++
		cfg := upstream.Config{Kafka: mailbox.Addr(p.Name).In("kafka"), TransactionalID: i.app.id(p.Name, boot),
			Group: i.app.TransactionalID + "-position", Topic: i.topic, Timeout: i.app.Timeout, Records: i.app.Records, Interval: i.app.Interval, Abort: i.app.Abort, Life: life, Feed: i.feed}
		return []sim.Resident{{Actor: upstream.New(cfg)}, {Name: "kafka", Actor: client.New(i.client)}}
	}
	i.cluster.Add(p)
}

// id is the transactional id of an instance in one of its lives: orders-app, orders-app-1, orders-app-1-3.
func (app Producer) id(process string, boot int) string {
	number := strings.TrimPrefix(process, producer+"-")
	switch app.Naming {
	case ByInstance:
		return app.TransactionalID + "-" + number
	case ByStart:
		return fmt.Sprintf("%s-%s-%d", app.TransactionalID, number, boot)
	}
	return app.TransactionalID
}

// ReplaceProducer starts another instance of the application before the job in the place of one that goes on, as when
// the node of that one cannot be reached any more: nobody will start it again.
func (c *Cluster) ReplaceProducer(process string) {
	c.Abandon(process)
	c.instances.start()
}
