package jobmanager

import (
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// Config describes a JobManager process.
type Config struct {
	Name        string            // of the process
	Flink       map[string]string // Flink's configuration
	HA          mailbox.Addr      // the coordination service
	ObjectStore mailbox.Addr
	Kafka       mailbox.Addr // the process's Kafka client
	// Job is what application mode runs: whenever this process comes to lead, it submits the job, under its
	// fixed id. If it is there already, or has ended, that is fine. Nil: session mode.
	Job *plan.Job
}

// New returns the root actor of a JobManager process. A configuration that cannot be used ends the process
// at its start.
func New(cfg Config) mailbox.Actor { return &jobManager{cfg: cfg} }

type jobManager struct {
	cfg      Config
	conf     config.Config
	elector  election.Elector
	grants   int
	children []mailbox.Addr // of the present grant
	ended    bool           // the application's job has
	stopping bool
}

// stop tells an actor that its grant of leadership is over. applicationEnded tells the root actor that the
// job of application mode will never run again.
type (
	stop             struct{}
	applicationEnded struct{}
)

func (stop) Word() string             { return "stop" }
func (applicationEnded) Word() string { return "application-ended" }

// stopped ends the process, stopGrace after it was asked to stop: what it has said by then has left.
type stopped struct{}

func (stopped) Word() string { return "stopped" }

const stopGrace = time.Second

// leadership is what the actors of one grant have in common.
type leadership struct {
	cfg   Config
	conf  config.Config
	token id.Token
	grant int
}

// name is that of an actor of this grant.
func (l leadership) name(component string) string { return fmt.Sprintf("%s-%d", component, l.grant) }

func (j *jobManager) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		conf, _, err := config.Parse(j.cfg.Flink)
		if err != nil {
			return fmt.Errorf("start %s: %w", j.cfg.Name, err)
		}
		j.conf = conf
		j.elector = election.New(conf.HighAvailability, j.cfg.Name, j.cfg.HA, j)
		j.elector.Start(env)
	case mailbox.Exited:
		if m.Err != "" && slices.Contains(j.children, m.Child) { // those of a former grant do not matter
			return fmt.Errorf("%s has failed: %s", m.Child, m.Err)
		}
	case applicationEnded:
		j.ended = true
	case mailbox.Stop:
		if !j.stopping {
			j.stopping = true
			j.elector.Resign(env)
			env.After(stopGrace, stopped{})
		}
	case stopped:
		return mailbox.ErrDone
	default:
		j.elector.Handle(env, m)
	}
	return nil
}

// Granted makes the components of a leader.
func (j *jobManager) Granted(env mailbox.Env, token id.Token) {
	j.grants++
	l := leadership{cfg: j.cfg, conf: j.conf, token: token, grant: j.grants}
	if j.ended {
		l.cfg.Job = nil
	}
	manager := env.Spawn(l.name("resourcemanager"), newResourceManager(l))
	dispatcher := env.Spawn(l.name("dispatcher"), newDispatcher(l, manager))
	j.children = []mailbox.Addr{manager, dispatcher}
}

// Revoked stops them. Nothing is waited for.
func (j *jobManager) Revoked(env mailbox.Env, _ id.Token, _ string) {
	for _, child := range j.children {
		env.Send(child, stop{})
	}
	j.children = nil
}
