package jobmanager

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// What the components of a JobManager say of themselves when they are asked (wire, the status conversation).

// describe asks a JobMaster, inside of a process, to tell an asker about its job.
type describe struct {
	Asker mailbox.Addr
	Ask   wire.RequestJob
}

func (describe) Word() string { return "describe" }

// report is the job as it is now.
func (j *jobMaster) report(now time.Time) wire.JobReport {
	r := wire.JobReport{Plan: *j.job, Config: merge(j.cfg.Flink, j.job.Config), Status: j.status, Since: copied(j.since), At: now.UnixMilli(),
		Restarts: j.attempts, Failures: j.failures.newestFirst(), Truncated: j.failures.truncated}
	for _, e := range j.graph.all() {
		r.Tasks = append(r.Tasks, wire.TaskReport{Attempt: e.attempt, State: string(e.state), TaskManager: e.taskManager, Since: copied(e.since)})
	}
	if j.checkpoint != nil {
		r.Checkpoints = j.checkpoint.Statistics()
	}
	return r
}

// copied is a map of times that can be mailed: what is sent never changes any more.
func copied[S ~string](since map[S]int64) map[string]int64 {
	all := map[string]int64{}
	for state, at := range since { // in any order: keys differ
		all[string(state)] = at
	}
	return all
}

// reports is what the ResourceManager knows of its TaskManagers.
func (r *resourceManager) reports() []wire.TaskManagerReport {
	var all []wire.TaskManagerReport
	for _, at := range r.order {
		t := r.managers[at]
		all = append(all, wire.TaskManagerReport{TaskManager: at, Instance: t.instance, Slots: slices.Clone(t.slots),
			Heard: r.beats.lastHeard(at).UnixMilli()})
	}
	return all
}
