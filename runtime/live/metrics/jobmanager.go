package metrics

import (
	"context"
	"net/http"
	"slices"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// JobManager returns the metrics of a JobManager.
func JobManager(cfg Config) http.Handler {
	return cfg.handler(func(ctx context.Context, flink scope) {
		own := flink.in("jobmanager", "host", cfg.host())
		process(own)
		leader, err := cfg.Cluster.Leader(ctx)
		if err != nil || leader != cfg.Process {
			return
		}
		cfg.slots(ctx, own)
		cfg.jobs(ctx, own)
	})
}

// slots tells of the TaskManagers that are registered.
func (c Config) slots(ctx context.Context, own scope) {
	taskManagers, err := c.Cluster.TaskManagers(ctx)
	if err != nil {
		return
	}
	total, free := 0, 0
	for _, t := range taskManagers {
		total += len(t.Slots)
		for _, s := range t.Slots {
			if s.Allocation == "" {
				free++
			}
		}
	}
	own.gauge("numRegisteredTaskManagers", "TaskManagers that are registered with the leader", int64(len(taskManagers)))
	own.gauge("taskSlotsTotal", "slots of all TaskManagers", int64(total))
	own.gauge("taskSlotsAvailable", "slots that no job has", int64(free))
}

// jobs tells of the jobs that have not ended.
func (c Config) jobs(ctx context.Context, own scope) {
	jobs, err := c.Cluster.Jobs(ctx)
	if err != nil {
		return
	}
	jobs = slices.DeleteFunc(jobs, func(j wire.JobSummary) bool {
		return slices.Contains([]string{"FINISHED", "CANCELED", "FAILED"}, j.Status)
	})
	own.gauge("numRunningJobs", "jobs that have not ended", int64(len(jobs)))
	for _, j := range jobs {
		if report, err := c.Cluster.Job(ctx, j.Job); err == nil && len(report.Plan.Vertices) > 0 {
			job := own.in("job", "job_id", string(j.Job), "job_name", report.Plan.Name)
			restarts(job, report)
			checkpoints(job, report.Checkpoints)
		}
	}
}

// statuses are those that a job passes through, by the names of the metrics of the time in them.
var statuses = []struct{ status, metric string }{{"INITIALIZING", "initializingTime"}, {"CREATED", "createdTime"}, {"RUNNING", "runningTime"},
	{"RESTARTING", "restartingTime"}, {"CANCELLING", "cancellingTime"}, {"FAILING", "failingTime"}}

func restarts(job scope, r wire.JobReport) {
	job.gauge("numRestarts", "restarts since this JobManager leads", int64(r.Restarts))
	lasted := func(status string) int64 {
		if r.Status != status {
			return 0
		}
		return r.At - r.Since[status]
	}
	for _, s := range statuses {
		job.gauge(s.metric, "milliseconds since the job became "+s.status+", while it is", lasted(s.status))
	}
	job.gauge("uptime", "milliseconds since the job became RUNNING, while it is", lasted("RUNNING"))
	job.gauge("downtime", "milliseconds since the job became RESTARTING, while it is", lasted("RESTARTING"))
}

// checkpoints tells of the last completed one, and of how many there were since this JobManager leads.
func checkpoints(job scope, c wire.CheckpointStatistics) {
	last, size, took, restored := int64(-1), int64(-1), int64(-1), int64(-1)
	if l := c.LatestCompleted; l.ID != 0 {
		last, size, took = int64(l.ID), l.Bytes, l.LatestAck-l.Triggered
	}
	if c.LatestRestored.ID != 0 {
		restored = c.LatestRestored.At
	}
	job.gauge("lastCompletedCheckpointId", "number of the last completed checkpoint", last)
	job.gauge("lastCheckpointSize", "bytes that the last completed checkpoint has written", size)
	job.gauge("lastCheckpointFullSize", "bytes of state in the last completed checkpoint", size)
	job.gauge("lastCheckpointDuration", "milliseconds from the trigger to the last acknowledgement of the last completed checkpoint", took)
	job.gauge("lastCheckpointRestoreTimestamp", "when the job was last restored from a checkpoint, in milliseconds since 1970", restored)
	job.gauge("numberOfInProgressCheckpoints", "checkpoints under way", int64(c.InProgress))
	job.gauge("numberOfCompletedCheckpoints", "completed checkpoints", int64(c.Completed))
	job.gauge("numberOfFailedCheckpoints", "failed checkpoints", int64(c.Failed))
	job.gauge("totalNumberOfCheckpoints", "checkpoints begun", int64(c.Total))
}
