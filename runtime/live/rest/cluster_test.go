package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live/status"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// cluster is one that stands still: job "sums" runs again after a failure, with its third checkpoint under way, job
// "gone" was cancelled, and of job "old" only its end is known. With an error, it answers nothing else.
type cluster struct {
	err     error
	job     wire.JobReport
	waiting chan struct{} // if set, Jobs says so on it and waits to hear back; or for its context
}

func standing(t testing.TB) *cluster {
	t.Helper()
	flink := map[string]string{"execution.checkpointing.interval": "10 s", "my.password": "hunter2"}
	job, err := plan.Compile(plan.Pipeline{Name: "sums", Parallelism: 2, Operators: []plan.Operator{{Name: "in", Kind: plan.KafkaSource, Topic: "in"},
		{Name: "sum", Kind: plan.KeyedSum}, {Name: "out", Kind: plan.FileSink, Path: "s3://out"}}}, "sums", flink)
	if err != nil {
		t.Fatal(err)
	}
	job.Config = map[string]string{"my.password": "hunter2", "parallelism.default": "2"}
	r := wire.JobReport{Plan: job, Config: flink, Status: "RUNNING", At: 60_000, Restarts: 1,
		Since: map[string]int64{"INITIALIZING": 1_000, "CREATED": 1_100, "RUNNING": 31_000, "RESTARTING": 30_000}}
	for _, v := range job.Vertices {
		for i := range v.Parallelism {
			r.Tasks = append(r.Tasks, wire.TaskReport{Attempt: id.Attempt{Graph: "graph", Vertex: v.ID, Subtask: i, Number: 1}, State: "RUNNING", TaskManager: "tm-1:6122",
				Since: map[string]int64{"CREATED": 30_000, "SCHEDULED": 31_000, "DEPLOYING": 31_010, "INITIALIZING": 31_020, "RUNNING": 31_500}})
		}
	}
	r.Failures = []wire.RootFailure{{Failure: wire.Failure{At: 30_000, Attempt: id.Attempt{Graph: "graph", Vertex: "sum"}, TaskManager: "tm-0:6122", Cause: "tm-0:6122 is <gone>"},
		Concurrent: []wire.Failure{{At: 30_001, Attempt: id.Attempt{Graph: "graph", Vertex: "in", Subtask: 1}, TaskManager: "tm-0:6122", Cause: "a buffer did not come"}}}}
	first := wire.CheckpointReport{ID: 1, Status: "COMPLETED", Triggered: 10_000, LatestAck: 10_250, Bytes: 2_048, Subtasks: 4, Acked: 4, Path: "s3://flink/chk-1", Discarded: true}
	second := wire.CheckpointReport{ID: 2, Status: "FAILED", Triggered: 20_000, LatestAck: 20_100, Bytes: 512, Subtasks: 4, Acked: 1, Failed: 30_000, Reason: "TASK_FAILURE"}
	third := wire.CheckpointReport{ID: 3, Status: "IN_PROGRESS", Triggered: 59_900, Subtasks: 4}
	ten := wire.Summary{Min: 10, Max: 10, Avg: 10, P50: 10, P90: 10, P95: 10, P99: 10, P999: 10}
	r.Checkpoints = wire.CheckpointStatistics{Restored: 1, Total: 3, InProgress: 1, Completed: 1, Failed: 1, LatestCompleted: first, LatestFailed: second,
		LatestRestored: wire.RestoredCheckpoint{ID: 1, At: 31_000, Path: "s3://flink/chk-1"}, Bytes: ten, Duration: ten, History: []wire.CheckpointReport{third, second, first}}
	return &cluster{job: r}
}

func (c *cluster) Leader(context.Context) (string, error) { return "jm-0:6123", c.err }

func (c *cluster) TaskManagers(context.Context) ([]wire.TaskManagerReport, error) {
	return []wire.TaskManagerReport{{TaskManager: "tm-1:6122", Instance: "i", Slots: []wire.Slot{{Index: 0, Job: "sums", Allocation: "a"}, {Index: 1}}, Heard: 59_000}}, c.err
}

func (c *cluster) Jobs(ctx context.Context) ([]wire.JobSummary, error) {
	if c.waiting != nil {
		select {
		case c.waiting <- struct{}{}:
			<-c.waiting
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return []wire.JobSummary{{Job: "gone", Status: "CANCELED"}, {Job: "old", Status: "FINISHED"}, {Job: "sums", Status: "RUNNING"}}, c.err
}

func (c *cluster) Job(_ context.Context, job id.Job) (wire.JobReport, error) {
	switch job {
	case "sums":
		return c.job, c.err
	case "gone":
		gone := c.job
		gone.Plan.ID, gone.Status = "gone", "CANCELED"
		return gone, c.err
	case "old":
		return wire.JobReport{Plan: plan.Job{ID: "old"}, Status: "FINISHED", At: 60_000}, c.err
	}
	return wire.JobReport{}, status.ErrUnknownJob
}

func (c *cluster) IO(_ context.Context, tasks []mailbox.Addr) []*wire.TaskIOIs {
	all := make([]*wire.TaskIOIs, len(tasks))
	for i := range all {
		if i != 1 { // one does not answer in time
			all[i] = &wire.TaskIOIs{RecordsIn: 1_200, RecordsOut: 1_100, BackPressured: i == 0}
		}
	}
	return all
}

func (c *cluster) Cancel(_ context.Context, job id.Job) error {
	switch job {
	case "sums":
		return c.err
	case "gone", "old":
		return status.ErrEnded
	}
	return status.ErrUnknownJob
}

// ask asks an API as a script does.
func ask(api http.Handler, method, path string) (int, string) {
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader("")))
	return w.Code, w.Body.String()
}
