package jobmanager

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// dispatcher takes jobs, keeps their plans and results, and has a JobMaster for each of them.
type dispatcher struct {
	leadership
	manager   mailbox.Addr // the ResourceManager
	self      mailbox.Addr
	store     *election.Store
	blobs     *blob.Client
	published *election.Publication
	jobs      map[id.Job]*jobEntry
	results   map[id.Job]result // of jobs that have ended for good
	archive   archive
	failure   error // ends the process
	stopping  bool
}

// jobEntry is a job that is being submitted, runs, or is being cleaned up.
type jobEntry struct {
	jobMaster mailbox.Addr // empty before it is there, and after it has ended
	status    string
	ended     string // its globally terminal status, once it has reached one
}

// What a JobMaster and its Dispatcher tell each other, inside of a process.
type (
	jobStatus struct {
		Job    id.Job
		Status string
	}
	jobEnded struct {
		Job    id.Job
		Status string
		Report wire.JobReport // the last
	}
	cancelJob struct{}
)

func (jobStatus) Word() string { return "job-status" }
func (jobEnded) Word() string  { return "job-ended" }
func (cancelJob) Word() string { return "cancel" }

// retryCleanup is the time to try again to clean up after a job; retryApplication to submit again.
type (
	retryCleanup struct {
		Job   id.Job
		Tries int
	}
	retryApplication struct{}
)

func (retryCleanup) Word() string     { return "retry-cleanup" }
func (retryApplication) Word() string { return "retry-application" }

// The object store is asked again before an operation fails.
const (
	blobTimeout = 10 * time.Second
	blobTries   = 3
)

func newDispatcher(l leadership, manager mailbox.Addr) *dispatcher {
	return &dispatcher{leadership: l, manager: manager, blobs: blob.NewClient(l.cfg.ObjectStore, blobTimeout, blobTries),
		jobs: map[id.Job]*jobEntry{}, results: map[id.Job]result{}}
}

func (d *dispatcher) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		d.self = env.Self()
		d.store = election.NewStore(d.conf, d.cfg.HA, d.token, string(d.self))
		d.recover(env)
	case stop:
		return d.stop(env)
	case wire.Fenced:
		if inner, ok := unfence(env, from, m, d.token); ok {
			d.call(env, from, inner)
		}
	case jobStatus:
		if e := d.jobs[m.Job]; e != nil && e.jobMaster == from {
			e.status = m.Status
		}
	case jobEnded:
		if e := d.jobs[m.Job]; e != nil && e.jobMaster == from {
			e.status, e.ended = m.Status, m.Status
			d.archive.add(m.Report)
		}
	case mailbox.Exited:
		return d.exited(env, m)
	case retryCleanup:
		d.cleanup(env, m.Job, m.Tries)
	case retryApplication:
		d.application(env)
	default:
		if !d.undescribed(env, m) && !d.store.Handle(env, m) {
			d.blobs.Handle(env, m)
		}
	}
	return d.failure
}

// stop gives up the jobs: their JobMasters suspend them, and the next leader recovers them.
func (d *dispatcher) stop(env mailbox.Env) error {
	d.stopping = true
	if d.published != nil {
		d.published.End()
	}
	waiting := false
	for _, job := range slices.Sorted(maps.Keys(d.jobs)) {
		if e := d.jobs[job]; e.jobMaster != "" {
			env.Send(e.jobMaster, stop{})
			waiting = true
		}
	}
	if !waiting {
		return mailbox.ErrDone
	}
	return nil
}

// exited handles the end of a JobMaster. One that fails takes the process along: it could not start its job,
// or it is broken. One whose job has ended for good is cleaned up after. One that was told to stop is not: its
// job lives on elsewhere.
func (d *dispatcher) exited(env mailbox.Env, m mailbox.Exited) error {
	running := false
	for _, job := range slices.Sorted(maps.Keys(d.jobs)) {
		e := d.jobs[job]
		if e.jobMaster == m.Child {
			e.jobMaster = ""
			if m.Err == "" && e.ended != "" && !d.stopping {
				d.ended(env, job, e.ended)
			}
		}
		running = running || e.jobMaster != ""
	}
	switch {
	case m.Err != "":
		return fmt.Errorf("JobMaster %s: %s", m.Child, m.Err)
	case d.stopping && !running:
		return mailbox.ErrDone
	}
	return d.failure
}

// call is a call with the right token.
func (d *dispatcher) call(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
	switch m := m.(type) {
	case wire.SubmitJob:
		d.submit(env, m.Job, func(env mailbox.Env, refused string) {
			env.Send(from, wire.JobSubmitted{Req: m.Req, Job: m.Job.ID, Refused: refused})
		})
	case wire.CancelJob:
		answer := wire.JobCancelling{Req: m.Req, Job: m.Job}
		if e := d.jobs[m.Job]; e == nil || e.jobMaster == "" || e.ended != "" {
			answer.Refused = fmt.Sprintf("cancel job %s: it is not running here; ask for its status", m.Job)
		} else {
			env.Send(e.jobMaster, cancelJob{})
		}
		env.Send(from, answer)
	case wire.RequestJobStatus:
		env.Send(from, wire.JobStatusIs{Req: m.Req, Job: m.Job, Status: d.status(m.Job)})
	case wire.RequestJobs:
		env.Send(from, wire.JobsAre{Req: m.Req, Jobs: d.summaries()})
	case wire.RequestJob:
		d.describe(env, describe{from, m})
	}
}

func (d *dispatcher) status(job id.Job) string {
	if e := d.jobs[job]; e != nil {
		return e.status
	}
	return d.results[job].Status
}

// start makes the JobMaster of a job whose plan is kept.
func (d *dispatcher) start(env mailbox.Env, job *plan.Job, recovered bool) {
	e := d.jobs[job.ID]
	e.jobMaster = env.Spawn(d.name("jobmaster-"+string(job.ID)), newJobMaster(d.leadership, job, d.self, d.manager, recovered))
}

// application submits the job of application mode, unless it is there or has ended: then that counts as
// success.
func (d *dispatcher) application(env mailbox.Env) {
	job := d.cfg.Job
	if job == nil || d.jobs[job.ID] != nil {
		return
	}
	if _, ended := d.results[job.ID]; ended {
		env.Send(d.cfg.root(), applicationEnded{})
		return
	}
	d.submit(env, *job, func(env mailbox.Env, refused string) {
		if refused != "" {
			env.After(time.Second, retryApplication{})
		}
	})
}

// root is the address of the process's root actor.
func (c Config) root() mailbox.Addr { return mailbox.Addr(c.Name) }
