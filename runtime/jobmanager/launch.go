package jobmanager

import (
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/checkpoint"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// launch starts new attempts of some subtasks together: choose a checkpoint, wait for slots, deploy, and see
// them all RUNNING.
//
//	choosing ─▶ waiting for slots ─▶ deployed ─▶ every member RUNNING: over
type launch struct {
	id       int
	members  []id.Subtask
	versions []int
	global   bool
	chosen   bool
	deployed bool
	from     *snapshot.Metadata // nil: from the beginning
}

// launch makes new attempts of the members and starts them from the newest checkpoint. Members that a newer
// failure has touched by then are left to the restart that it causes.
func (j *jobMaster) launch(env mailbox.Env, members []id.Subtask, global bool) {
	j.restartID++
	l := &launch{id: j.restartID, global: global}
	for _, s := range members {
		j.graph.again(s)
		j.move(env, j.graph.tasks[s], scheduled, "")
		l.members = append(l.members, s)
		l.versions = append(l.versions, j.graph.tasks[s].version)
	}
	j.launches = append(j.launches, l)
	env.After(j.conf.Slot.RequestTimeout, slotsOverdue{l.id})
	j.checkpoint.AbortPending(env, checkpoint.JobFailover)
	j.checkpoint.Latest(env, func(env mailbox.Env, latest *snapshot.Metadata) { j.chose(env, l, latest) })
}

// chose takes the checkpoint to start from.
func (j *jobMaster) chose(env mailbox.Env, l *launch, latest *snapshot.Metadata) {
	if !slices.Contains(j.launches, l) || j.outcome != nil {
		return
	}
	l.chosen, l.from = true, latest
	env.Note(history.RestoreStarted{Job: j.job.ID, Checkpoint: l.checkpoint(), Global: l.global})
	if latest != nil {
		j.checkpoint.Restored(env, latest)
	}
	if err := j.restorable(latest); err != nil {
		j.FailGlobally(env, err.Error())
		return
	}
	for _, s := range j.sources {
		if err := s.restore(env, l); err != nil {
			j.FailGlobally(env, err.Error())
			return
		}
	}
	j.deployReady(env)
}

func (l *launch) checkpoint() id.Checkpoint {
	if l.from == nil {
		return 0
	}
	return l.from.ID
}

// restorable says whether the job as it is can take up the state.
func (j *jobMaster) restorable(m *snapshot.Metadata) error {
	if m == nil {
		return nil
	}
	for _, v := range m.Vertices {
		now := j.job.Vertex(v.Vertex)
		switch {
		case now == nil && !j.conf.StateRecovery.IgnoreUnclaimedState:
			return fmt.Errorf("restore job %s from checkpoint %d: it has state of %s, which the job does not have; "+
				"set execution.state-recovery.ignore-unclaimed-state to drop it", j.job.ID, m.ID, v.Vertex)
		case now != nil && now.Parallelism > m.MaxParallelism:
			return fmt.Errorf("restore job %s from checkpoint %d: %s has parallelism %d, and its state only %d key groups",
				j.job.ID, m.ID, v.Vertex, now.Parallelism, m.MaxParallelism)
		}
	}
	return nil
}

// deployReady deploys every launch whose members all have slots.
func (j *jobMaster) deployReady(env mailbox.Env) {
	for _, l := range slices.Clone(j.launches) {
		if !l.chosen || l.deployed || !j.pool.assign(l.groups()) {
			continue
		}
		l.deployed = true
		j.deploy(env, l)
	}
	waiting := slices.ContainsFunc(j.launches, func(l *launch) bool { return !l.deployed })
	if !waiting && len(j.restarts) == 0 && mayBecome(j.status, statusRunning) {
		j.enter(env, statusRunning, "")
		j.checkpoint.Start(env)
	}
}

func (l *launch) groups() []int {
	var groups []int
	for _, s := range l.members {
		if !slices.Contains(groups, s.Index) {
			groups = append(groups, s.Index)
		}
	}
	return groups
}

// deploy submits all members, producers and consumers alike: a consumer that comes first asks again.
func (j *jobMaster) deploy(env mailbox.Env, l *launch) {
	restored := map[id.Vertex][]snapshot.Task{}
	old := map[id.Vertex]snapshot.Vertex{}
	if l.from != nil {
		for _, v := range l.from.Vertices {
			if now := j.job.Vertex(v.Vertex); now != nil {
				restored[v.Vertex] = snapshot.Assign(v, l.from.MaxParallelism, now.Parallelism)
				old[v.Vertex] = v
			}
		}
	}
	for _, s := range l.members { // first all places, since deployments refer to each other
		e, slot := j.graph.tasks[s], j.pool.of(s.Index)
		e.taskManager, e.allocation = slot.taskManager, slot.allocation
		j.move(env, e, deploying, "")
	}
	for _, s := range l.members {
		e := j.graph.tasks[s]
		v := j.job.Vertex(s.Vertex)
		d := wire.Deployment{Job: j.job.ID, JobName: j.job.Name, Attempt: e.attempt, Allocation: e.allocation, Parallelism: v.Parallelism,
			MaxParallelism: j.job.MaxParallelism, Chain: v.Chain, Inputs: j.inputs(s), Outputs: j.outputs(s.Vertex),
			Config: merge(j.cfg.Flink, j.job.Config), Restore: l.checkpoint()}
		if tasks := restored[s.Vertex]; tasks != nil {
			d.State, d.OldParallelism = tasks[s.Index], old[s.Vertex].Parallelism
		}
		env.Send(e.taskManager, wire.SubmitTask{Token: j.token, Task: d})
		env.After(j.conf.RPC.AskTimeout, submitOverdue{e.attempt})
	}
}

func (j *jobMaster) inputs(s id.Subtask) []wire.Input {
	var all []wire.Input
	for _, edge := range j.job.Inputs(s.Vertex) {
		in := wire.Input{From: edge.From, Edge: slices.Index(j.job.Outputs(edge.From), edge), Channel: s.Index}
		if edge.Partitioner == plan.Forward {
			in.Channel = 0
		}
		for _, p := range producers(j.job, edge, s.Index) {
			e := j.graph.tasks[p]
			in.Producers = append(in.Producers, wire.Producer{Attempt: e.attempt, Task: wire.TaskAddr(e.taskManager, e.attempt)})
		}
		all = append(all, in)
	}
	return all
}

func (j *jobMaster) outputs(v id.Vertex) []wire.Output {
	var all []wire.Output
	for _, edge := range j.job.Outputs(v) {
		channels := j.job.Vertex(edge.To).Parallelism
		if edge.Partitioner == plan.Forward {
			channels = 1
		}
		all = append(all, wire.Output{To: edge.To, Partitioner: edge.Partitioner, Channels: channels})
	}
	return all
}

// slotsOverdue fails a launch that has not got its slots within slot.request.timeout.
func (j *jobMaster) slotsOverdue(env mailbox.Env, n int) {
	at := slices.IndexFunc(j.launches, func(l *launch) bool { return l.id == n })
	switch {
	case at < 0 || j.launches[at].deployed:
		return
	case !j.launches[at].chosen: // it is not the slots that it waits for
		env.After(j.conf.Slot.RequestTimeout, slotsOverdue{n})
		return
	}
	j.FailGlobally(env, fmt.Sprintf("job %s needs %d slots and has %d (the ResourceManager can give %d): none came within "+
		"slot.request.timeout; start more TaskManagers, or lower the parallelism", j.job.ID, j.pool.needed, len(j.pool.slots), j.shortage.Have))
}

// launched ends the launches whose members are all RUNNING, or further.
func (j *jobMaster) launched(env mailbox.Env) {
	j.launches = slices.DeleteFunc(j.launches, func(l *launch) bool {
		if !l.deployed {
			return false
		}
		for _, s := range l.members {
			if e := j.graph.tasks[s]; e.state != running && e.state != finished {
				return false
			}
		}
		env.Note(history.RestoreCompleted{Job: j.job.ID, Checkpoint: l.checkpoint()})
		return true
	})
}

// leave takes members that a newer failure has touched out of the launches: the restart that it causes owns
// them.
func (j *jobMaster) leave() {
	j.launches = slices.DeleteFunc(j.launches, func(l *launch) bool {
		var members []id.Subtask
		var versions []int
		for i, s := range l.members {
			if j.graph.tasks[s].version == l.versions[i] {
				members, versions = append(members, s), append(versions, l.versions[i])
			}
		}
		l.members, l.versions = members, versions
		return len(members) == 0
	})
}
