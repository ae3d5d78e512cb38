package jobmanager

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// resourceManager knows the slots of all TaskManagers, and gives them to jobs by what these declare to need.
// It keeps nothing: the next one learns everything from those who register with it.
type resourceManager struct {
	leadership
	store       *election.Store
	published   *election.Publication
	beats       *heartbeats
	managers    map[mailbox.Addr]*registeredManager
	order       []mailbox.Addr // of TaskManagers, as they registered
	jobs        map[id.Job]*requirement
	requested   map[id.Allocation]mailbox.Addr // slot requests without an answer
	checkQueued bool
}

type registeredManager struct {
	instance id.Instance
	slots    []wire.Slot
}

// requirement is how many slots a job needs in all.
type requirement struct {
	jobMaster mailbox.Addr
	token     id.Token
	slots     int
	told      wire.NotEnoughResources // what the JobMaster was last told
	lost      int                     // numbers the losses of its JobMaster
	gone      bool                    // the JobMaster is lost
}

// requirementCheckDelay gathers what comes together (slotmanager.requirement-check.delay).
const requirementCheckDelay = 50 * time.Millisecond

// Timers of the ResourceManager.
type (
	checkRequirements struct{}
	requestOverdue    struct{ Allocation id.Allocation }
	jobTimeout        struct {
		Job  id.Job
		Lost int
	}
)

func (checkRequirements) Word() string { return "check-requirements" }
func (requestOverdue) Word() string    { return "slot-request-overdue" }
func (jobTimeout) Word() string        { return "job-timeout" }

func newResourceManager(l leadership) *resourceManager {
	return &resourceManager{leadership: l, beats: newHeartbeats(l.conf.Heartbeat), managers: map[mailbox.Addr]*registeredManager{},
		jobs: map[id.Job]*requirement{}, requested: map[id.Allocation]mailbox.Addr{}}
}

func (r *resourceManager) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		r.store = election.NewStore(r.conf, r.cfg.HA, r.token, string(env.Self()))
		r.published = r.store.Announce(env, "resourcemanager", wire.Leader{Addr: string(env.Self()), Token: r.token})
		r.beats.start(env)
	case stop:
		r.published.End()
		for _, at := range r.order {
			env.Send(at, wire.DisconnectTaskManager{Token: r.token, Cause: "this ResourceManager does not lead any more"})
		}
		return mailbox.ErrDone
	case wire.Fenced:
		if inner, ok := unfence(env, from, m, r.token); ok {
			r.call(env, from, inner)
		}
	case wire.HeartbeatToResourceManager:
		if m.Token == r.token {
			r.beats.alive(env, from)
			r.report(env, from, m.Slots)
		}
	case beat:
		for _, at := range r.beats.due(env) {
			env.Send(at, wire.HeartbeatFromResourceManager{Token: r.token})
		}
	case silence:
		if r.beats.silent(env, m) {
			r.lose(env, m.Peer, "its heartbeat timed out")
		}
	case checkRequirements:
		r.checkQueued = false
		r.allocate(env)
	case requestOverdue:
		r.unanswered(env, m.Allocation)
	case jobTimeout:
		if q := r.jobs[m.Job]; q != nil && q.gone && q.lost == m.Lost {
			delete(r.jobs, m.Job)
		}
	case mailbox.Undeliverable:
		r.undeliverable(env, m)
	default:
		r.store.Handle(env, m)
	}
	return nil
}

func (r *resourceManager) undeliverable(env mailbox.Env, m mailbox.Undeliverable) {
	switch inner := m.M.(type) {
	case wire.HeartbeatFromResourceManager:
		if r.beats.undeliverable(env, m.To) {
			r.lose(env, m.To, "it is not reachable")
		}
	case wire.RequestSlot:
		r.unanswered(env, inner.Allocation)
	default:
		r.store.Handle(env, m)
	}
}

// call is a call with the right token.
func (r *resourceManager) call(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
	switch m := m.(type) {
	case wire.RegisterTaskManager:
		r.register(env, m)
	case wire.DisconnectTaskManager:
		r.beats.forget(from)
		r.lose(env, from, m.Cause)
	case wire.RegisterJobMaster:
		r.jobMaster(env, m.Job, m.JobMaster, m.Token)
		r.beats.watch(env, m.JobMaster)
		env.Send(from, wire.JobMasterRegistered{Job: m.Job, Token: r.token})
	case wire.DeclareRequirements:
		r.jobMaster(env, m.Job, m.JobMaster, m.Token).slots = m.Slots
		if m.Slots == 0 {
			delete(r.jobs, m.Job)
			r.beats.forget(m.JobMaster)
		}
		r.check(env)
	case wire.RequestTaskManagers:
		env.Send(from, wire.TaskManagersAre{Req: m.Req, TaskManagers: r.reports()})
	case wire.SlotRequested:
		r.answered(env, from, m)
	case wire.SlotAvailable:
		if t := r.managers[m.TaskManager]; t != nil && t.instance == m.Instance && m.Slot < len(t.slots) && t.slots[m.Slot].Allocation == m.Allocation {
			t.slots[m.Slot] = wire.Slot{Index: m.Slot}
			r.check(env)
		}
	}
}

func (r *resourceManager) jobMaster(env mailbox.Env, job id.Job, at mailbox.Addr, token id.Token) *requirement {
	q := r.jobs[job]
	if q == nil || q.jobMaster != at || q.token != token {
		q = &requirement{jobMaster: at, token: token}
		r.jobs[job] = q
	}
	q.gone = false
	return q
}

// register adds a TaskManager, or adds it anew: then what was known of its slots is void.
func (r *resourceManager) register(env mailbox.Env, m wire.RegisterTaskManager) {
	if r.managers[m.TaskManager] == nil {
		r.order = append(r.order, m.TaskManager)
	}
	t := &registeredManager{instance: id.Fresh[id.Instance](env.Rand("resourcemanager.instance")), slots: slices.Clone(m.Slots)}
	r.managers[m.TaskManager] = t
	r.beats.watch(env, m.TaskManager)
	env.Note(history.Registered{TaskManager: string(m.TaskManager), At: string(env.Self())})
	env.Send(m.TaskManager, wire.TaskManagerRegistered{Token: r.token, Instance: t.instance})
	r.check(env)
}

// report takes a TaskManager's word on its slots, except for those that it has not been asked for yet.
func (r *resourceManager) report(env mailbox.Env, from mailbox.Addr, slots []wire.Slot) {
	t := r.managers[from]
	if t == nil {
		return
	}
	for _, s := range slots {
		if s.Index < 0 || s.Index >= len(t.slots) {
			continue
		}
		if _, open := r.requested[t.slots[s.Index].Allocation]; open && s.Allocation == "" {
			continue
		}
		t.slots[s.Index] = s
	}
	r.check(env)
}

func (r *resourceManager) lose(env mailbox.Env, at mailbox.Addr, cause string) {
	if r.managers[at] != nil {
		delete(r.managers, at)
		r.order = slices.DeleteFunc(r.order, func(o mailbox.Addr) bool { return o == at })
		env.Send(at, wire.DisconnectTaskManager{Token: r.token, Cause: fmt.Sprintf("the ResourceManager has given %s up: %s", at, cause)})
		r.check(env)
		return
	}
	for _, job := range slices.Sorted(maps.Keys(r.jobs)) {
		if q := r.jobs[job]; q.jobMaster == at {
			q.gone = true
			q.lost++
			env.After(r.conf.ResourceManager.JobTimeout, jobTimeout{job, q.lost})
		}
	}
}

func (r *resourceManager) check(env mailbox.Env) {
	if !r.checkQueued {
		r.checkQueued = true
		env.After(requirementCheckDelay, checkRequirements{})
	}
}

// allocate asks TaskManagers for the slots that jobs lack, and tells the jobs for which there are none.
func (r *resourceManager) allocate(env mailbox.Env) {
	for _, job := range slices.Sorted(maps.Keys(r.jobs)) {
		q := r.jobs[job]
		if q.gone {
			continue
		}
		have := 0
		for _, at := range r.order {
			for _, s := range r.managers[at].slots {
				if s.Job == job && s.Allocation != "" {
					have++
				}
			}
		}
		for have < q.slots && r.request(env, job, q) {
			have++
		}
		told := wire.NotEnoughResources{Job: job, Have: have, Needed: q.slots}
		if have < q.slots && told != q.told {
			env.Send(q.jobMaster, wire.Fenced{Token: q.token, M: told})
			q.told = told
		}
		if have >= q.slots {
			q.told = wire.NotEnoughResources{}
		}
	}
}

// request asks for the first free slot, in the order in which TaskManagers came.
func (r *resourceManager) request(env mailbox.Env, job id.Job, q *requirement) bool {
	for _, at := range r.order {
		t := r.managers[at]
		for i, s := range t.slots {
			if s.Allocation != "" {
				continue
			}
			a := id.Fresh[id.Allocation](env.Rand("resourcemanager.allocation"))
			t.slots[i] = wire.Slot{Index: i, Job: job, Allocation: a}
			r.requested[a] = at
			env.Send(at, wire.RequestSlot{Token: r.token, Slot: i, Job: job, Allocation: a, JobMaster: q.jobMaster, JobToken: q.token})
			env.After(r.conf.RPC.AskTimeout, requestOverdue{a})
			return true
		}
	}
	return false
}

func (r *resourceManager) answered(env mailbox.Env, from mailbox.Addr, m wire.SlotRequested) {
	at, open := r.requested[m.Allocation]
	if !open || at != from {
		return
	}
	delete(r.requested, m.Allocation)
	t := r.managers[from]
	if m.Refused == "" || t == nil || m.Slot < 0 || m.Slot >= len(t.slots) || t.slots[m.Slot].Allocation != m.Allocation {
		return
	}
	t.slots[m.Slot] = wire.Slot{Index: m.Slot, Job: m.Owner.Job, Allocation: m.Owner.Allocation}
	r.check(env)
}

// unanswered frees the slot of a request whose answer has not come. If it was granted after all, the next
// report says so.
func (r *resourceManager) unanswered(env mailbox.Env, a id.Allocation) {
	at, open := r.requested[a]
	if !open {
		return
	}
	delete(r.requested, a)
	if t := r.managers[at]; t != nil {
		for i, s := range t.slots {
			if s.Allocation == a {
				t.slots[i] = wire.Slot{Index: i}
			}
		}
	}
	r.check(env)
}
