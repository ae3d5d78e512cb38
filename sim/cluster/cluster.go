package cluster

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/blobs"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/lease"
)

// Config says what to set up.
type Config struct {
	World        sim.Config
	JobManagers  int
	TaskManagers int
	Cores        int               // of each JobManager and TaskManager
	RestartAfter time.Duration     // the supervisor's delay; 0: there is none
	Flink        map[string]string // Flink's configuration
	Job          plan.Job
	Downstream   *Application // a second one, which reads what the first writes; nil: there is none
	Kafka        kafka.Config
	Topics       map[string]int // partitions of the topics besides the input
	Input        Input
	Outside      Outside // nil: JobManagers and TaskManagers live in the world, too
	// Real names the services that live outside as well, of "ha" and "objectstore".
	Real []string
	// Files is what the object store holds, if that is real; nil: the model's.
	Files Files
	// Served is the model of Kafka if its brokers live outside as well, and processes reach it by themselves; nil: what
	// Kafka describes lives in the world.
	Served *kafka.Cluster
	// Log is Kafka, if that is real, with so many brokers, and processes reach it by themselves; nil: the model.
	Log     Log
	Brokers int
}

// Files are objects as users see them, who write a job's input files and read its output.
type Files interface {
	Write(path string, data []byte)
	Paths() []string // all, sorted
	Object(path string) (data []byte, found bool)
}

// Outside runs JobManagers and TaskManagers as real processes, real services, and brokers that are served. The world
// stands for all that lies between them: network, the other services, Kafka clients and the supervisor.
type Outside interface {
	// Start starts a life of a process.
	Start(process string, boot int)
	// Mail brings a message to an actor of a process.
	Mail(from, to mailbox.Addr, m mailbox.Msg)
}

// Cluster is a running cluster.
type Cluster struct {
	*sim.World
	Kafka      *kafka.Cluster
	Blobs      *blobs.Store
	Lease      *lease.Service
	Files      Files
	Log        Log
	Input      *generator
	instances  *instances // of the application that writes the input; nil: there is none
	View                  // of the first application
	Downstream *View      // of the second, if there is one
}

// The addresses of the services.
const (
	objectStore mailbox.Addr = "objectstore"
	ha          mailbox.Addr = "ha"
)

// New sets up a cluster at time 0; the job is submitted by whichever JobManager leads first.
func New(cfg Config) *Cluster {
	w := sim.New(cfg.World)
	c := &Cluster{World: w, Blobs: blobs.New(), Lease: lease.New()}
	if c.Files = cfg.Files; c.Files == nil {
		c.Files = c.Blobs
	}
	c.Lease.Wake = func(m mailbox.Msg) { w.Send(ha, ha, m) }
	c.View.watch(w)
	if cfg.Downstream != nil {
		c.Downstream = NewView(cfg.Downstream.Name)
		c.Downstream.watch(w)
	}

	service := func(name string, actor func() mailbox.Actor) {
		if slices.Contains(cfg.Real, name) {
			w.Add(sim.Process{Name: name, BootTime: -1, Outside: cfg.Outside.Mail, Boot: func(int) []sim.Resident { return nil }})
			return
		}
		w.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor()}} }})
	}
	service(string(objectStore), func() mailbox.Actor { return c.Blobs })
	service(string(ha), func() mailbox.Actor { return c.Lease })
	clients := c.kafka(cfg)
	if cfg.Input.Topic != "" {
		c.Log.CreateTopic(cfg.Input.Topic, cfg.Input.Partitions)
	}
	for _, name := range sortedKeys(cfg.Topics) {
		c.Log.CreateTopic(name, cfg.Topics[name])
	}
	for _, a := range cfg.Applications() {
		c.add(cfg, a, clients)
	}
	c.Input = newGenerator(w, c.Log, c.Files, cfg.Input)
	c.upstream(cfg)
	return c
}
