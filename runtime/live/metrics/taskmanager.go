package metrics

import (
	"context"
	"net/http"
	"strconv"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// TaskManager returns the metrics of a TaskManager.
func TaskManager(cfg Config) http.Handler {
	return cfg.handler(func(ctx context.Context, flink scope) {
		own := flink.in("taskmanager", "host", cfg.host(), "tm_id", cfg.Process)
		process(own)
		cfg.tasks(ctx, own)
	})
}

// tasks tells what each task has read and written in this attempt. A source reads from outside, a sink writes there.
func (c Config) tasks(ctx context.Context, own scope) {
	self := mailbox.Addr(c.Process)
	tasks, err := c.Cluster.Tasks(ctx, self)
	if err != nil {
		return
	}
	var at []mailbox.Addr
	for _, t := range tasks {
		at = append(at, wire.TaskAddr(self, t.Attempt))
	}
	for i, io := range c.Cluster.IO(ctx, at) {
		if io == nil {
			continue // it has ended meanwhile
		}
		t := tasks[i]
		task := own.in("job", "job_id", string(t.Job), "job_name", t.JobName).in("task", "task_id", string(t.Attempt.Vertex), "task_name", t.Name,
			"task_attempt_id", t.Attempt.String(), "task_attempt_num", strconv.Itoa(t.Attempt.Number), "subtask_index", strconv.Itoa(t.Attempt.Subtask))
		task.gauge("numRecordsIn", "records that the attempt has read", int64(io.RecordsIn))
		task.gauge("numRecordsOut", "records that the attempt has written", int64(io.RecordsOut))
		task.gauge("isBackPressured", "1 while the task waits for those downstream", one(io.BackPressured))
	}
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
