package jobmanager

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/checkpoint"
	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// jobMaster runs one job.
type jobMaster struct {
	leadership
	job        *plan.Job
	conf       config.Config // the process's, with the job's on top
	dispatcher mailbox.Addr
	manager    mailbox.Addr // the ResourceManager
	recovered  bool         // the job was running under a former leader

	self      mailbox.Addr
	store     *election.Store
	blobs     *blob.Client
	published *election.Publication
	beats     *heartbeats

	status     string
	graph      *graph
	pool       *slotPool
	sources    []*source
	strategy   restartStrategy
	attempts   int // of restarts
	restarts   []*restart
	restartID  int
	launches   []*launch
	checkpoint *checkpoint.Coordinator

	registered    bool // at the ResourceManager
	registrations int
	requests      uint64                  // numbers assignments, over all sources
	shortage      wire.NotEnoughResources // what the ResourceManager last said
	failure       string                  // why the job is FAILING
	outcome       error                   // what Receive returns: Done, or why the process must end

	since    map[string]int64 // when it entered each status; this and the next are kept only to be told
	failures failures
}

// Timers of the JobMaster.
type (
	retryRegistration struct{ N int }
	restartDue        struct{ Restart int }
	slotsOverdue      struct{ Launch int }
	submitOverdue     struct{ Attempt id.Attempt }
	cancelOverdue     struct{ Attempt id.Attempt }
)

func (retryRegistration) Word() string { return "retry-registration" }
func (restartDue) Word() string        { return "restart-due" }
func (slotsOverdue) Word() string      { return "slots-overdue" }
func (submitOverdue) Word() string     { return "submit-overdue" }
func (cancelOverdue) Word() string     { return "cancel-overdue" }

func newJobMaster(l leadership, job *plan.Job, dispatcher, manager mailbox.Addr, recovered bool) *jobMaster {
	return &jobMaster{leadership: l, job: job, conf: l.conf, dispatcher: dispatcher, manager: manager, recovered: recovered,
		blobs: blob.NewClient(l.cfg.ObjectStore, blobTimeout, blobTries), pool: newSlotPool(job), since: map[string]int64{}}
}

func (j *jobMaster) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		j.start(env)
	case stop:
		return j.suspend(env)
	case cancelJob:
		j.cancelJob(env)
	case describe:
		env.Send(m.Asker, wire.JobIs{Req: m.Ask.Req, Report: j.report(env.Now())})
	case wire.Fenced:
		if inner, ok := unfence(env, from, m, j.token); ok {
			j.call(env, from, inner)
		}
	case wire.JobMasterRegistered:
		j.managerRegistered(env, m)
	case wire.HeartbeatFromResourceManager:
		if m.Token == j.token {
			j.beats.alive(env, j.manager)
			env.Send(from, wire.HeartbeatToResourceManager{Token: m.Token})
		}
	case wire.HeartbeatToJobMaster:
		if m.Token == j.token && m.Job == j.job.ID {
			j.heartbeat(env, from, m)
		}
	case mailbox.Undeliverable:
		j.undeliverable(env, m)
	default:
		j.timer(env, m)
	}
	return j.outcome
}

// timer handles timers, and answers of the services.
func (j *jobMaster) timer(env mailbox.Env, m mailbox.Msg) {
	switch m := m.(type) {
	case beat:
		j.beat(env)
	case silence:
		if j.beats.silent(env, m) {
			j.lost(env, m.Peer, "its heartbeat timed out")
		}
	case retryRegistration:
		if m.N == j.registrations && !j.registered {
			j.register(env)
		}
	case restartDue:
		j.restartDue(env, m.Restart)
	case slotsOverdue:
		j.slotsOverdue(env, m.Launch)
	case submitOverdue:
		if e := j.graph.of(m.Attempt); e != nil && e.state == deploying && !e.submitted {
			j.giveUp(env, e, fmt.Sprintf("deploy %s to %s: no answer within pekko.ask.timeout", e.attempt, e.taskManager))
		}
	case cancelOverdue:
		if e := j.graph.of(m.Attempt); e != nil && e.state == canceling {
			j.sendCancel(env, e)
		}
	default:
		for _, s := range j.sources {
			if s.handle(env, m) {
				return
			}
		}
		if !j.checkpoint.Handle(env, m) && !j.store.Handle(env, m) {
			j.blobs.Handle(env, m)
		}
	}
}

// call is a call with the right token.
func (j *jobMaster) call(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
	switch m := m.(type) {
	case wire.RegisterAtJobMaster:
		j.registerTaskManager(env, m)
	case wire.DisconnectTaskManager:
		j.beats.forget(from)
		j.gone(env, from, fmt.Sprintf("%s is gone: %s", from, m.Cause))
	case wire.OfferSlots:
		j.offered(env, from, m)
	case wire.NotEnoughResources:
		j.shortage = m
	case wire.TaskSubmitted:
		j.submitted(env, m)
	case wire.TaskStateChanged:
		j.changed(env, m)
	case wire.EndOfData:
		j.endOfData(env, m.Attempt)
	case wire.TriggerRefused:
		j.checkpoint.Refused(env, m.Checkpoint, m.Attempt)
	case wire.AcknowledgeCheckpoint:
		j.checkpoint.Acknowledge(env, m)
	case wire.DeclineCheckpoint:
		j.checkpoint.Decline(env, m)
	case wire.SnapshotStarted:
		j.snapshotStarted(env, m)
	case wire.RegisterReader:
		j.registerReader(env, m)
	case wire.SplitsAssigned:
		for _, s := range j.sources {
			s.delivered(env, m.Req, m.Attempt)
		}
	}
}

// undeliverable handles mail that certainly did not arrive.
func (j *jobMaster) undeliverable(env mailbox.Env, m mailbox.Undeliverable) {
	switch inner := m.M.(type) {
	case wire.HeartbeatFromJobMaster:
		if j.beats.undeliverable(env, m.To) {
			j.lost(env, m.To, "it is not reachable")
		}
	case wire.SubmitTask:
		if e := j.graph.of(inner.Task.Attempt); e != nil && e.state == deploying {
			j.fail(env, e, fmt.Sprintf("deploy %s to %s: it is not reachable", e.attempt, e.taskManager))
		}
	case wire.TriggerCheckpoint:
		j.checkpoint.Refused(env, inner.Checkpoint, inner.Attempt)
	case wire.AssignSplits:
		j.assignmentLost(env, inner.Attempt)
	default:
		if !j.store.Handle(env, m) {
			j.blobs.Handle(env, m)
		}
	}
}

// start recovers the job's checkpoints, and then runs it.
func (j *jobMaster) start(env mailbox.Env) {
	j.self = env.Self()
	j.enter(env, statusInitializing, "")
	j.store = election.NewStore(j.conf, j.cfg.HA, j.token, string(j.self))
	j.graph = newGraph(j.job, id.Fresh[id.Token](env.Rand("jobmaster.graph")))
	merged, _, err := config.Parse(merge(j.cfg.Flink, j.job.Config))
	if err != nil {
		j.initialisationFailed(env, fmt.Errorf("start job %s: %w", j.job.ID, err))
		return
	}
	j.conf = merged
	j.beats = newHeartbeats(merged.Heartbeat)
	j.strategy = newRestartStrategy(merged.RestartStrategy)
	j.checkpoint = checkpoint.New(checkpoint.Config{Job: j.job.ID, MaxParallelism: j.job.MaxParallelism, Flink: merged,
		Store: j.store, Blobs: j.blobs}, j)
	for _, v := range j.job.Vertices {
		if v.Chain[0].Kind.Source() {
			j.sources = append(j.sources, newSource(j, v))
		}
	}
	j.checkpoint.Recover(env, func(env mailbox.Env, err error) {
		if err != nil {
			j.initialisationFailed(env, err)
			return
		}
		j.enter(env, statusCreated, "")
		j.published = j.store.Announce(env, "job/"+string(j.job.ID), wire.Leader{Addr: string(j.self), Token: j.token})
		j.beats.start(env)
		j.register(env)
		j.launch(env, j.graph.order, true)
	})
}

// initialisationFailed ends the process if the job was running before: the next life, or the next leader,
// tries again, and nothing is lost. A job that has never run has failed.
func (j *jobMaster) initialisationFailed(env mailbox.Env, err error) {
	if j.recovered {
		j.outcome = err
		return
	}
	j.failures.add(env.Now(), nil, err.Error(), false)
	j.terminate(env, statusFailed, err.Error())
}

// merge puts the job's configuration on top of the cluster's.
func merge(cluster, job map[string]string) map[string]string {
	all := map[string]string{}
	for k, v := range cluster { // in any order: keys differ
		all[k] = v
	}
	for k, v := range job { // in any order: keys differ
		all[k] = v
	}
	return all
}

// register tells the ResourceManager that we are there, and what we need. It is repeated until answered.
func (j *jobMaster) register(env mailbox.Env) {
	j.registrations++
	env.Send(j.manager, wire.Fenced{Token: j.token, M: wire.RegisterJobMaster{Job: j.job.ID, JobMaster: j.self, Token: j.token}})
	wait := j.conf.Registration.InitialTimeout << min(j.registrations-1, 16)
	env.After(min(wait, j.conf.Registration.MaxTimeout), retryRegistration{j.registrations})
}

func (j *jobMaster) managerRegistered(env mailbox.Env, m wire.JobMasterRegistered) {
	if m.Token != j.token || m.Job != j.job.ID || j.registered {
		return
	}
	j.registered, j.registrations = true, 0
	j.beats.watch(env, j.manager)
	j.declare(env, j.pool.needed)
}

func (j *jobMaster) declare(env mailbox.Env, slots int) {
	env.Send(j.manager, wire.Fenced{Token: j.token, M: wire.DeclareRequirements{Job: j.job.ID, JobMaster: j.self, Token: j.token, Slots: slots}})
}

// suspend ends this JobMaster, but not the job: it must be recoverable elsewhere. Nothing is waited for, since
// TaskManagers may be out of reach; they end the tasks when they see the new leader, or miss our heartbeats.
func (j *jobMaster) suspend(env mailbox.Env) error {
	if j.published != nil {
		j.published.End()
	}
	j.enter(env, statusSuspended, "this JobManager does not lead any more")
	j.goodbye(env, "its JobMaster does not lead any more")
	return mailbox.ErrDone
}

// goodbye tells all TaskManagers that we are gone, as well as it can.
func (j *jobMaster) goodbye(env mailbox.Env, cause string) {
	if j.beats == nil {
		return
	}
	for _, at := range j.beats.known() {
		if at != j.manager {
			env.Send(at, wire.DisconnectTaskManager{Job: j.job.ID, Token: j.token, Cause: cause})
		}
	}
}

// terminate ends the job for good, and this actor with it. The Dispatcher does the rest.
func (j *jobMaster) terminate(env mailbox.Env, status, cause string) {
	if j.checkpoint != nil {
		j.checkpoint.Stop(env, checkpoint.Shutdown)
	}
	if j.published != nil {
		j.published.End()
	}
	j.enter(env, status, cause)
	for _, s := range j.pool.slots {
		env.Send(s.taskManager, wire.FreeSlot{Allocation: s.allocation, Cause: "the job is " + status})
	}
	j.declare(env, 0)
	env.Send(j.dispatcher, jobEnded{j.job.ID, status, j.report(env.Now())})
	j.outcome = mailbox.ErrDone
}

// enter moves the job to a status.
func (j *jobMaster) enter(env mailbox.Env, to, cause string) {
	if !mayBecome(j.status, to) {
		panic(fmt.Sprintf("job %s: no move from %q to %s", j.job.ID, j.status, to))
	}
	j.status, j.since[to] = to, env.Now().UnixMilli()
	env.Note(history.JobStatus{Job: j.job.ID, Status: to, Cause: cause})
	env.Send(j.dispatcher, jobStatus{j.job.ID, to})
}

// recancel is between two CancelTask to the same attempt.
func (j *jobMaster) recancel() time.Duration { return j.conf.RPC.AskTimeout }
