package cluster

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/jobmanager"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/taskmanager"
	"github.com/flinch-dev/flinch/sim"
)

// Application is a Flink cluster with its one job. Several share a world with its Kafka, object store and coordination
// service, where high-availability.cluster-id keeps them apart.
type Application struct {
	Name         string // "" for the first
	JobManagers  int
	TaskManagers int
	RestartAfter time.Duration     // the supervisor's delay; 0: there is none
	Flink        map[string]string // Flink's configuration
	Job          plan.Job
}

// The roles of an application's processes, with which their names begin.
const (
	jobManager  = "jobmanager"
	taskManager = "taskmanager"
)

// JobManager and TaskManager are the names of the first application's processes.
func JobManager(i int) string  { return Application{}.process(jobManager, i) }
func TaskManager(i int) string { return Application{}.process(taskManager, i) }

// process is the name of one: taskmanager-0, or taskmanager-totals-0 of an application called totals.
func (a Application) process(role string, i int) string {
	if a.Name == "" {
		return fmt.Sprintf("%s-%d", role, i)
	}
	return fmt.Sprintf("%s-%s-%d", role, a.Name, i)
}

// ApplicationOf says whose JobManager or TaskManager a process is; member is false for one that is none, such as a
// service.
func ApplicationOf(process string) (name string, member bool) {
	role, rest, _ := strings.Cut(process, "-")
	if role != jobManager && role != taskManager {
		return "", false
	}
	number := rest
	if at := strings.LastIndex(rest, "-"); at >= 0 {
		name, number = rest[:at], rest[at+1:]
	}
	_, err := strconv.Atoi(number)
	return name, err == nil
}

// Applications are those to set up, the first one first.
func (cfg Config) Applications() []Application {
	all := []Application{{JobManagers: cfg.JobManagers, TaskManagers: cfg.TaskManagers, RestartAfter: cfg.RestartAfter, Flink: cfg.Flink, Job: cfg.Job}}
	if cfg.Downstream != nil {
		all = append(all, *cfg.Downstream)
	}
	return all
}

// add adds the processes of an application to the world: their actors, or stand-ins for real processes. The Kafka
// client of a stand-in stays in the world: it dies with the process, and its connections are the world's.
func (c *Cluster) add(cfg Config, a Application, clients func() []sim.Resident) {
	process := func(name string, root func(kafka mailbox.Addr) mailbox.Actor) {
		p := sim.Process{Name: name, Cores: cfg.Cores, RestartAfter: a.RestartAfter, Boot: func(int) []sim.Resident {
			return append([]sim.Resident{{Actor: root(mailbox.Addr(name).In("kafka"))}}, clients()...)
		}}
		if cfg.Outside != nil {
			p = sim.Process{Name: name, BootTime: -1, RestartAfter: a.RestartAfter, Outside: cfg.Outside.Mail, Boot: func(boot int) []sim.Resident {
				cfg.Outside.Start(name, boot)
				return clients()
			}}
		}
		c.Add(p)
	}
	for i := range a.JobManagers {
		name := a.process(jobManager, i)
		process(name, func(kafka mailbox.Addr) mailbox.Actor {
			job := a.Job
			return jobmanager.New(jobmanager.Config{Name: name, Flink: a.Flink, HA: ha, ObjectStore: objectStore, Kafka: kafka, Job: &job})
		})
	}
	for i := range a.TaskManagers {
		process(a.process(taskManager, i), func(kafka mailbox.Addr) mailbox.Actor {
			root, err := taskmanager.New(taskmanager.Config{Flink: a.Flink, HA: ha, ObjectStore: objectStore, Kafka: kafka})
			if err != nil {
				panic(err) // the configuration was parsed before the world was made
			}
			return root
		})
	}
}
