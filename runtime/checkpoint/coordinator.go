package checkpoint

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// Target is an attempt and where to reach it.
type Target struct {
	Attempt     id.Attempt
	TaskManager mailbox.Addr
}

// Plan is who takes part in a checkpoint.
type Plan struct {
	Trigger []Target // running tasks without running predecessors
	Wait    []Target // all running tasks
	// Vertices are the job's, with Finished set for tasks that are over and room for the state of the others.
	Vertices []snapshot.Vertex
}

// Job is what the coordinator must know of its job, and what it does to it.
type Job interface {
	// Plan says who takes part in a checkpoint that starts now, or why there can be none.
	Plan() (plan Plan, why string)
	// SnapshotSources lets the coordinators of the sources take their snapshots, and closes their gateways. then
	// is called once every event sent before has certainly arrived.
	SnapshotSources(env mailbox.Env, n id.Checkpoint, then func(env mailbox.Env, sources []snapshot.Coordinator))
	// Completed and Aborted tell those coordinators.
	Completed(env mailbox.Env, n id.Checkpoint)
	Aborted(env mailbox.Env, n id.Checkpoint)
	// Deployed are the present attempts, whoever took part in which checkpoint.
	Deployed() []Target
	// Running says whether this attempt is the present one of its subtask, and RUNNING.
	Running(a id.Attempt) bool
	// FailGlobally restarts the whole job, if its restart strategy lets it.
	FailGlobally(env mailbox.Env, cause string)
}

// Config says what to checkpoint, and where to.
type Config struct {
	Job            id.Job
	MaxParallelism int
	Flink          config.Config
	Store          *election.Store
	Blobs          *blob.Client
}

// Coordinator makes the checkpoints of one job, and keeps the completed ones.
type Coordinator struct {
	job   Job
	id    id.Job
	maxP  int
	conf  config.Checkpointing
	dir   string // of the job's checkpoints
	haDir string // of the job's handle files
	store *election.Store
	blobs *blob.Client

	counter  counter
	failures failures
	stats    statistics

	running    bool   // the periodic scheduler
	round      uint64 // of the scheduler: what belongs to an earlier round is void
	timer      uint64 // of the periodic trigger
	queue      []request
	triggering bool
	pending    []*pending
	cleaning   int
	ended      time.Time // when the last checkpoint completed; zero: none

	completed []Completed // by id
	undecided []Completed // the write of the pointer had no answer
	aborted   []id.Checkpoint
	waiting   []func(env mailbox.Env, latest *snapshot.Metadata)
	settling  bool
}

// New returns a coordinator that does nothing yet.
func New(cfg Config, job Job) *Coordinator {
	k := cfg.Flink.Checkpointing
	c := &Coordinator{job: job, id: cfg.Job, maxP: cfg.MaxParallelism, conf: k, store: cfg.Store, blobs: cfg.Blobs,
		dir: Dir(cfg.Flink, cfg.Job), haDir: HADir(cfg.Flink, cfg.Job), failures: newFailures(k.TolerableFailed)}
	c.conf.Interval = max(k.Interval, k.MinPause)
	if !k.Enabled() {
		c.conf.Interval = 0
	}
	c.counter = counter{store: cfg.Store, key: election.CounterKey(cfg.Job)}
	return c
}

// Dir is the directory of a job's checkpoints in the object store; HADir that of its handle files.
func Dir(c config.Config, job id.Job) string { return c.Checkpointing.Dir + "/" + string(job) }

// HADir is the directory of the files that a job's pointers refer to.
func HADir(c config.Config, job id.Job) string {
	return c.HighAvailability.StorageDir + "/" + string(job)
}

// tick is the periodic timer; expiry ends a checkpoint that takes too long.
type (
	tick   struct{ Timer uint64 }
	expiry struct{ Checkpoint id.Checkpoint }
)

func (tick) Word() string   { return "checkpoint-tick" }
func (expiry) Word() string { return "checkpoint-expiry" }

// Handle takes a timer. mine is false for a message that is not for the coordinator.
func (c *Coordinator) Handle(env mailbox.Env, m mailbox.Msg) (mine bool) {
	defer c.check()
	switch m := m.(type) {
	case tick:
		if c.running && m.Timer == c.timer {
			c.arm(env, c.conf.Interval)
			c.request(env, request{periodic: true})
		}
	case expiry:
		if p := c.find(m.Checkpoint); p != nil {
			c.abort(env, p, Expired, nil)
		}
	case settle:
		c.settling = false
		c.decide(env)
	default:
		return false
	}
	return true
}

// Start starts the periodic scheduler. The job has become RUNNING.
func (c *Coordinator) Start(env mailbox.Env) {
	if c.running || c.conf.Interval == 0 {
		return
	}
	c.running = true
	c.round++
	first := c.conf.MinPause
	if spread := c.conf.Interval - c.conf.MinPause; spread > 0 {
		first += time.Duration(env.Rand("checkpoint.first").Int64N(int64(spread) + 1))
	}
	c.arm(env, first)
}

// Stop stops it: the job is not RUNNING any more. Everything pending and queued is aborted.
func (c *Coordinator) Stop(env mailbox.Env, reason Reason) {
	c.running = false
	c.round++
	c.timer++
	c.queue = nil
	c.triggering = false
	c.AbortPending(env, reason)
}

// AbortPending aborts every checkpoint that can still be aborted.
func (c *Coordinator) AbortPending(env mailbox.Env, reason Reason) {
	for _, p := range append([]*pending(nil), c.pending...) {
		c.abort(env, p, reason, nil)
	}
}

func (c *Coordinator) arm(env mailbox.Env, wait time.Duration) {
	c.timer++
	env.After(wait, tick{c.timer})
}

func (c *Coordinator) find(n id.Checkpoint) *pending {
	for _, p := range c.pending {
		if p.id == n {
			return p
		}
	}
	return nil
}

func (c *Coordinator) forget(p *pending) {
	for i, other := range c.pending {
		if other == p {
			c.pending = append(c.pending[:i], c.pending[i+1:]...)
			return
		}
	}
}

// latest is the id of the newest completed checkpoint.
func (c *Coordinator) latest() id.Checkpoint {
	if n := len(c.completed); n > 0 {
		return c.completed[n-1].Metadata.ID
	}
	return 0
}

// check holds what must hold between any two messages.
func (c *Coordinator) check() {
	for i := 1; i < len(c.completed); i++ {
		if a, b := c.completed[i-1].Metadata.ID, c.completed[i].Metadata.ID; a >= b {
			panic(fmt.Sprintf("checkpoints of job %s: %d is stored before %d", c.id, a, b))
		}
	}
	storing := 0
	for _, p := range c.pending {
		if p.phase == storingFiles || p.phase == storingPointer {
			storing++
		}
	}
	if storing > 1 {
		panic(fmt.Sprintf("checkpoints of job %s: %d are being stored at once", c.id, storing))
	}
}
