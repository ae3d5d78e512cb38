package status

import (
	"context"
	"errors"
	"fmt"

	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// What a question can end with, besides the error of its context.
var (
	ErrNoLeader   = errors.New("no JobManager leads at the moment; ask again in a while")
	ErrUnanswered = errors.New("whoever was asked has gone, or does not lead any more; ask again in a while")
	ErrUnknownJob = errors.New("the cluster does not know the job")
	ErrEnded      = errors.New("the job has ended")
)

// The components of a leader that are asked.
const (
	dispatcher      = "dispatcher"
	resourceManager = "resourcemanager"
)

// Config describes a Client.
type Config struct {
	HA        mailbox.Addr // the coordination service; empty: nobody but the TaskManager of the process is asked
	ClusterID string       // high-availability.cluster-id
}

// Client is an actor, which belongs in a live.Node under any name, and methods for all other goroutines.
type Client struct {
	cfg     Config
	started chan struct{} // closed when post is there
	post    func(mailbox.Msg)

	// What follows is the actor's.
	req     uint64
	open    map[uint64]*question
	leaders *election.Retrieval
}

// New returns a client for one node.
func New(cfg Config) *Client {
	return &Client{cfg: cfg, started: make(chan struct{}), open: map[uint64]*question{}, leaders: election.NewRetrieval(cfg.HA, cfg.ClusterID)}
}

// question is what a goroutine waits for. It goes to a leader's component, fenced, or to an address.
type question struct {
	component string
	to        mailbox.Addr
	message   func(req uint64) mailbox.Msg
	answer    chan reply // has room for the one answer: the actor never waits

	asked wire.Leader // who was asked, for the actor
	req   uint64
}

type reply struct {
	m   mailbox.Msg
	err error
}

// asked hands a question to the actor, forgotten takes it back, whether it was answered or not.
type (
	asked     struct{ q *question }
	forgotten struct{ q *question }
)

func (asked) Word() string     { return "status-asked" }
func (forgotten) Word() string { return "status-forgotten" }

// begin asks, and returns what waits for the answer.
func begin[A mailbox.Msg](ctx context.Context, c *Client, q *question) (wait func() (A, error)) {
	q.answer = make(chan reply, 1)
	select {
	case <-c.started:
		c.post(asked{q})
	case <-ctx.Done():
	}
	return func() (answer A, err error) {
		select {
		case r := <-q.answer:
			if r.err != nil {
				return answer, r.err
			}
			answer, ok := r.m.(A)
			if !ok {
				return answer, fmt.Errorf("%q was the answer, not %q", r.m.Word(), answer.Word())
			}
			return answer, nil
		case <-ctx.Done():
			select {
			case <-c.started:
				c.post(forgotten{q})
			default:
			}
			return answer, ctx.Err()
		}
	}
}

func ask[A mailbox.Msg](ctx context.Context, c *Client, component string, message func(req uint64) mailbox.Msg) (A, error) {
	return begin[A](ctx, c, &question{component: component, message: message})()
}

// TaskManagers are those that are registered with the leader.
func (c *Client) TaskManagers(ctx context.Context) ([]wire.TaskManagerReport, error) {
	are, err := ask[wire.TaskManagersAre](ctx, c, resourceManager, func(req uint64) mailbox.Msg { return wire.RequestTaskManagers{Req: req} })
	if err != nil {
		return nil, fmt.Errorf("ask the ResourceManager for its TaskManagers: %w", err)
	}
	return are.TaskManagers, nil
}

// Jobs are those that the leader knows.
func (c *Client) Jobs(ctx context.Context) ([]wire.JobSummary, error) {
	are, err := ask[wire.JobsAre](ctx, c, dispatcher, func(req uint64) mailbox.Msg { return wire.RequestJobs{Req: req} })
	if err != nil {
		return nil, fmt.Errorf("ask the Dispatcher for its jobs: %w", err)
	}
	return are.Jobs, nil
}

// Job is a job at one moment; ErrUnknownJob.
func (c *Client) Job(ctx context.Context, job id.Job) (wire.JobReport, error) {
	is, err := ask[wire.JobIs](ctx, c, dispatcher, func(req uint64) mailbox.Msg { return wire.RequestJob{Req: req, Job: job} })
	if err == nil && is.Report.Status == "" {
		err = ErrUnknownJob
	}
	if err != nil {
		return wire.JobReport{}, fmt.Errorf("ask the Dispatcher about job %s: %w", job, err)
	}
	return is.Report, nil
}

// Cancel has a job cancelled, and does not wait until it is; ErrUnknownJob, ErrEnded.
func (c *Client) Cancel(ctx context.Context, job id.Job) error {
	is, err := ask[wire.JobCancelling](ctx, c, dispatcher, func(req uint64) mailbox.Msg { return wire.CancelJob{Req: req, Job: job} })
	if err == nil && is.Refused != "" {
		_, err = c.Job(ctx, job)
		if err == nil {
			err = fmt.Errorf("%w, or has not started yet", ErrEnded)
		}
	}
	if err != nil {
		return fmt.Errorf("cancel job %s: %w", job, err)
	}
	return nil
}

// Leader is the process that leads.
func (c *Client) Leader(ctx context.Context) (process string, err error) {
	is, err := ask[leaderIs](ctx, c, dispatcher, nil)
	return mailbox.Addr(is.Addr).Process(), err
}

// Tasks are those of a TaskManager.
func (c *Client) Tasks(ctx context.Context, taskManager mailbox.Addr) ([]wire.TaskOfJob, error) {
	are, err := begin[wire.TasksAre](ctx, c, &question{to: taskManager, message: func(req uint64) mailbox.Msg { return wire.RequestTasks{Req: req} }})()
	if err != nil {
		return nil, fmt.Errorf("ask %s for its tasks: %w", taskManager, err)
	}
	return are.Tasks, nil
}

// IO asks tasks what they have read and written, all at once. Those that do not answer are nil in what it returns.
func (c *Client) IO(ctx context.Context, tasks []mailbox.Addr) []*wire.TaskIOIs {
	waits := make([]func() (wire.TaskIOIs, error), len(tasks))
	for i, at := range tasks {
		waits[i] = begin[wire.TaskIOIs](ctx, c, &question{to: at, message: func(req uint64) mailbox.Msg { return wire.RequestTaskIO{Req: req} }})
	}
	all := make([]*wire.TaskIOIs, len(tasks))
	for i, wait := range waits {
		if is, err := wait(); err == nil {
			all[i] = &is
		}
	}
	return all
}
