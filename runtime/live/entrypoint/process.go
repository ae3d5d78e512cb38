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
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/jobmanager"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/services"
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
	err = p.run(ctx, conf.JobManager.Endpoint, "jobmanager", func(name string, s *services.Services) (mailbox.Actor, error) {
		return jobmanager.New(jobmanager.Config{Name: name, Flink: p.Flink, HA: s.HA, ObjectStore: s.ObjectStore, Kafka: s.Kafka, Job: job}), nil
	})
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
	err = p.run(ctx, conf.TaskManager.Endpoint, "taskmanager", func(_ string, s *services.Services) (mailbox.Actor, error) {
		return taskmanager.New(taskmanager.Config{Flink: p.Flink, HA: s.HA, ObjectStore: s.ObjectStore, Kafka: s.Kafka})
	})
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

// run is the life of a process.
func (p Process) run(ctx context.Context, at config.Endpoint, role string, root func(name string, s *services.Services) (mailbox.Actor, error)) error {
	secret, err := p.TLS.load()
	if err != nil {
		return err
	}
	listen, name, err := p.listen(at)
	if err != nil {
		return err
	}
	log := p.Log.With("process", name)
	s, err := services.Open(name, p.Places, nil, log)
	if err != nil {
		listen.Close()
		return err
	}
	defer s.Close()
	actor, err := root(name, s)
	if err != nil {
		listen.Close()
		return err
	}
	cfg := live.Config{Name: name, Listen: listen, Residents: append([]live.Resident{{Actor: actor}}, s.Residents...),
		Resolve: func(process string) (string, error) { return process, nil }, Log: log, Note: logged(log)}
	if secret != nil {
		cfg.Listen = tls.NewListener(listen, secret)
		cfg.Dial = (&tls.Dialer{Config: secret}).DialContext
	}
	log.Info("started", "role", role, "ha", p.Places.HA, "storage", p.Places.Storage, "kafka", p.Places.Kafka)
	node := live.Start(cfg)
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

// listen opens the port of a process, and says what the process is called.
func (p Process) listen(at config.Endpoint) (net.Listener, string, error) {
	l, err := Listen(at.BindHost, at.Port, p.Remote)
	if err != nil {
		return nil, "", err
	}
	return l, net.JoinHostPort(at.Host, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)), nil
}

// Listen opens a port; one that is not of the loopback interface only if that was asked for.
func Listen(host string, port int, remote bool) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen on %s:%d: %w; if the port is taken, choose another or 0 for a free one", host, port, err)
	}
	if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() && !remote {
		l.Close()
		return nil, fmt.Errorf("listen on %s:%d: that is not the loopback interface, and everybody who reaches it may do anything; if that is meant, add --allow-remote, and TLS", host, port)
	}
	return l, nil
}

// logged writes what happens to a log.
func logged(log *slog.Logger) func(history.Entry) {
	return func(e history.Entry) {
		log.Debug(e.Event.Kind(), "actor", e.Actor, "event", e.Event)
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
