package rest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// checkpoint is one checkpoint. Its state is always whole, so that what it has stored is what it has; and no record
// is in it, since barriers wait for them.
type checkpoint struct {
	Class     string        `json:"className"`
	ID        id.Checkpoint `json:"id"`
	Status    string        `json:"status"`
	Savepoint bool          `json:"is_savepoint"`
	Format    *string       `json:"savepointFormat"`
	Triggered int64         `json:"trigger_timestamp"`
	LatestAck int64         `json:"latest_ack_timestamp"`
	Stored    int64         `json:"checkpointed_size"`
	Size      int64         `json:"state_size"`
	Duration  int64         `json:"end_to_end_duration"` // milliseconds, to the last acknowledgement or the failure; -1: there was none
	Buffered  int64         `json:"alignment_buffered"`
	Processed int64         `json:"processed_data"`
	Persisted int64         `json:"persisted_data"`
	Subtasks  int           `json:"num_subtasks"`
	Acked     int           `json:"num_acknowledged_subtasks"`
	Type      string        `json:"checkpoint_type"`
	Tasks     struct{}      `json:"tasks"` // told only one by one

	Path      *string `json:"external_path,omitempty"` // this and the next of a completed one
	Discarded *bool   `json:"discarded,omitempty"`
	Failed    int64   `json:"failure_timestamp,omitempty"` // this and the next of a failed one
	Message   string  `json:"failure_message,omitempty"`
}

func checkpointOf(r wire.CheckpointReport) *checkpoint {
	if r.ID == 0 {
		return nil
	}
	c := &checkpoint{Class: strings.ToLower(r.Status), ID: r.ID, Status: r.Status, Triggered: r.Triggered, LatestAck: -1, Stored: r.Bytes, Size: r.Bytes,
		Duration: -1, Subtasks: r.Subtasks, Acked: r.Acked, Type: "CHECKPOINT", Failed: r.Failed, Message: r.Reason}
	if r.LatestAck > 0 {
		c.LatestAck, c.Duration = r.LatestAck, r.LatestAck-r.Triggered
	}
	if r.Failed > 0 {
		c.Duration = r.Failed - r.Triggered
	}
	if r.Status == "COMPLETED" {
		c.Path, c.Discarded = &r.Path, &r.Discarded
	}
	return c
}

// summary is a wire.Summary.
type summary struct {
	Min  int64 `json:"min"`
	Max  int64 `json:"max"`
	Avg  int64 `json:"avg"`
	P50  int64 `json:"p50"`
	P90  int64 `json:"p90"`
	P95  int64 `json:"p95"`
	P99  int64 `json:"p99"`
	P999 int64 `json:"p999"`
}

type counts struct {
	Restored   int `json:"restored"`
	Total      int `json:"total"`
	InProgress int `json:"in_progress"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
}

type summaries struct {
	Stored    summary `json:"checkpointed_size"`
	Size      summary `json:"state_size"`
	Duration  summary `json:"end_to_end_duration"`
	Buffered  summary `json:"alignment_buffered"`
	Processed summary `json:"processed_data"`
	Persisted summary `json:"persisted_data"`
}

type restored struct {
	ID        id.Checkpoint `json:"id"`
	At        int64         `json:"restore_timestamp"`
	Savepoint bool          `json:"is_savepoint"`
	Path      string        `json:"external_path"`
}

type latest struct {
	Completed *checkpoint `json:"completed"`
	Savepoint *checkpoint `json:"savepoint"`
	Failed    *checkpoint `json:"failed"`
	Restored  *restored   `json:"restored"`
}

// checkpointing is the report and the configuration of a job that makes checkpoints.
func (a *api) checkpointing(r *http.Request) (wire.JobReport, config.Checkpointing, error) {
	report, err := a.asked(r)
	if err != nil {
		return report, config.Checkpointing{}, err
	}
	conf, _, err := config.Parse(report.Config)
	if err != nil {
		return report, config.Checkpointing{}, fmt.Errorf("read the configuration of job %s: %w", report.Plan.ID, err)
	}
	if !conf.Checkpointing.Enabled() {
		return report, config.Checkpointing{}, missing("job %s makes no checkpoints; execution.checkpointing.interval is not set", report.Plan.ID)
	}
	return report, conf.Checkpointing, nil
}

// checkpoints is what has come of a job's checkpoints.
func (a *api) checkpoints(r *http.Request) (any, error) {
	report, _, err := a.checkpointing(r)
	if err != nil {
		return nil, err
	}
	s := report.Checkpoints
	history := []*checkpoint{}
	for _, c := range s.History {
		history = append(history, checkpointOf(c))
	}
	l := latest{Completed: checkpointOf(s.LatestCompleted), Failed: checkpointOf(s.LatestFailed)}
	if from := s.LatestRestored; from.ID != 0 {
		l.Restored = &restored{ID: from.ID, At: from.At, Path: from.Path}
	}
	size, duration := summary(s.Bytes), summary(s.Duration)
	return struct {
		Counts  counts        `json:"counts"`
		Summary summaries     `json:"summary"`
		Latest  latest        `json:"latest"`
		History []*checkpoint `json:"history"`
	}{counts{s.Restored, s.Total, s.InProgress, s.Completed, s.Failed}, summaries{Stored: size, Size: size, Duration: duration}, l, history}, nil
}

// checkpointConfig is how a job makes its checkpoints.
func (a *api) checkpointConfig(r *http.Request) (any, error) {
	_, c, err := a.checkpointing(r)
	if err != nil {
		return nil, err
	}
	type externalized struct {
		Enabled              bool `json:"enabled"`
		DeleteOnCancellation bool `json:"delete_on_cancellation"`
	}
	return struct {
		Mode             string       `json:"mode"`
		Interval         int64        `json:"interval"` // this and the next two in milliseconds
		Timeout          int64        `json:"timeout"`
		MinPause         int64        `json:"min_pause"`
		MaxConcurrent    int          `json:"max_concurrent"`
		Externalization  externalized `json:"externalization"`
		Backend          string       `json:"state_backend"`
		Storage          string       `json:"checkpoint_storage"`
		Unaligned        bool         `json:"unaligned_checkpoints"`
		Tolerable        int          `json:"tolerable_failed_checkpoints"`
		AlignedTimeout   int64        `json:"aligned_checkpoint_timeout"`
		AfterTasksFinish bool         `json:"checkpoints_after_tasks_finish"`
		Changelog        bool         `json:"state_changelog_enabled"`
	}{strings.ToLower(string(c.Mode)), c.Interval.Milliseconds(), c.Timeout.Milliseconds(), c.MinPause.Milliseconds(), c.MaxConcurrent,
		externalized{c.Retention != config.DeleteAlways, c.Retention != config.RetainOnCancellation},
		"HashMapStateBackend", "FileSystemCheckpointStorage", false, c.TolerableFailed, 0, c.AfterTasksFinish, false}, nil
}
