package entrypoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/jobmanager"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/metrics"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/live/status"
	"github.com/flinch-dev/flinch/runtime/live/web"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/taskmanager"
)

// Process is what a process is started with.
type Process struct {
	Flink  map[string]string
	Places services.Places
	TLS    TLS
	Remote bool // it may listen on other than the loopback interface
	Log    *slog.Logger
	// Ready, if set, is called once the process can be reached, with its name.
	Ready func(name string)
}

// stopGrace is how long a process that stops in good order has for it.
const stopGrace = 10 * time.Second

// JobManager runs a JobManager until it ends or the context does. Job is what application mode runs; nil: jobs are
// submitted.
func (p Process) JobManager(ctx context.Context, job *plan.Job) error {
	conf, err := p.parse()
	if err != nil {
		return fmt.Errorf("start a JobManager: %w", err)
	}
	if p.Places.Kafka == "" && job != nil && readsKafka(job) {
		return fmt.Errorf("start a JobManager: the job %s uses Kafka: say where it is with --kafka host:port", job.Name)
	}
	err = p.run(ctx, role{name: "jobmanager", port: rpc(conf.JobManager.Endpoint, "jobmanager.rpc.port"), host: conf.JobManager.Endpoint.Host,
		clusterID: conf.HighAvailability.ClusterID, fronts: []front{p.rest(conf), prometheus(conf, conf.JobManager.Endpoint, metrics.JobManager)},
		root: func(name string, s *services.Services) (mailbox.Actor, error) {
			return jobmanager.New(jobmanager.Config{Name: name, Flink: p.Flink, HA: s.HA, ObjectStore: s.ObjectStore, Kafka: s.Kafka, Job: job}), nil
		}})
	if err != nil {
		return fmt.Errorf("run a JobManager: %w", err)
	}
	return nil
}

// TaskManager runs a TaskManager until it ends or the context does.
func (p Process) TaskManager(ctx context.Context) error {
	conf, err := p.parse()
	if err != nil {
		return fmt.Errorf("start a TaskManager: %w", err)
	}
	err = p.run(ctx, role{name: "taskmanager", port: rpc(conf.TaskManager.Endpoint, "taskmanager.rpc.port"), host: conf.TaskManager.Endpoint.Host,
		fronts: []front{prometheus(conf, conf.TaskManager.Endpoint, metrics.TaskManager)},
		root: func(_ string, s *services.Services) (mailbox.Actor, error) {
			return taskmanager.New(taskmanager.Config{Flink: p.Flink, HA: s.HA, ObjectStore: s.ObjectStore, Kafka: s.Kafka})
		}})
	if err != nil {
		return fmt.Errorf("run a TaskManager: %w", err)
	}
	return nil
}

// parse reads the configuration, warns, and completes the places by Flink's keys.
func (p *Process) parse() (config.Config, error) {
	conf, warnings, err := config.Parse(p.Flink)
	for _, w := range warnings {
		p.Log.Warn(w.Text, "key", w.Key)
	}
	if err != nil {
		return conf, err
	}
	if quorum := conf.HighAvailability.ZooKeeper.Quorum; p.Places.HA == "" && quorum != "" {
		p.Places.HA = services.ZooKeeper + "://" + quorum + conf.HighAvailability.ZooKeeper.Root
	}
	switch {
	case p.Places.HA == "":
		return conf, errors.New("it needs a coordination service: name one with --ha etcd://host:port, or with high-availability.zookeeper.quorum")
	case p.Places.Storage == "":
		return conf, errors.New("it needs a storage for checkpoints: name one with --storage file:///folder or s3://bucket?endpoint=URL")
	}
	return conf, p.Places.Check()
}

// role is what tells one kind of process from another.
type role struct {
	name      string
	port      port
	host      string // by which others reach the port
	clusterID string // whose leader its fronts ask; empty: they ask nobody but the process itself
	fronts    []front
	root      func(name string, s *services.Services) (mailbox.Actor, error)
}

// run is the life of a process. All ports are opened first: one that is taken is said before anything has begun.
func (p Process) run(ctx context.Context, r role) error {
	secret, err := p.TLS.load()
	if err != nil {
		return err
	}
	listen, err := r.port.open(p.Remote)
	if err != nil {
		return err
	}
	defer listen.Close() // whoever has closed it has done no harm; so it is below
	name := net.JoinHostPort(r.host, strconv.Itoa(listen.Addr().(*net.TCPAddr).Port))
	log := p.Log.With("process", name)
	opened := []any{"role", r.name, "ha", p.Places.HA, "storage", p.Places.Storage, "kafka", p.Places.Kafka}
	listeners := make([]net.Listener, len(r.fronts))
	for i, f := range r.fronts {
		if listeners[i], err = f.port.open(p.Remote); err != nil {
			return err
		}
		defer listeners[i].Close()
		opened = append(opened, f.what, "http://"+listeners[i].Addr().String()+f.path)
	}
	s, err := services.Open(name, p.Places, nil, log)
	if err != nil {
		return err
	}
	defer s.Close()
	actor, err := r.root(name, s)
	if err != nil {
		return err
	}
	asks := status.Config{}
	if r.clusterID != "" {
		asks = status.Config{HA: s.HA, ClusterID: r.clusterID}
	}
	watcher := status.New(asks)
	cfg := live.Config{Name: name, Listen: listen, Residents: append([]live.Resident{{Actor: actor}, {Name: "status", Actor: watcher}}, s.Residents...),
		Resolve: func(process string) (string, error) { return process, nil }, Log: log, Note: logged(log)}
	if secret != nil {
		cfg.Listen = tls.NewListener(listen, secret)
		cfg.Dial = (&tls.Dialer{Config: secret}).DialContext
	}
	log.Info("started", opened...)
	node := live.Start(cfg)
	for i, f := range r.fronts {
		server := web.Serve(listeners[i], f.handler(name, watcher), web.Config{Log: log})
		defer server.Stop()
	}
	if p.Ready != nil {
		p.Ready(name)
	}
	select {
	case <-node.Done():
		return node.Wait()
	case <-ctx.Done():
	}
	log.Info("stopping")
	node.Send(mailbox.Addr(name), mailbox.Addr(name), mailbox.Stop{})
	select {
	case <-node.Done():
		return node.Wait()
	case <-time.After(stopGrace):
		log.Warn("it did not stop in good order in time", "waited", stopGrace)
		return node.Stop()
	}
}

func readsKafka(job *plan.Job) bool {
	for _, v := range job.Vertices {
		for _, op := range v.Chain {
			if op.Kind == plan.KafkaSource || op.Kind == plan.KafkaSink {
				return true
			}
		}
	}
	return false
}
