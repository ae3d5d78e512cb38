package metrics

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live/status"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// cluster is one that stands still: job "sums" runs again after a failure, job "old" has ended.
type cluster struct {
	leader string
	err    error
	latest wire.CheckpointReport
}

func (c cluster) Leader(context.Context) (string, error) { return c.leader, c.err }

func (c cluster) TaskManagers(context.Context) ([]wire.TaskManagerReport, error) {
	return []wire.TaskManagerReport{{Slots: []wire.Slot{{Allocation: "a"}, {}}}, {Slots: []wire.Slot{{}}}}, c.err
}

func (c cluster) Jobs(context.Context) ([]wire.JobSummary, error) {
	return []wire.JobSummary{{Job: "old", Status: "FINISHED"}, {Job: "job-sums", Status: "RUNNING"}}, c.err
}

func (c cluster) Job(_ context.Context, job id.Job) (wire.JobReport, error) {
	return wire.JobReport{Plan: plan.Job{ID: job, Name: "sums", Vertices: make([]plan.Vertex, 1)}, Status: "RUNNING", At: 9_000, Restarts: 1,
		Since:       map[string]int64{"RUNNING": 5_000, "RESTARTING": 4_000},
		Checkpoints: wire.CheckpointStatistics{Total: 9, InProgress: 1, Completed: 6, Failed: 2, LatestCompleted: c.latest}}, c.err
}

var attempt = id.Attempt{Graph: "graph", Vertex: "in", Subtask: 1, Number: 2}

func (c cluster) Tasks(context.Context, mailbox.Addr) ([]wire.TaskOfJob, error) {
	other := attempt
	other.Subtask = 0
	return []wire.TaskOfJob{{Job: "job-sums", JobName: "sums", Name: "Source: in -> sum", Attempt: other}, {Job: "job-sums", JobName: "sums", Name: "Source: in -> sum", Attempt: attempt}}, c.err
}

func (c cluster) IO(_ context.Context, tasks []mailbox.Addr) []*wire.TaskIOIs {
	if tasks[1] != wire.TaskAddr("localhost:6122", attempt) {
		return make([]*wire.TaskIOIs, 2)
	}
	return []*wire.TaskIOIs{nil, {RecordsIn: 12, RecordsOut: 11, BackPressured: true}} // one has ended meanwhile
}

// scrape reads what Prometheus would; the metrics of the process itself are left out, and must be there.
func scrape(t *testing.T, h http.Handler) []string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if kind := w.Header().Get("Content-Type"); w.Code != http.StatusOK || !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Fatalf("%d, %s", w.Code, kind)
	}
	text := w.Body.String()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	own := slices.DeleteFunc(slices.Collect(maps.Keys(families)), func(name string) bool { return !strings.Contains(name, "_Status_JVM_") })
	if len(own) != len(ofProcess) {
		t.Errorf("of the process itself there are %v", own)
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(text), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "#") || strings.Contains(line, "_Status_JVM_")
	})
}

func same(t *testing.T, got []string, want string) {
	t.Helper()
	if lines := strings.Split(strings.TrimSpace(want), "\n"); !slices.Equal(got, lines) {
		t.Errorf("the scrape is\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// The leader tells of the cluster, by the names that dashboards for Flink ask for.
func TestALeaderTellsOfTheCluster(t *testing.T) {
	c := cluster{leader: "localhost:6123", latest: wire.CheckpointReport{ID: 7, Triggered: 1_000, LatestAck: 1_250, Bytes: 4_096}}
	same(t, scrape(t, JobManager(Config{Cluster: c, Process: "localhost:6123"})), `
flink_jobmanager_job_cancellingTime{host="localhost",job_id="job_sums",job_name="sums"} 0
flink_jobmanager_job_createdTime{host="localhost",job_id="job_sums",job_name="sums"} 0
flink_jobmanager_job_downtime{host="localhost",job_id="job_sums",job_name="sums"} 0
flink_jobmanager_job_failingTime{host="localhost",job_id="job_sums",job_name="sums"} 0
flink_jobmanager_job_initializingTime{host="localhost",job_id="job_sums",job_name="sums"} 0
flink_jobmanager_job_lastCheckpointDuration{host="localhost",job_id="job_sums",job_name="sums"} 250
flink_jobmanager_job_lastCheckpointFullSize{host="localhost",job_id="job_sums",job_name="sums"} 4096
flink_jobmanager_job_lastCheckpointRestoreTimestamp{host="localhost",job_id="job_sums",job_name="sums"} -1
flink_jobmanager_job_lastCheckpointSize{host="localhost",job_id="job_sums",job_name="sums"} 4096
flink_jobmanager_job_lastCompletedCheckpointId{host="localhost",job_id="job_sums",job_name="sums"} 7
flink_jobmanager_job_numRestarts{host="localhost",job_id="job_sums",job_name="sums"} 1
flink_jobmanager_job_numberOfCompletedCheckpoints{host="localhost",job_id="job_sums",job_name="sums"} 6
flink_jobmanager_job_numberOfFailedCheckpoints{host="localhost",job_id="job_sums",job_name="sums"} 2
flink_jobmanager_job_numberOfInProgressCheckpoints{host="localhost",job_id="job_sums",job_name="sums"} 1
flink_jobmanager_job_restartingTime{host="localhost",job_id="job_sums",job_name="sums"} 0
flink_jobmanager_job_runningTime{host="localhost",job_id="job_sums",job_name="sums"} 4000
flink_jobmanager_job_totalNumberOfCheckpoints{host="localhost",job_id="job_sums",job_name="sums"} 9
flink_jobmanager_job_uptime{host="localhost",job_id="job_sums",job_name="sums"} 4000
flink_jobmanager_numRegisteredTaskManagers{host="localhost"} 2
flink_jobmanager_numRunningJobs{host="localhost"} 1
flink_jobmanager_taskSlotsAvailable{host="localhost"} 2
flink_jobmanager_taskSlotsTotal{host="localhost"} 3`)
	c.latest = wire.CheckpointReport{}
	if got := strings.Join(scrape(t, JobManager(Config{Cluster: c, Process: "localhost:6123"})), "\n"); !strings.Contains(got, `lastCheckpointDuration{host="localhost",job_id="job_sums",job_name="sums"} -1`) {
		t.Errorf("no checkpoint yet is not -1:\n%s", got)
	}
}

// A standby tells of itself alone, and so does everybody while nobody leads: what is not known is not zero.
func TestAStandbyTellsOfItself(t *testing.T) {
	for _, c := range []cluster{{leader: "localhost:7000"}, {err: status.ErrNoLeader}} {
		if got := scrape(t, JobManager(Config{Cluster: c, Process: "localhost:6123"})); len(got) != 0 {
			t.Errorf("it tells %v", got)
		}
	}
}

// A TaskManager tells what its tasks have done.
func TestATaskManagerTellsOfItsTasks(t *testing.T) {
	labels := `{host="localhost",tm_id="localhost:6122",job_id="job_sums",job_name="sums",task_id="in",task_name="Source:_in____sum",task_attempt_id="` +
		plain(attempt.String()) + `",task_attempt_num="2",subtask_index="1"} `
	same(t, scrape(t, TaskManager(Config{Cluster: cluster{}, Process: "localhost:6122"})), `
flink_taskmanager_job_task_isBackPressured`+labels+`1
flink_taskmanager_job_task_numRecordsIn`+labels+`12
flink_taskmanager_job_task_numRecordsOut`+labels+`11`)
	if got := scrape(t, TaskManager(Config{Cluster: cluster{err: errors.New("odd")}, Process: "localhost:6122"})); len(got) != 0 {
		t.Errorf("it tells %v", got)
	}
}
